import type {JsonObject} from './model.ts'

/**
 * What programs put around HNS objects: the envelope of HNSCall, the wrapper of PowerShell's arrays, lists by name. PowerShell
 * unrolls an array of one object to that object.
 */

export type HnsList = 'networks' | 'endpoints'

/** What documents that an agent takes say of themselves. */
export const listIn = ({hns}: JsonObject): HnsList | undefined => (hns === 'networks' || hns === 'endpoints' ? hns : undefined)

/** What a value holds of HNS. */
export interface FoundObjects {
  readonly networks: readonly JsonObject[]
  readonly endpoints: readonly JsonObject[]
  /** Load balancers, which `Get-HnsPolicyList` prints: services, and nothing of Azure NPM. */
  readonly loadBalancers: readonly JsonObject[]
  /** Policies of a network without the network, as `(Get-HnsNetwork).Policies` prints them. */
  readonly policies: readonly JsonObject[]
  /** State of endpoints by id, from what stands beside them. */
  readonly states: ReadonlyMap<string, number>
  /** Lists that are told to have all objects there are, but for those in `unread`. */
  readonly lists: ReadonlySet<HnsList>
  /** Ids of objects that whoever took the document could not read. */
  readonly unread: Readonly<Record<HnsList, readonly string[]>>
  /** How many objects are nothing of these. */
  readonly others: number
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A list, or one object where PowerShell has unrolled the list. Null stands for an object that vanished while it was read. */
export const listOf = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value.flat().filter(each => each !== null) : [value]

const NETWORK_KEYS = [
  'Ipams',
  'Subnets',
  'ManagementIP',
  'MacPools',
  'MacPool',
  'CurrentEndpointCount',
  'TotalEndpoints',
  'NatName',
]
const ENDPOINT_KEYS = ['HostComputeNetwork', 'VirtualNetwork', 'IpConfigurations', 'IPAddress', 'SharedContainers', 'MacAddress']
const BALANCER_KEYS = ['References', 'FrontendVIPs', 'PortMappings', 'HostComputeEndpoints']
/** What holds lists of objects. */
export const WRAPPERS = ['Output', 'value', 'Networks', 'networks', 'Endpoints', 'endpoints', 'PolicyLists', 'LoadBalancers']

const hasAny = (value: JsonObject, keys: readonly string[]): boolean => keys.some(key => key in value)

/** What an HNS object is; `wrapper` for what only holds some; undefined for what is none. */
export function hnsKind(value: unknown): 'network' | 'endpoint' | 'loadBalancer' | 'policy' | 'wrapper' | undefined {
  if (!isObject(value) || 'apiVersion' in value) return undefined
  if (listIn(value)) return 'wrapper'
  const isNamed = 'ID' in value || 'Id' in value
  if (isNamed && hasAny(value, BALANCER_KEYS)) return 'loadBalancer'
  if (isNamed && hasAny(value, ENDPOINT_KEYS)) return 'endpoint'
  if (hasAny(value, isNamed ? NETWORK_KEYS : ['ManagementIP'])) return 'network'
  if (typeof value['Type'] === 'string' && (isObject(value['Settings']) || 'PolicyType' in value || value['Type'] === 'ACL'))
    return 'policy'
  if (isNamed && ('Policies' in value || 'SchemaVersion' in value) && typeof value['Name'] === 'string') return 'network'
  return wrapped(value).some(each => hnsKind(each) !== undefined) ? 'wrapper' : undefined
}

const wrapped = (value: JsonObject): readonly unknown[] => WRAPPERS.flatMap(key => listOf(value[key]))

/** Whether a JSON value, or one of a list, is of HNS. */
export const isOfHns = (value: unknown): boolean => listOf(value).some(each => hnsKind(each) !== undefined)

/** Finds the HNS objects of parsed JSON, in whatever they are wrapped. */
export function findObjects(value: unknown): FoundObjects {
  const found = {
    networks: [] as JsonObject[],
    endpoints: [] as JsonObject[],
    loadBalancers: [] as JsonObject[],
    policies: [] as JsonObject[],
  }
  const states = new Map<string, number>()
  const lists = new Set<HnsList>()
  const unread: Record<HnsList, string[]> = {networks: [], endpoints: []}
  let others = 0
  const visit = (each: unknown): void => {
    switch (hnsKind(each)) {
      case 'network':
        found.networks.push(each as JsonObject)
        return
      case 'endpoint':
        found.endpoints.push(each as JsonObject)
        return
      case 'loadBalancer':
        found.loadBalancers.push(each as JsonObject)
        return
      case 'policy':
        found.policies.push(each as JsonObject)
        return
      case 'wrapper':
        noteStates(each as JsonObject, states)
        noteList(each as JsonObject, lists, unread)
        for (const inner of wrapped(each as JsonObject)) visit(inner)
        return
      case undefined:
        others++
    }
  }
  for (const each of listOf(value)) visit(each)
  return {...found, states, lists, unread, others}
}

function noteList(wrapper: JsonObject, lists: Set<HnsList>, unread: Record<HnsList, string[]>): void {
  const list = listIn(wrapper)
  if (!list) return
  lists.add(list)
  for (const id of listOf(wrapper['unread'])) if (typeof id === 'string') unread[list].push(id)
}

/**
 * V2 objects do not say their state. Who reads them asks for those in a state, and puts the ids of the answers beside the objects:
 * `attached` and `attachedSharing`, or `states` by id.
 */
function noteStates(wrapper: JsonObject, states: Map<string, number>): void {
  const {states: byId, queryResults} = wrapper
  if (isObject(queryResults))
    for (const [key, state] of [
      ['attached', ATTACHED],
      ['attachedSharing', ATTACHED_SHARING],
    ] as const)
      for (const id of listOf(queryResults[key])) if (typeof id === 'string') states.set(id, state)
  // An endpoint that neither query gave is in another state.
  if (isObject(queryResults) && 'attached' in queryResults && 'attachedSharing' in queryResults)
    for (const endpoint of wrapped(wrapper)) {
      const id = isObject(endpoint) ? (endpoint['ID'] ?? endpoint['Id']) : undefined
      if (typeof id === 'string' && !states.has(id)) states.set(id, CREATED)
    }
  if (isObject(byId)) for (const [id, state] of Object.entries(byId)) if (typeof state === 'number') states.set(id, state)
}

const CREATED = 1
export const ATTACHED = 2
export const ATTACHED_SHARING = 3
