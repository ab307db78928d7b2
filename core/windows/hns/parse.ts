import {parseIpv4} from '../../net/ipv4.ts'
import type {Problem} from '../../problem/problem.ts'
import {ProblemList} from '../../problem/problem-list.ts'
import {ATTACHED, ATTACHED_SHARING, type FoundObjects, findObjects, isObject, listOf} from './documents.ts'
import {
  type Acl,
  type Attachment,
  type HnsEndpoint,
  type HnsNetwork,
  type HnsShape,
  type JsonObject,
  plainGuid,
  type SetPolicy,
} from './model.ts'

/** The HNS objects of a document. */
export interface HnsDocument extends Pick<FoundObjects, 'lists' | 'unread'> {
  readonly networks: readonly HnsNetwork[]
  readonly endpoints: readonly HnsEndpoint[]
  /** How many load balancers it holds, which say nothing of policies. */
  readonly loadBalancers: number
  readonly problems: readonly Problem[]
}

const TAKE_DEEP = 'Take it again with enough depth: Get-HnsNetwork | ConvertTo-Json -Depth 20, and the same for Get-HnsEndpoint.'
const TAKE_AGAIN = 'Take the document again.'

/**
 * Reads parsed JSON as HNS objects of either shape, one, several or wrapped. What is not understood becomes a problem; all else is
 * read.
 *
 * @param value one JSON value, or an array of all of a file
 */
export function parseHns(value: unknown, file: string): HnsDocument {
  const found = findObjects(value)
  const problems = new ProblemList(file)
  const states = new Map([...found.states].map(([id, state]) => [plainGuid(id), state]))
  const networks = found.networks.map(each => networkOf(each, problems))
  if (found.policies.length > 0) networks.push(bareNetwork(found.policies, problems))
  if (found.others > 0)
    problems.add({
      code: 'BAD_OBJECT',
      message: `${found.others} objects are nothing of HNS; they are passed over`,
      next: TAKE_AGAIN,
    })
  return {
    networks,
    endpoints: found.endpoints.map(each => endpointOf(each, states, problems)),
    loadBalancers: found.loadBalancers.length,
    lists: found.lists,
    unread: found.unread,
    problems: problems.all(),
  }
}

/** Sets whose network is not in the document. */
function bareNetwork(policies: readonly JsonObject[], problems: ProblemList): HnsNetwork {
  const source = {ID: '', Name: '', Policies: policies}
  const shape = policies.some(({Settings}) => isObject(Settings)) ? 'v2' : 'v1'
  const lost = policies.filter(({Type}) => Type === 'ACL').length
  if (lost > 0)
    problems.add({
      code: 'BAD_OBJECT',
      message: `${lost} ACLs stand without the endpoint that they belong to; they are passed over`,
      next: 'Take the endpoints with their policies: Get-HnsEndpoint | ConvertTo-Json -Depth 20',
    })
  return {shape, id: '', name: '', sets: setsOf(source, 'a network', problems), source}
}

function networkOf(source: JsonObject, problems: ProblemList): HnsNetwork {
  const [id, name] = [textAt(source, 'ID') ?? textAt(source, 'Id') ?? '', textAt(source, 'Name') ?? '']
  const managementAddress = textAt(source, 'ManagementIP')
  return {
    shape: 'SchemaVersion' in source || 'Ipams' in source ? 'v2' : 'v1',
    id,
    name,
    ...(managementAddress !== undefined && managementAddress !== '' && {managementAddress}),
    sets: setsOf(source, `network ${name || id}`, problems),
    source,
  }
}

function setsOf(source: JsonObject, owner: string, problems: ProblemList): SetPolicy[] {
  return policiesOf(source, owner, problems).flatMap(({type, settings, position}) =>
    isSet(type, settings) ? (setPolicyOf(settings, position, owner, problems) ?? []) : [],
  )
}

/** How the V1 shape spells the type of a set is not documented; its members are. */
const isSet = (type: string, settings: JsonObject): boolean =>
  type.toLowerCase() === 'setpolicy' || ('PolicyType' in settings && 'Values' in settings)

function endpointOf(source: JsonObject, states: ReadonlyMap<string, number>, problems: ProblemList): HnsEndpoint {
  const shape: HnsShape = 'HostComputeNetwork' in source || 'IpConfigurations' in source ? 'v2' : 'v1'
  const [id, name] = [textAt(source, 'ID') ?? textAt(source, 'Id') ?? '', textAt(source, 'Name') ?? '']
  const owner = `endpoint ${name || id}`
  const network = textAt(source, 'HostComputeNetwork') ?? textAt(source, 'VirtualNetwork')
  const address = addressOf(source)
  const acls = policiesOf(source, owner, problems).flatMap(({type, settings, position}) =>
    type === 'ACL' ? (aclOf(settings, position, owner, problems) ?? []) : [],
  )
  return {
    shape,
    id,
    name,
    ...(network !== undefined && {network}),
    ...(address !== undefined && {address}),
    isAttached: attachmentOf(source, states.get(plainGuid(id))),
    // Flags of V2: 1 is an endpoint of another node.
    isRemote: source['IsRemoteEndpoint'] === true || (shape === 'v2' && source['Flags'] === 1),
    acls,
    source,
  }
}

