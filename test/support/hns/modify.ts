import {isDeepStrictEqual} from 'node:util'
import {z} from 'zod'
import {parseIpv4Block} from '../../../core/net/ipv4.ts'
import {codes, HnsFault} from './fault.ts'
import type {HnsSettings} from './settings.ts'
import type {EmulatedDocument, EmulatedEndpoint, EmulatedPolicy, HnsState} from './state.ts'

const request = z.strictObject({
  ResourceType: z.string(),
  RequestType: z.string(),
  Settings: z.strictObject({
    Policies: z.array(z.strictObject({Type: z.string(), Settings: z.record(z.string(), z.unknown())})).optional(),
  }),
})
const setSettings = z.strictObject({
  Id: z.string().optional(),
  Name: z.string().optional(),
  PolicyType: z.string().optional(),
  Values: z.string().optional(),
})
const aclSettings = z.looseObject({
  Id: z.string().optional(),
  Protocols: z.string().optional(),
  Action: z.string().optional(),
  Direction: z.string().optional(),
  LocalAddresses: z.string().optional(),
  RemoteAddresses: z.string().optional(),
  LocalPorts: z.string().optional(),
  RemotePorts: z.string().optional(),
  RuleType: z.string().optional(),
  Priority: z.int().min(0).max(65_535).optional(),
})
const ACL_MEMBERS = Object.keys(aclSettings.shape)

const NETWORK_TYPES =
  'SourceMacAddress NetAdapterName VSwitchExtension DrMacAddress AutomaticDNS InterfaceConstraint ProviderAddress RemoteSubnetRoute VxlanPort HostRoute SetPolicy L4Proxy LayerConstraint NetworkACL'.split(
    ' ',
  )
const ENDPOINT_TYPES =
  'PortMapping ACL QOS L2Driver OutBoundNAT SDNRoute L4Proxy L4WFPPROXY PortName EncapOverhead ProviderAddress InterfaceConstraint Encryption VLAN InterfaceParameters Iov TierAcl'.split(
    ' ',
  )

export interface ReadRequest {
  readonly type: 'Add' | 'Remove' | 'Update'
  readonly policies: readonly EmulatedPolicy[]
}

/** Reads a modify request. @throws HnsFault */
export function readRequest(text: string, settings: HnsSettings): ReadRequest {
  let parsed: z.infer<typeof request>
  try {
    parsed = request.parse(JSON.parse(text))
  } catch {
    throw new HnsFault(codes.invalidJson)
  }
  const {ResourceType, RequestType, Settings} = parsed
  if (ResourceType !== 'Policy' || !['Add', 'Remove', 'Update'].includes(RequestType)) throw new HnsFault(settings.unknownRequest)
  return {type: RequestType as ReadRequest['type'], policies: Settings.Policies ?? []}
}

/** Changes the policies of a network one by one. @param mayGoOn whether one more may be done. @throws HnsFault */
export function modifyNetwork(
  network: EmulatedDocument,
  {type, policies}: ReadRequest,
  state: HnsState,
  settings: HnsSettings,
  mayGoOn: () => void,
): void {
  for (const policy of policies) {
    mayGoOn()
    if (!NETWORK_TYPES.includes(policy.Type)) throw new HnsFault(codes.invalidPolicyType)
    if (policy.Type !== 'SetPolicy') throw new HnsFault(codes.unsupported)
    const {Id} = checkShape(policy)
    if (type !== 'Remove') checkSet(policy, network, state, settings)
    const at = network.Policies.findIndex(each => each.Type === 'SetPolicy' && each.Settings['Id'] === Id)
    const found = network.Policies[at]
    if (type === 'Add' && !found) network.Policies.push(policy)
    else if (type === 'Add' && settings.refusesKnownSet) throw new HnsFault(codes.policyExists)
    else if (!found) {
      if (settings.refusesMissing) throw new HnsFault(codes.policyNotFound)
    } else if (type !== 'Remove') network.Policies[at] = policy
    else if (settings.removesEqualOnly && !isDeepStrictEqual(found, policy)) throw new HnsFault(codes.policyNotFound)
    else if (isReferred(Id, network, state)) throw new HnsFault(settings.referenced)
    else network.Policies.splice(at, 1)
  }
}

/** @throws HnsFault */
function checkShape({Settings}: EmulatedPolicy): {Id: string} {
  const parsed = setSettings.safeParse(Settings)
  if (!parsed.success) throw new HnsFault(codes.invalidJson)
  const {Id = ''} = parsed.data
  if (Id === '') throw new HnsFault(codes.invalidPolicy)
  return {Id}
}

