import type {PlannedOperation, PlannedStep} from '../../dataplane/plan.ts'
import {type HnsEndpoint, plainGuid} from '../hns/model.ts'
import type {WindowsNode} from '../node-state.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {
  isList,
  isTwin,
  keyOf,
  missingIn,
  type PartEndpoint,
  type PartSet,
  TWIN_NAME,
  TWIN_PREFIX,
  type WindowsPart,
} from './part.ts'
import {addRequest, type HnsRequest, listRequest, type RequestType, setRequest} from './request.ts'

/** Why a step comes where it does. */
export type Why = Pick<PlannedStep, 'why' | 'isUnseen' | 'isOfSets'>

const seen = (why: string): Why => ({why})
const unseen = (why: string): Why => ({why, isUnseen: true})

export const WHYS = {
  filled: unseen('no ACL names these sets yet, so no packet is judged otherwise while they are filled'),
  missing: seen('ACLs name these sets, and no network has them'),
  left: unseen('no ACL names these sets any more'),
  oneSet: {...seen('it is one change: before it the node judges as it did, after it as it should'), isOfSets: true},
  oneEndpoint: seen('it is one change: before it the node judges as it did, after it as it should'),
  oneDirection: seen('only what endpoints receive changes, or only what they send: each packet sees one change and no other'),
  walked: seen(
    'in this order no packet that is allowed before and behind is dropped on the way, and none passes that is denied: all packets from and to the addresses that change were walked',
  ),
  closing: seen(
    'what is to be closed is closed first: of a packet that both ends judge, neither opens before the other has closed',
  ),
  narrowed: seen('until the other ends have closed, these endpoints allow only what they allow before and behind'),
  between: seen('all ends that only close have closed, and those that only open have not opened yet'),
  opening: seen('these only open, and nothing is left to close: no packet passes that is denied behind it'),
  restored: seen('a request that ended half-way has taken policies of other programs away'),
  unsure: seen(
    'no order was found in which no packet is judged otherwise on the way: a packet that both ends judge may pass for a moment',
  ),
  copied: unseen('no ACL names these sets now: the ACLs name their copies'),
  same: unseen('the sets hold what their copies hold, so no packet is judged otherwise'),
} satisfies Readonly<Record<string, Why>>

/** Sets that are told in one request. Azure NPM tells all in one. */
const MOST_SETS = 200

/** Says what the requests of a plan are about. */
export class PlanNames {
  private readonly node: WindowsNode
  private readonly wanted: WindowsPart
  private readonly taken: Set<string>
  private readonly endpoints: ReadonlyMap<string, HnsEndpoint>

  constructor(node: WindowsNode, found: WindowsPart, wanted: WindowsPart) {
    this.node = node
    this.wanted = wanted
    this.taken = new Set([...found.sets.keys(), ...found.others.sets])
    this.endpoints = new Map(node.endpoints.map(endpoint => [plainGuid(endpoint.id), endpoint]))
  }

  /** A copy of a set, under an id that no other set has. */
  twinOf(set: PartSet): PartSet {
    const start = TWIN_PREFIX + set.id.slice(set.id.lastIndexOf('-') + 1)
    for (let number = 1; ; number++) {
      const id = number === 1 ? start : `${start}-${number}`
      if (this.taken.has(id)) continue
      this.taken.add(id)
      return {...set, id, name: TWIN_NAME + this.readable(set.id)}
    }
  }

  readable(id: string): string {
    return (
      this.wanted.names?.get(id)?.name ??
      this.wanted.sets.get(id)?.name ??
      this.node.translation().names.namesOf(id)[0]?.name ??
      id
    )
  }

  /** Of sets that no packet sees: several in one request, lists behind their members, or before them where they go. */
  setSteps(part: WindowsPart, type: RequestType, sets: readonly PartSet[], why: Why): PlannedStep[] {
    const [lists, plain] = [sets.filter(isList), sets.filter(set => !isList(set))]
    const operations = (type === 'Remove' ? [lists, plain] : [plain, lists]).flatMap(group =>
      chunks(group, why.isUnseen ? MOST_SETS : 1).map(some => this.setOperation(part, type, some)),
    )
    return operations.length > 0 ? [{tool: 'hns', isAtomic: false, ...why, operations}] : []
  }

