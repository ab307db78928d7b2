import type {IncompletePart} from '../../contract/common.ts'
import type {Cause} from '../../dataplane/cause.ts'
import type {SimulatedNode} from '../../dataplane/simulation.ts'
import {invert} from '../../differences/invert.ts'
import {printIpv4} from '../../net/ipv4.ts'
import type {Packet, Verdict} from '../../net/packet.ts'
import {protocolName} from '../../net/protocols.ts'
import type {PacketScope, RuleConditions, SimulatedSet, SimulatedSets} from '../../packets/rule-conditions.ts'
import {applySetDifferences} from '../../sets/apply-set-differences.ts'
import {parseMember} from '../../sets/member.ts'
import type {MemberDifference, SetDifference} from '../../sets/set-difference.ts'
import {SetIndex} from '../../sets/set-index.ts'
import {type AclDifference, aclKey, type ComparedAcl, type WindowsDifference} from '../compare/compared-acl.ts'
import {addressField, portsOf, protocolsOf} from '../hns/conditions.ts'
import type {Acl, HnsEndpoint, SetPolicy} from '../hns/model.ts'
import {isNpmAclId} from '../npm/acl-id.ts'
import type {WindowsDocuments} from '../npm/documents.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {NodeEndpoints} from '../walk/node-endpoints.ts'
import {SetLookup} from '../walk/set-lookup.ts'
import {type WalkedNode, walk} from '../walk/walk.ts'
import {foreignCauses, isForeign, withoutForeign} from './foreign-acls.ts'

/** A node as it is, as something that can be repaired. */
export const simulateNode = (documents: WindowsDocuments): SimulatedNode<ComparedAcl, WindowsDifference> =>
  new Simulation(documents, {looks: 0})

/** The name of a set that holds nothing but the address of an endpoint: each of its rules is asked about packets of that address only. */
const ownSet = ({id}: HnsEndpoint): string => `endpoint ${id}`

class Simulation implements SimulatedNode<ComparedAcl, WindowsDifference> {
  readonly sets: SimulatedSets
  readonly index: SetIndex
  private readonly documents: WindowsDocuments
  private readonly effort: {looks: number}
  private readonly walked: WalkedNode
  private readonly lists: readonly (readonly ComparedAcl[])[]
  /** About how many rules one walk looks at: those of two endpoints. */
  private readonly looksOfWalk: number
  private readonly listsBySet = new Map<string, string[]>()

  constructor(documents: WindowsDocuments, effort: {looks: number}) {
    this.documents = documents
    this.effort = effort
    this.walked = {endpoints: new NodeEndpoints(documents), sets: new SetLookup(documents.policies)}
    const endpoints = this.walked.endpoints.all
    this.lists = endpoints.map(endpoint => endpoint.acls.map(acl => ({acl, endpoint})))
    this.looksOfWalk = Math.ceil((2 * this.lists.reduce((sum, {length}) => sum + length, 0)) / Math.max(1, this.lists.length)) + 1
    const sets = new Map<string, SimulatedSet>()
    for (const {id, policyType, values} of documents.policies?.values() ?? [])
      sets.set(id, {type: policyType === 'NESTEDIPSET' ? 'list:set' : 'hash:net', members: values})
    for (const endpoint of endpoints)
      if (endpoint.address !== undefined) sets.set(ownSet(endpoint), {type: 'hash:net', members: [endpoint.address]})
    this.sets = sets
    this.index = new SetIndex(sets)
    for (const [list, {type, members}] of sets)
      if (type === 'list:set')
        for (const member of members) this.listsBySet.set(member, [...(this.listsBySet.get(member) ?? []), list])
  }

  get looks(): number {
    return this.effort.looks
  }

  listsOf(set: string): readonly string[] {
    return this.listsBySet.get(set) ?? []
  }

  ruleLists(): Iterable<readonly ComparedAcl[]> {
    return this.lists
  }

  *rules(): Generator<ComparedAcl> {
    for (const list of this.lists) for (const rule of list) if (isNpmAclId(rule.acl.id)) yield rule
  }

  conditions({acl, endpoint}: ComparedAcl): RuleConditions {
    const isIn = acl.direction === 'In'
    const fields = [addressField(acl.localAddresses), addressField(acl.remoteAddresses)] as const
    const sets = fields.flatMap((field, at) =>
      field.kind === 'sets'
        ? field.ids.map(set => ({set, side: at === 0 ? ('src' as const) : ('dst' as const), negated: false, hasPort: false}))
        : [],
    )
    const own = {set: ownSet(endpoint), side: isIn ? ('dst' as const) : ('src' as const), negated: false, hasPort: false}
    return {
      sets: [...sets, own],
      blocks: fields.flatMap(field =>
        field.kind === 'literals' ? field.blocks.map(({base, prefix}) => `${printIpv4(base)}/${prefix}`) : [],
      ),
      ports: portConditions(acl),
      isOfPolicy: true,
    }
  }