function attachmentOf({State}: JsonObject, told: number | undefined): Attachment {
  const state = told ?? (typeof State === 'number' ? State : undefined)
  return state === undefined ? undefined : state === ATTACHED || state === ATTACHED_SHARING
}

function addressOf(source: JsonObject): string | undefined {
  const [first] = listOf(source['IpConfigurations'])
  const text = isObject(first) ? textAt(first, 'IpAddress') : textAt(source, 'IPAddress')
  return text !== undefined && parseIpv4(text) !== undefined ? text : undefined
}

interface PlacedPolicy {
  readonly type: string
  readonly settings: JsonObject
  readonly position: number
}

/** The policies of an object: in V2 `{Type, Settings}`, in V1 flat. */
function policiesOf(source: JsonObject, owner: string, problems: ProblemList): PlacedPolicy[] {
  return listOf(source['Policies']).flatMap((policy, index): PlacedPolicy[] => {
    const {Type: type, Settings: settings} = isObject(policy) ? policy : {Type: undefined, Settings: undefined}
    if (!isObject(policy) || typeof type !== 'string' || (settings !== undefined && !isObject(settings))) {
      problems.add({
        code: 'BAD_OBJECT',
        message: `policy ${index + 1} of ${owner} is ${typeof policy === 'string' || typeof settings === 'string' ? 'cut to text' : 'no policy'}; it is passed over`,
        next: TAKE_DEEP,
      })
      return []
    }
    if (isObject(settings)) return [{type, settings, position: index + 1}]
    const {Type: _, ...flat} = policy
    return [{type, settings: flat, position: index + 1}]
  })
}

/** A set, or undefined with a problem where it has no id or its values are no text. */
export function setPolicyOf(settings: JsonObject, position: number, owner: string, problems: ProblemList): SetPolicy | undefined {
  const {Id: id, Name: name, PolicyType: type, Values: values, ...rest} = settings
  if (typeof id !== 'string' || (typeof values !== 'string' && values !== undefined && values !== null)) {
    problems.add({
      code: 'BAD_OBJECT',
      message: `set ${String(name ?? id)} of ${owner} has no id, or values that are no text`,
      next: TAKE_DEEP,
    })
    return undefined
  }
  const policyType = type === 'IPSET' || type === 'NESTEDIPSET' ? type : undefined
  if (!policyType)
    problems.add({
      code: 'BAD_OBJECT',
      message: `set ${id} of ${owner} has the type ${JSON.stringify(type)}, which is not known; what it holds is not known`,
      next: 'Take the network again with Get-HnsNetwork | ConvertTo-Json -Depth 20.',
    })
  return {
    id,
    ...(typeof name === 'string' && {name}),
    policyType,
    values: (values ?? '').split(',').flatMap(each => each.trim() || []),
    position,
    ...restOf(policyType ? rest : {...rest, ...(type !== undefined && {PolicyType: type})}),
  }
}

/** An access rule, or undefined with a problem where a field is of a type that HNS does not print. */
export function aclOf(settings: JsonObject, position: number, owner: string, problems: ProblemList): Acl | undefined {
  const {
    Id,
    Action,
    Direction,
    Protocols,
    LocalAddresses,
    RemoteAddresses,
    LocalPorts,
    RemotePorts,
    RuleType,
    Priority,
    ...others
  } = settings
  // Spellings of V1.
  const {Protocol, LocalPort, RemotePort, ...rest} = others
  const texts = {
    id: Id,
    protocols: Protocols ?? numberText(Protocol),
    localAddresses: LocalAddresses,
    remoteAddresses: RemoteAddresses,
    localPorts: LocalPorts ?? numberText(LocalPort),
    remotePorts: RemotePorts ?? numberText(RemotePort),
    ruleType: RuleType,
  }
  const bad = Object.entries({Action, Direction, ...texts}).find(([key, value]) =>
    key === 'Action' || key === 'Direction'
      ? typeof value !== 'string'
      : value !== undefined && value !== null && typeof value !== 'string',
  )
  const priority = Priority ?? 0
  if (bad || typeof priority !== 'number' || !Number.isInteger(priority) || priority < 0) {
    problems.add({
      code: 'BAD_OBJECT',
      message: `ACL ${position} of ${owner} has no usable ${bad?.[0] ?? 'priority'}; what it does is not known`,
      next: TAKE_DEEP,
    })
    return {action: UNREAD, direction: typeof Direction === 'string' ? Direction : UNREAD, priority: 0, position, rest: settings}
  }
  const written = Object.fromEntries(Object.entries(texts).filter(([, value]) => typeof value === 'string' && value !== ''))
  return {
    ...(written as Partial<Acl>),
    action: Action as string,
    direction: Direction as string,
    priority,
    position,
    ...restOf(rest),
  }
}

/** Action or direction of a rule that could not be read: nothing that HNS knows. */
export const UNREAD = 'unread'

const numberText = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value)

const restOf = (rest: JsonObject): {rest?: JsonObject} => (Object.keys(rest).length > 0 ? {rest} : {})

const textAt = (source: JsonObject, key: string): string | undefined => {
  const value = source[key]
  return typeof value === 'string' ? value : undefined
}