  /** @param part as it is before the request */
  setOperation(part: WindowsPart, type: RequestType, sets: readonly PartSet[]): PlannedOperation {
    const before = sets.map(({id}) => part.sets.get(id))
    const undo: HnsRequest =
      type === 'Add'
        ? setRequest(part, 'Remove', sets)
        : setRequest(
            part,
            type === 'Remove' ? 'Add' : 'Update',
            before.flatMap(set => set ?? []),
          )
    const [first] = sets as [PartSet, ...PartSet[]]
    return {
      line: JSON.stringify(setRequest(part, type, sets)),
      undo: JSON.stringify(undo),
      reason: sets.length === 1 ? reasonOfSet(type, first, before[0]) : reasonOfSets(type, sets),
      name: sets.length === 1 ? (isTwin(first.id) ? (first.name ?? first.id) : this.readable(first.id)) : `${sets.length} sets`,
    }
  }

  /** @param next with the policies of others that it is to have again, and ACLs as they are */
  restoredOperation(next: PartEndpoint): PlannedOperation {
    const line = JSON.stringify(listRequest(next, next.own))
    return {line, undo: line, reason: 'it has lost policies of other programs', name: next.name}
  }

  /** @param now as it is before the request */
  endpointOperation(now: PartEndpoint, own: readonly ProgramAcl[], reason?: string): PlannedOperation {
    const [there, asked] = [new Set(now.own.map(keyOf)), new Set(own.map(keyOf))]
    const missing = distinct(own.filter(acl => !there.has(keyOf(acl))))
    const extra = distinct(now.own.filter(acl => !asked.has(keyOf(acl))))
    const request = extra.length === 0 ? addRequest(now, missing) : listRequest(now, own)
    const endpoint = this.endpoints.get(plainGuid(now.id))
    const {owners} = this.node.translation()
    const policies = new Set(
      [...missing, ...extra].map(acl => {
        const owner = endpoint && owners.of(acl, endpoint)
        return owner?.kind === 'policy' && owner.policies.length === 1 ? owner.policies[0] : undefined
      }),
    )
    const [policy] = policies
    return {
      line: JSON.stringify(request),
      undo: JSON.stringify(listRequest(now, now.own)),
      reason: reason ?? reasonOfAcls(missing.length, extra.length),
      ...(policies.size === 1 && policy !== undefined && {policy}),
      name: now.name,
    }
  }
}

const distinct = (acls: readonly ProgramAcl[]): ProgramAcl[] => [...new Map(acls.map(acl => [keyOf(acl), acl])).values()]

function chunks<Item>(items: readonly Item[], most: number): Item[][] {
  const found: Item[][] = []
  for (let at = 0; at < items.length; at += most) found.push(items.slice(at, at + most))
  return found
}

function reasonOfSets(type: RequestType, sets: readonly PartSet[]): string {
  if (sets.every(({id}) => isTwin(id)))
    return type === 'Remove' ? 'nobody needs the copies any more' : 'copies are made beside them'
  return {Add: 'they are missing', Update: 'they hold other members than they should', Remove: 'nothing asks for them'}[type]
}

function reasonOfSet(type: RequestType, set: PartSet, before: PartSet | undefined): string {
  if (isTwin(set.id)) return type === 'Remove' ? 'nobody needs the copy any more' : 'a copy is made beside it'
  if (type === 'Add') return 'it is missing'
  if (type === 'Remove') return 'nothing asks for it'
  const [had, has] = [new Set(before?.values), new Set(set.values)]
  const [missing, extra] = [missingIn(had, has), missingIn(has, had)]
  const told = [
    ...(missing.length === 1 ? [`it lacks ${missing[0]}`] : missing.length > 1 ? [`it lacks ${missing.length} members`] : []),
    ...(extra.length === 1
      ? [`it has ${extra[0]} too many`]
      : extra.length > 1
        ? [`it has ${extra.length} members too many`]
        : []),
  ]
  return told.length > 0 ? told.join(', and ') : 'it has another name or type'
}

function reasonOfAcls(missing: number, extra: number): string {
  const counted = (count: number): string => `${count} ACL${count === 1 ? '' : 's'}`
  const told = [
    ...(missing > 0 ? [`it lacks ${counted(missing)}`] : []),
    ...(extra > 0 ? [`it has ${counted(extra)} too many`] : []),
  ]
  return told.join(', and ')
}