/** @throws HnsFault */
function checkSet({Settings}: EmulatedPolicy, network: EmulatedDocument, {version}: HnsState, settings: HnsSettings): void {
  const {Name = '', PolicyType, Values = ''} = setSettings.parse(Settings)
  if (Name === '' || (PolicyType !== 'IPSET' && PolicyType !== 'NESTEDIPSET')) throw new HnsFault(codes.invalidPolicy)
  const members = itemsOf(Values)
  if (PolicyType === 'IPSET') {
    if (!members.every(each => parseIpv4Block(each) !== undefined)) throw new HnsFault(codes.invalidPolicy)
    return
  }
  if (version.major < 15 && settings.refusesNestedOnOld) throw new HnsFault(codes.invalidPolicyType)
  for (const id of members) {
    const member = network.Policies.find(each => each.Type === 'SetPolicy' && each.Settings['Id'] === id)
    if (!member && settings.refusesMissingMember) throw new HnsFault(codes.policyNotFound)
    if (member?.Settings['PolicyType'] === 'NESTEDIPSET' && settings.refusesDeepNesting) throw new HnsFault(codes.invalidPolicy)
  }
}

export const itemsOf = (text: unknown): string[] => (typeof text === 'string' ? text.split(',').filter(each => each !== '') : [])

const fieldsOf = ({Settings}: EmulatedPolicy): string[] => [
  ...itemsOf(Settings['LocalAddresses']),
  ...itemsOf(Settings['RemoteAddresses']),
]

const sameId = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

const isReferred = (id: string, network: EmulatedDocument, {endpoints}: HnsState): boolean =>
  network.Policies.some(each => each.Settings['PolicyType'] === 'NESTEDIPSET' && itemsOf(each.Settings['Values']).includes(id)) ||
  endpoints.some(
    ({document}) =>
      sameId(document.HostComputeNetwork, network.ID) &&
      document.Policies.some(each => each.Type === 'ACL' && fieldsOf(each).includes(id)),
  )

/** Changes the policies of an endpoint one by one. @throws HnsFault */
export function modifyEndpoint(
  {document}: EmulatedEndpoint,
  {type, policies}: ReadRequest,
  state: HnsState,
  settings: HnsSettings,
  mayGoOn: () => void,
): void {
  if (document['Flags'] === 1) throw new HnsFault(codes.remoteEndpoint)
  if (type === 'Update') document.Policies = []
  for (const policy of policies) {
    mayGoOn()
    if (!ENDPOINT_TYPES.includes(policy.Type)) throw new HnsFault(codes.invalidPolicyType)
    if (type === 'Remove') {
      const at = document.Policies.findIndex(each => isDeepStrictEqual(each, policy))
      if (at !== -1) document.Policies.splice(at, 1)
      else if (settings.refusesMissing) throw new HnsFault(codes.policyNotFound)
      continue
    }
    if (policy.Type === 'ACL') checkAcl(policy, document, state, settings)
    document.Policies.push(policy)
  }
}

const ACTIONS = ['Allow', 'Block', 'Pass']
const DIRECTIONS = ['In', 'Out']
const RULE_TYPES = [undefined, '', 'Switch', 'Host']

/** @throws HnsFault */
function checkAcl(
  {Settings}: EmulatedPolicy,
  document: EmulatedEndpoint['document'],
  state: HnsState,
  settings: HnsSettings,
): void {
  const known = [...ACL_MEMBERS, ...settings.moreAclMembers]
  if (Object.keys(Settings).some(key => !known.includes(key))) throw new HnsFault(codes.invalidJson)
  const parsed = aclSettings.safeParse(Settings)
  if (!parsed.success) throw new HnsFault(codes.invalidJson)
  const acl = parsed.data
  const isWhole =
    ACTIONS.includes(acl.Action ?? '') && DIRECTIONS.includes(acl.Direction ?? '') && RULE_TYPES.includes(acl.RuleType)
  if (!isWhole) throw new HnsFault(codes.invalidPolicy)
  const network = state.networks.find(({ID}) => sameId(ID, document.HostComputeNetwork))
  const sets = new Set(network?.Policies.flatMap(each => (each.Type === 'SetPolicy' ? [each.Settings['Id']] : [])))
  for (const field of [acl.LocalAddresses, acl.RemoteAddresses]) {
    const items = itemsOf(field)
    const ids = items.filter(each => parseIpv4Block(each) === undefined && !each.includes(':'))
    if (ids.some(id => !sets.has(id))) throw new HnsFault(codes.invalidPolicy)
    if (ids.length > 0 && ids.length < items.length && settings.refusesMixedAddresses) throw new HnsFault(codes.invalidPolicy)
  }
}
