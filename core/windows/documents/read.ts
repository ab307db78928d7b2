import type {NodeContent} from '../../dataplane/node-facts.ts'
import type {IncompletePart} from '../../problem/incomplete-part.ts'
import type {Problem} from '../../problem/problem.ts'
import type {NodeSet} from '../../sets/node-set.ts'
import type {FoundObjects} from '../hns/documents.ts'
import type {HnsEndpoint, HnsNetwork, SetPolicy} from '../hns/model.ts'
import {parseHns} from '../hns/parse.ts'
import {NETWORKS} from '../npm/network-names.ts'

/** The HNS objects of one document. */
export interface WindowsDocument extends NodeContent, Pick<FoundObjects, 'lists' | 'unread'> {
  readonly kind: 'hns'
  readonly networks: readonly HnsNetwork[]
  readonly endpoints: readonly HnsEndpoint[]
  readonly loadBalancers: number
  readonly isCut: boolean
}

/**
 * Reads parsed JSON of HNS. Never throws for bad content: see `problems`.
 *
 * @param isCut whether objects may be missing: the document ends early, or some of it is not JSON
 */
export function readWindowsDocument(value: unknown, name: string, isCut: boolean): WindowsDocument {
  const objects = parseHns(value, name)
  const {endpoints, lists} = objects
  return {kind: 'hns', isCut, part: endpoints.length > 0 || lists.has('endpoints') ? 'endpoint' : 'network', ...objects}
}

/** The endpoints and sets of a node. A part is absent if no document has it. */
export interface WindowsObjects {
  readonly endpoints?: readonly HnsEndpoint[]
  readonly networks?: readonly HnsNetwork[]
  readonly policies?: ReadonlyMap<string, SetPolicy>
  readonly sets?: ReadonlyMap<string, NodeSet>
  readonly lost: readonly IncompletePart[]
  readonly problems: readonly Problem[]
}

const TAKE_ENDPOINTS = 'Take them on the node: Get-HnsEndpoint | ConvertTo-Json -Depth 20 > hns-endpoints.json'
const TAKE_NETWORKS = 'Take them on the node: Get-HnsNetwork | ConvertTo-Json -Depth 20 > hns-networks.json'

/** Joins the documents of one node. The same object in two documents is one; of two states of it the first counts. */
export function joinWindowsDocuments(
  read: readonly {readonly name: string; readonly content: WindowsDocument}[],
): WindowsObjects {
  const networks = distinct(read.flatMap(({content}) => content.networks))
  const endpoints = distinct(read.flatMap(({content}) => content.endpoints))
  const isCut = read.some(({content}) => content.isCut)
  const areSetsCut = read.some(({content}) => content.isCut && (content.part !== 'endpoint' || content.networks.length > 0))
  const problems: Problem[] = []
  const balancers = read.find(({content}) => content.loadBalancers > 0)
  if (balancers && networks.items.length + endpoints.items.length === 0)
    problems.push({
      code: 'UNSUPPORTED_FILE',
      file: balancers.name,
      message: 'holds load balancers of HNS, as Get-HnsPolicyList prints them: services, and nothing of Azure NPM',
      next: `${TAKE_NETWORKS}, and Get-HnsEndpoint in the same way.`,
    })
  for (const {id, name} of [...networks.differing, ...endpoints.differing])
    problems.push({
      code: 'AMBIGUOUS_FILES',
      message: `${name || id} is in the input in two states; the first one counts`,
      next: 'Take all documents of a node at one time.',
    })
  const unread = {
    networks: new Set(read.flatMap(({content}) => content.unread.networks)).size,
    endpoints: new Set(read.flatMap(({content}) => content.unread.endpoints)).size,
  }
  const hasEndpoints = endpoints.items.length > 0 || read.some(({content}) => content.lists.has('endpoints'))
  const its = ownNetworks(networks.items, unread.networks > 0)
  return {
    ...(hasEndpoints && {endpoints: endpoints.items}),
    ...(its.length > 0 && {networks: its, ...setsOf(its)}),
    lost: [
      ...(isCut || !hasEndpoints
        ? [
            {
              part: 'endpoints',
              state: isCut && endpoints.items.length > 0 ? ('cut' as const) : ('absent' as const),
              reason: isCut ? `${CUT}, so there may be more endpoints` : 'no endpoint of HNS is in the input',
              next: TAKE_ENDPOINTS,
            },
          ]
        : unread.endpoints > 0
          ? [{part: 'endpoints', state: 'cut' as const, reason: unreadReason(unread.endpoints, 'endpoint'), next: READ_AGAIN}]
          : []),
      ...(its.length === 0
        ? [
            {
              part: 'sets',
              state: 'absent' as const,
              ...(unread.networks > 0
                ? {reason: `${unreadReason(unread.networks, 'network')}, which holds the sets`, next: READ_AGAIN}
                : {reason: 'no network of HNS is in the input, and it holds the sets', next: TAKE_NETWORKS}),
            },
          ]
        : areSetsCut
          ? [{part: 'sets', state: 'cut' as const, reason: `${CUT}, so there may be more sets`, next: TAKE_NETWORKS}]
          : []),
    ],
    problems,
  }
}

