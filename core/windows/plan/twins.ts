import type {PlannedStep} from '../../dataplane/plan.ts'
import {setsOf} from '../compare/compared-acl.ts'
import type {WindowsNode} from '../node-state.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {type Change, type EndpointChange, listsHolding, withSets} from './change.ts'
import {endpointSteps} from './endpoint-steps.ts'
import {isList, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'
import {type PlanNames, WHYS} from './plan-names.ts'
import {updateSteps} from './set-steps.ts'

/**
 * The plan in which no set changes while packets see it: copies of the sets are made that hold what is wanted, the endpoints change to ACLs that
 * name them, then the sets get what they are to hold, and the ACLs, which then mean the same, name them again.
 *
 * @param start the part when all is done that no packet sees
 */
export function twinSteps(node: WindowsNode, change: Change, start: WindowsPart, names: PlanNames): PlannedStep[] {
  const {target, visible} = change
  const changed = new Set(visible.map(({id}) => id))
  for (const {id} of listsHolding(target, changed)) changed.add(id)
  const copied = [...changed].flatMap(id => target.sets.get(id) ?? [])
  const twins = new Map(copied.map(set => [set.id, names.twinOf(set)]))
  const idOf = (id: string): string => twins.get(id)?.id ?? id
  const copies = [...twins.values()].map((twin): PartSet => (isList(twin) ? {...twin, values: twin.values.map(idOf)} : twin))
  const filled = withSets(start, copies)
  const changes: EndpointChange[] = []
  for (const [key, next] of target.endpoints) {
    const now = start.endpoints.get(key) as PartEndpoint
    const own = next.own.map(acl => renamed(acl, idOf))
    const isAsked = now.own.some(acl => setsOf(acl).some(id => changed.has(id)))
    if (isAsked || own.some((acl, at) => acl !== next.own[at]) || change.endpoints.some(each => each.key === key))
      changes.push({key, now, next: {...next, own}})
  }
  const between: WindowsPart = {
    ...filled,
    endpoints: new Map([...start.endpoints, ...changes.map(({key, next}) => [key, next] as const)]),
  }
  const operations = changes.flatMap(({key, next}) => {
    const {own} = target.endpoints.get(key) as PartEndpoint
    const isSame = own.every((acl, at) => acl === next.own[at])
    return isSame ? [] : [names.endpointOperation(next, own, 'it names the sets again, not their copies')]
  })
  return [
    ...names.setSteps(start, 'Add', copies, WHYS.filled),
    ...endpointSteps(node, {start: filled, changes}, names),
    ...updateSteps(between, visible, WHYS.copied, change, names),
    ...(operations.length > 0 ? [{tool: 'hns' as const, isAtomic: false, ...WHYS.same, operations}] : []),
    ...names.setSteps(between, 'Remove', copies, WHYS.left),
  ]
}

/** An ACL that names other sets; the same object where it names none of them. */
function renamed(acl: ProgramAcl, idOf: (id: string) => string): ProgramAcl {
  if (setsOf(acl).every(id => idOf(id) === id)) return acl
  const field = (text: string | undefined): string | undefined => text?.split(',').map(idOf).join(',')
  const {localAddresses, remoteAddresses, ...rest} = acl
  const [local, remote] = [field(localAddresses), field(remoteAddresses)]
  return {
    ...rest,
    ...(local !== undefined && {localAddresses: local}),
    ...(remote !== undefined && {remoteAddresses: remote}),
  }
}
