import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {z} from 'zod'
import {CNI_ACLS} from '../windows/programmed-node.ts'

/** A policy of a network or an endpoint, as V2 has it. */
export interface EmulatedPolicy {
  readonly Type: string
  readonly Settings: Readonly<Record<string, unknown>>
}

/** A network or an endpoint, as a V2 query gives it. */
export interface EmulatedDocument {
  readonly ID: string
  readonly Name: string
  Policies: EmulatedPolicy[]
  readonly [member: string]: unknown
}

export interface EmulatedEndpoint {
  readonly document: EmulatedDocument & {readonly HostComputeNetwork: string}
  /** 1 created, 2 attached, 3 attached and shared. */
  state: number
}

/** All that HNS of a node keeps. */
export interface HnsState {
  readonly version: {major: number; minor: number}
  readonly networks: EmulatedDocument[]
  readonly endpoints: EmulatedEndpoint[]
}

/** A member of a policy that is text; empty when it is not there. */
export function textOf({Settings}: EmulatedPolicy, member: string): string {
  const text = Settings[member]
  return typeof text === 'string' ? text : ''
}

const policy = z.object({Type: z.string(), Settings: z.record(z.string(), z.unknown())})
const document = z.looseObject({ID: z.string(), Name: z.string(), Policies: z.array(policy)})
const endpoint = document.extend({HostComputeNetwork: z.string()})
const networksFile = z.array(document)
const endpointsFile = z.looseObject({
  endpoints: z.array(endpoint),
  queryResults: z.object({attached: z.array(z.string()), attachedSharing: z.array(z.string())}),
})

/** The state of the node of the HNS fixtures: two networks, six endpoints, three policies. */
export function fixtureState(): HnsState {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/hns', name), 'utf8'))
  const networks = networksFile.parse(read('networks.json'))
  const {endpoints, queryResults} = endpointsFile.parse(read('endpoints.json'))
  return {
    version: {major: 15, minor: 4},
    networks,
    endpoints: endpoints.map(each => {
      const {attached, attachedSharing} = queryResults
      return {document: each, state: attached.includes(each.ID) ? 2 : attachedSharing.includes(each.ID) ? 3 : 1}
    }),
  }
}

export interface MadeEndpoint {
  readonly id: string
  readonly address: string
  readonly name?: string
  readonly state?: number
  readonly isRemote?: boolean
  readonly policies?: readonly EmulatedPolicy[]
}

/** What Azure's CNI puts on every endpoint. */
const CNI_POLICIES: readonly EmulatedPolicy[] = [
  {Type: 'OutBoundNAT', Settings: {Exceptions: ['10.240.0.0/16', '10.0.0.0/16']}},
  {Type: 'SDNRoute', Settings: {DestinationPrefix: '10.0.0.0/16', NeedEncap: true}},
  ...CNI_ACLS,
  {Type: 'ACL', Settings: {Action: 'Allow', Direction: 'In', RuleType: 'Host'}},
  {Type: 'ACL', Settings: {Action: 'Allow', Direction: 'Out', RuleType: 'Host'}},
]

export const AZURE_NETWORK = 'D3F9C0A2-7B1E-4C55-9E0A-6C1F3A5B7D90'

/** An endpoint as Azure's CNI makes it. */
export function madeEndpoint(made: MadeEndpoint, network = AZURE_NETWORK): EmulatedEndpoint {
  const {id, address, name = `${id.slice(0, 8)}-eth0`, state = 3, isRemote = false, policies = CNI_POLICIES} = made
  return {
    document: {
      ID: id,
      Name: name,
      Version: 64_424_509_440,
      SchemaVersion: {Major: 2, Minor: 14},
      HostComputeNetwork: network,
      Policies: structuredClone([...policies]),
      IpConfigurations: address === '' ? [] : [{IpAddress: address, PrefixLength: 16}],
      MacAddress: '00-15-5D-0A-0B-0C',
      Flags: isRemote ? 1 : 0,
    },
    state,
  }
}

/** A node with one network of Azure's CNI, without sets, and some endpoints. */
export function emptyState(endpoints: readonly MadeEndpoint[] = [], networkName = 'azure'): HnsState {
  const network: EmulatedDocument = {
    ID: AZURE_NETWORK,
    Owner: 'azure-cni',
    Name: networkName,
    Version: 64_424_509_440,
    SchemaVersion: {Major: 2, Minor: 14},
    Type: 'L2Bridge',
    Policies: [{Type: 'NetAdapterName', Settings: {NetworkAdapterName: 'Ethernet'}}],
    Ipams: [{Type: 'Static', Subnets: [{IpAddressPrefix: '10.240.0.0/16'}]}],
    Flags: 8,
  }
  return {
    version: {major: 15, minor: 4},
    networks: [network],
    endpoints: endpoints.map(each => madeEndpoint(each)),
  }
}