  leader(): undefined {
    return undefined
  }

  behind(): readonly ComparedAcl[] {
    return []
  }

  foreignConditions(): readonly RuleConditions[] {
    return this.lists.flatMap(list => list.filter(({acl}) => isForeign(acl)).map(rule => this.conditions(rule)))
  }

  walk(packet: Packet): Verdict {
    this.effort.looks += this.looksOfWalk
    return walk(this.walked, packet, this.documents).verdict
  }

  foreignCauses(packet: Packet): readonly Cause[] {
    return foreignCauses(walk(this.walked, packet, this.documents), this.walked.endpoints.all)
  }

  incompleteFor(packet: Packet): readonly IncompletePart[] {
    return walk(this.walked, packet, this.documents).incomplete ?? []
  }

  scopeOf(difference: WindowsDifference): PacketScope<ComparedAcl> | undefined {
    switch (difference.kind) {
      case 'member': {
        const {set, type, wanted, found} = difference
        const {entry, subject} = parseMember((wanted ?? found)?.text ?? '')
        return {set: set.kernelName, ...(type === 'list:set' ? {part: entry} : {addresses: [subject]})}
      }
      case 'set':
        return difference.wanted && {set: difference.set.kernelName}
      case 'rule':
        return {rules: [difference.wanted, difference.found].flatMap(side => side?.rule ?? [])}
      default:
        return undefined
    }
  }

  repaired(causes: readonly Cause[]): Simulation {
    const differences = causes.flatMap(cause => cause.differences as readonly WindowsDifference[])
    const policies = repairedSets(this.documents.policies, differences)
    const endpoints = repairedEndpoints(this.documents.endpoints && withoutForeign(this.documents.endpoints, causes), differences)
    return new Simulation({...this.documents, ...(policies && {policies}), ...(endpoints && {endpoints})}, this.effort)
  }
}

function portConditions(acl: ProgramAcl): RuleConditions['ports'] {
  const protocols = protocolsOf(acl)
  const ports = portsOf(acl.direction === 'In' ? acl.localPorts : acl.remotePorts)
  const names = Array.isArray(protocols) ? protocols.map(each => protocolName(String(each))) : []
  return names.flatMap(protocol => (Array.isArray(ports) ? ports.map(range => ({protocol, range})) : [{protocol}]))
}

type OfSets = SetDifference | MemberDifference

/** The sets with some differences repaired. One that only the node has stays: rules that are not repaired may name it. */
function repairedSets(
  policies: WindowsDocuments['policies'],
  differences: readonly WindowsDifference[],
): ReadonlyMap<string, SetPolicy> | undefined {
  if (!policies) return undefined
  const isOfSets = (each: WindowsDifference): each is OfSets =>
    each.kind === 'member' || (each.kind === 'set' && each.wanted !== undefined)
  const groups = Map.groupBy(differences.filter(isOfSets), ({set}) => set.kernelName)
  if (groups.size === 0) return policies
  const all = new Map(policies)
  for (const [id, group] of groups) {
    const known = policies.get(id)
    const set = applySetDifferences(
      known && {type: known.policyType === 'NESTEDIPSET' ? 'list:set' : 'hash:net', members: known.values},
      group.map(each => invert(each) as OfSets),
    )
    if (set)
      all.set(id, {
        id,
        policyType: set.type === 'list:set' ? 'NESTEDIPSET' : 'IPSET',
        values: set.members,
        position: known?.position ?? policies.size + 1,
      })
    else all.delete(id)
  }
  return all
}

function repairedEndpoints(
  endpoints: readonly HnsEndpoint[] | undefined,
  differences: readonly WindowsDifference[],
): readonly HnsEndpoint[] | undefined {
  const isOfAcls = (each: WindowsDifference): each is AclDifference => each.kind === 'rule'
  const groups = Map.groupBy(differences.filter(isOfAcls), each => (each.wanted ?? each.found)?.rule.endpoint.id)
  if (groups.size === 0) return endpoints
  return endpoints?.map(endpoint => {
    const group = groups.get(endpoint.id)
    if (!group) return endpoint
    const gone = new Set(group.flatMap(({found}) => (found ? [aclKey(found.rule.acl, true)] : [])))
    const kept = endpoint.acls.filter(acl => !gone.has(aclKey(acl, true)))
    const added = group.flatMap(({wanted}, index): Acl[] =>
      wanted ? [{...wanted.rule.acl, position: endpoint.acls.length + index + 1}] : [],
    )
    return {...endpoint, acls: [...kept, ...added]}
  })
}
