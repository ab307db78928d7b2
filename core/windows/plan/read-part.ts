import type {IncompletePart} from '../../problem/incomplete-part.ts'
import {setsOf} from '../compare/compared-acl.ts'
import {isObject, listOf} from '../hns/documents.ts'
import {type Acl, type HnsEndpoint, type HnsNetwork, type JsonObject, plainGuid, type SetPolicy} from '../hns/model.ts'
import {UNREAD} from '../hns/parse.ts'
import type {WindowsNode} from '../node-state.ts'
import {isNpmAclId} from '../npm/acl-id.ts'
import {NETWORKS} from '../npm/network-names.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {isOwnPolicy, isOwnSet, type OtherUses, type PartEndpoint, type PartSet, type WindowsPart} from './part.ts'

type Read = WindowsPart | {readonly incomplete: readonly IncompletePart[]}

const parts = new WeakMap<WindowsNode, Read>()

/** What a node has of Azure NPM. The same object for the same node, so that what is equal of two parts is mostly the same. */
export function partOf(node: WindowsNode): Read {
  let part = parts.get(node)
  if (!part) parts.set(node, (part = readPart(node, false)))
  return part
}

/** What a node had that was kept. It is never told again what others had on its endpoints, so any shape will do. */
export const keptPartOf = (node: WindowsNode): Read => readPart(node, true)

/** Keeps what part a node has that was made of it. */
export const knowPart = (node: WindowsNode, part: WindowsPart): void => {
  parts.set(node, part)
}

/** @throws RangeError for a node that is not whole; whoever asks has found out before that it is */
export function wholePartOf(node: WindowsNode): WindowsPart {
  const part = partOf(node)
  if ('incomplete' in part) throw new RangeError(`the node is not whole: ${part.incomplete.map(each => each.part).join(', ')}`)
  return part
}

const READ_AGAIN = 'Read the node again: kubectl npm dump --local'

function readPart(node: WindowsNode, isKept: boolean): Read {
  const {networks = [], endpoints = [], lost} = node.documents
  const network = ownNetwork(networks)
  const incomplete: IncompletePart[] = [...lost]
  if (typeof network === 'string') incomplete.push({part: 'network', state: 'absent', reason: network, next: NEXT_NETWORK})
  const own = node.endpoints
  if (!isKept) incomplete.push(...own.flatMap(unusable))
  if (typeof network === 'string' || incomplete.length > 0) return {incomplete}
  const sets = new Map<string, PartSet>()
  const others = new Set<string>()
  for (const set of network.sets) {
    const {id, policyType} = set
    if (!isOwnSet(id)) others.add(id)
    else if (policyType) sets.set(id, partSet(set, policyType))
    else incomplete.push({part: `set ${id}`, state: 'cut', reason: 'its type is not known', next: READ_AGAIN})
  }
  if (incomplete.length > 0) return {incomplete}
  return {
    kind: 'npmPart',
    network: {id: network.id, name: network.name},
    sets,
    endpoints: new Map(own.map(endpoint => [plainGuid(endpoint.id), partEndpoint(endpoint)])),
    others: {sets: others, users: usersOf(network, endpoints, new Set(own))},
  }
}

const NEXT_NETWORK = 'Azure NPM on Windows works on the network azure or Calico only; look at those there are: Get-HnsNetwork'

/** The network that Azure NPM works on, or why it is not known. */
function ownNetwork(networks: readonly HnsNetwork[]): HnsNetwork | string {
  const named = networks.filter(({name, id}) => NETWORKS.has(name) && id !== '')
  const used = named.filter(({sets}) => sets.some(({id}) => isOwnSet(id)))
  const [first, second] = used.length > 0 ? used : named
  if (!first) {
    const names = networks.map(({name, id}) => name || id || 'one without a name')
    return names.length > 0 ? `no network is called azure or Calico, but ${names.join(', ')}` : 'no network of HNS was read'
  }
  return second ? 'two networks, azure and Calico, may be the one that Azure NPM works on' : first
}

/** Why an endpoint cannot be written: a list of its policies is told as a whole, and must be what was read. */
function unusable({shape, name, id, source}: HnsEndpoint): IncompletePart[] {
  const part = `endpoint ${name || id}`
  if (shape === 'v1')
    return [
      {
        part,
        state: 'cut',
        reason: 'it was read in the first shape of HNS documents, in which its other policies cannot be written back',
        next: 'Let the agent read it, which asks computenetwork.dll for the second shape.',
      },
    ]
  const bad = listOf(source['Policies']).some(
    each => !isObject(each) || typeof each['Type'] !== 'string' || !isObject(each['Settings']),
  )
  return bad ? [{part, state: 'cut', reason: 'one of its policies could not be read whole', next: READ_AGAIN}] : []
}

const partSet = ({id, name, values}: SetPolicy, policyType: PartSet['policyType']): PartSet => ({
  id,
  ...(name !== undefined && {name}),
  policyType,
  values,
})

function partEndpoint({id, name, address, acls, source}: HnsEndpoint): PartEndpoint {
  return {
    id,
    name: name || id,
    ...(address !== undefined && {address}),
    foreign: listOf(source['Policies']).filter((each): each is JsonObject => isObject(each) && !isOwnPolicy(each)),
    own: acls.filter(acl => isNpmAclId(acl.id)).map(ownAcl),
  }
}

/** Azure NPM writes ten members and no others. */
function ownAcl({position: _position, rest, ...acl}: Acl): ProgramAcl {
  return acl.action === UNREAD ? {...acl, ...(rest && {rest})} : acl
}

/** Who else names Azure NPM's sets: ACLs of others, lists of others, and endpoints that Azure NPM does not look at. */
function usersOf({sets}: HnsNetwork, endpoints: readonly HnsEndpoint[], own: ReadonlySet<HnsEndpoint>): OtherUses['users'] {
  const users = new Map<string, string>()
  const note = (id: string, user: string): void => {
    if (isOwnSet(id) && !users.has(id)) users.set(id, user)
  }
  for (const {id, policyType, values} of sets)
    if (!isOwnSet(id) && policyType === 'NESTEDIPSET') for (const value of values) note(value, `list ${id}`)
  for (const endpoint of endpoints)
    for (const acl of endpoint.acls)
      if (!own.has(endpoint) || !isNpmAclId(acl.id))
        for (const id of setsOf(acl)) note(id, `an ACL of endpoint ${endpoint.name || endpoint.id}`)
  return users
}