const CUT = 'the document is not whole'
const READ_AGAIN = 'Read the node again. Why HNS did not give it is among the problems of the reading.'

const unreadReason = (count: number, what: string): string =>
  `HNS did not give ${count === 1 ? `one ${what}` : `${count} ${what}s`}`

/** Those with Azure NPM's name or sets; all when none has, and none is missing that could be it. */
function ownNetworks(networks: readonly HnsNetwork[], isAnyUnread: boolean): readonly HnsNetwork[] {
  const own = networks.filter(({name, sets}) => NETWORKS.has(name) || sets.some(({id}) => id.startsWith('azure-npm-')))
  return own.length > 0 || isAnyUnread ? own : networks
}

function setsOf(networks: readonly HnsNetwork[]): Pick<WindowsObjects, 'policies' | 'sets'> {
  const policies = new Map<string, SetPolicy>()
  for (const set of networks.flatMap(network => network.sets)) if (!policies.has(set.id)) policies.set(set.id, set)
  return {policies, sets: new Map([...policies].map(([id, set]) => [id, nodeSet(set)]))}
}

/** A set as all data planes have it. What HNS calls a nested set is a list. */
export const nodeSet = ({id, policyType, values, position}: SetPolicy): NodeSet => ({
  name: id,
  type: policyType === 'NESTEDIPSET' ? 'list:set' : policyType === 'IPSET' ? 'hash:net' : 'unknown',
  ...(policyType && {shownType: policyType}),
  members: values.map(entry => ({entry, nomatch: false, line: position})),
  line: position,
  header: new Map(),
})

/** @returns each object once, and those that are there again in another state */
function distinct<Item extends HnsNetwork | HnsEndpoint>(all: readonly Item[]): {items: Item[]; differing: Item[]} {
  const byId = new Map<string, Item>()
  const differing: Item[] = []
  for (const each of all) {
    const key = `${each.id.toLowerCase()} ${each.id === '' ? byId.size : ''}`
    const known = byId.get(key)
    if (!known) byId.set(key, each)
    else if (stateOf(known) !== stateOf(each)) differing.push(each)
    // One shape tells what the other does not.
    else byId.set(key, joined(known, each))
  }
  return {items: [...byId.values()], differing}
}

const stateOf = (item: HnsNetwork | HnsEndpoint): string =>
  JSON.stringify(
    'sets' in item
      ? item.sets.map(({id, values}) => [id, values.toSorted()])
      : item.acls.map(acl => ({...acl, position: 0, rest: undefined})),
  )

function joined<Item extends HnsNetwork | HnsEndpoint>(one: Item, other: Item): Item {
  if ('isAttached' in one) return {...other, ...one, isAttached: one.isAttached ?? (other as HnsEndpoint).isAttached}
  return {...other, ...one}
}
