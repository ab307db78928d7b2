import {fc} from '@fast-check/vitest'
import type {ClusterObjects, LabelSelector, NetworkPolicy, PolicyPeer} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/windows/compile/compile.ts'
import {policyFinder} from '../../../core/windows/compile/local-pods.ts'
import {aclsOnNode, hnsSet} from '../../../core/windows/compile/print.ts'
import {windows} from '../../../core/windows/dataplane.ts'
import {aclPolicy} from '../../../core/windows/hns/print.ts'
import type {WindowsNode} from '../../../core/windows/node-state.ts'
import {isOwnPolicy, type WindowsPart} from '../../../core/windows/plan/part.ts'
import {cluster} from '../arbitrary-cluster.ts'

/** A policy of an object of HNS. */
export interface HnsPolicy {
  readonly Type: string
  readonly Settings: Readonly<Record<string, unknown>>
}

/** What HNS holds, as its documents of the second shape. */
export interface HnsState {
  readonly network: {readonly ID: string; readonly Name: string; readonly Policies: readonly HnsPolicy[]}
  readonly endpoints: readonly HnsEndpointState[]
}

export interface HnsEndpointState {
  readonly ID: string
  readonly Name: string
  readonly Flags: number
  readonly HostComputeNetwork: string
  readonly IpConfigurations: readonly {readonly IpAddress: string}[]
  readonly Policies: readonly HnsPolicy[]
}

export const NETWORK_ID = 'D3F9C0A2-7B1E-4C55-9E0A-6C1F3A5B7D90'
export const NODE_ADDRESS = '10.9.0.4'
export const guidOf = (address: string): string =>
  `7B4F6F0E-1111-4B5E-9D10-${address
    .split('.')
    .map(part => Number(part).toString(16).padStart(3, '0'))
    .join('')
    .toUpperCase()}`

const acl = (Action: string, Direction: string, more: object): HnsPolicy => ({
  Type: 'ACL',
  Settings: {Action, Direction, ...more},
})

/** What the network plugin puts on each endpoint. */
export const BASE: readonly HnsPolicy[] = [
  {Type: 'OutBoundNAT', Settings: {Exceptions: ['10.1.0.0/16'], Later: {b: [1, null, '1'], a: 2.5}}},
  acl('Block', 'Out', {
    Protocols: '6',
    RemoteAddresses: '168.63.129.16/32',
    RemotePorts: '80',
    RuleType: 'Switch',
    Priority: 200,
  }),
  acl('Allow', 'In', {RuleType: 'Switch', Priority: 65_499}),
  acl('Allow', 'Out', {RuleType: 'Switch', Priority: 65_499}),
  acl('Allow', 'In', {RuleType: 'Host'}),
  {Type: 'SDNRoute', Settings: {DestinationPrefix: '10.0.0.0/16', NeedEncap: true}},
]
/** The same of an endpoint that CNS has made for NPM Lite. */
const LITE: readonly HnsPolicy[] = [
  ...BASE,
  ...['In', 'Out'].map(direction => acl('Block', direction, {RuleType: 'Switch', Priority: 10_000})),
]
/** Of an endpoint without any ACL, HNS allows everything. */
const BARE: readonly HnsPolicy[] = BASE.slice(0, 1)

const FOREIGN_NETWORK: readonly HnsPolicy[] = [
  {Type: 'NetAdapterName', Settings: {NetworkAdapterName: 'Ethernet'}},
  {Type: 'SetPolicy', Settings: {Id: 'other-set', Name: 'other', PolicyType: 'IPSET', Values: '10.7.0.1'}},
]

export const ADDRESSES = [1, 2, 3, 4, 5, 6].map(last => `10.1.0.${last}`)

/** What Azure NPM would program for a cluster, at endpoints for all addresses of its pods. */
function stateOfCluster(objects: ClusterObjects, foreign: readonly (readonly HnsPolicy[])[] = []): HnsState {
  const program = compile(objects, {scheme: 'sha256', semantics: 'npm'})
  const policiesOf = policyFinder(program)
  const pods = new Map(program.pods.map(pod => [pod.address, pod]))
  return {
    network: {
      ID: NETWORK_ID,
      Name: 'azure',
      Policies: [...FOREIGN_NETWORK, ...[...program.sets.values()].map(set => hnsSet(set) as unknown as HnsPolicy)],
    },
    endpoints: ADDRESSES.map((address, index): HnsEndpointState => {
      const pod = pods.get(address)
      const own = pod ? policiesOf(pod).flatMap(policy => [...aclsOnNode(policy, NODE_ADDRESS)]) : []
      return {
        ID: guidOf(address),
        Name: `e${index + 1}-eth0`,
        Flags: 0,
        HostComputeNetwork: NETWORK_ID,
        IpConfigurations: [{IpAddress: address}],
        Policies: [...(foreign[index] ?? BASE), ...own.map(each => aclPolicy(each) as unknown as HnsPolicy)],
      }
    }),
  }
}

/** Opens the node that has a state. */
export function nodeOfState({network, endpoints}: HnsState, objects?: ClusterObjects): WindowsNode {
  const attached = endpoints.map(({ID}) => ID)
  const networks = [{...network, Type: 'L2Bridge', SchemaVersion: {Major: 2, Minor: 14}, Ipams: []}]
  const documents = [{networks}, {endpoints, queryResults: {attached: [], attachedSharing: attached}}].map((value, index) => ({
    name: `${index}.json`,
    content: windows.json.parse(value, `${index}.json`, false),
  }))
  return windows.open({node: 'node', metricNames: [], problems: [], ...(objects && {cluster: objects})}, documents)
}

/** The id of a policy, if it has one. */
export const idOf = ({Id}: HnsPolicy['Settings']): string => (typeof Id === 'string' ? Id : '')

const isOwn = (policy: HnsPolicy): boolean => isOwnPolicy(policy as unknown as Readonly<Record<string, unknown>>)

/** The state with what a part has of Azure NPM. */
export function stateWith({network, endpoints}: HnsState, part: WindowsPart): HnsState {
  const others = network.Policies.filter(({Settings}) => !idOf(Settings).startsWith('azure-npm-'))
  const sets = [...part.sets.values()].map(
    ({id, name, policyType, values}): HnsPolicy => ({
      Type: 'SetPolicy',
      Settings: {Id: id, Name: name ?? id, PolicyType: policyType, Values: values.join(',')},
    }),
  )
  return {
    network: {...network, Policies: [...others, ...sets]},
    endpoints: endpoints.map(endpoint => {
      const own = part.endpoints.get(endpoint.ID.toLowerCase())?.own ?? []
      const rest = endpoint.Policies.filter(each => !isOwn(each))
      return {...endpoint, Policies: [...rest, ...own.map(each => aclPolicy(each) as unknown as HnsPolicy)]}
    }),
  }
}

/** What random damage does to a state of Azure NPM. */
type Damage = (state: HnsState) => HnsState

const atEndpoint =
  (index: number, change: (policies: HnsPolicy[]) => HnsPolicy[]): Damage =>
  ({network, endpoints}) => ({
    network,
    endpoints: endpoints.map((endpoint, at) =>
      at === index ? {...endpoint, Policies: change([...endpoint.Policies])} : endpoint,
    ),
  })

const nthOwn = (policies: readonly HnsPolicy[], nth: number): number => {
  const own = policies.flatMap((policy, at) => (isOwn(policy) ? [at] : []))
  return own.length > 0 ? (own[nth % own.length] as number) : -1
}

const settings = (policy: HnsPolicy, more: object): HnsPolicy => ({...policy, Settings: {...policy.Settings, ...more}})

const endpoint = fc.nat(5)
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(endpoint, fc.nat(20)).map(([index, nth]) => atEndpoint(index, all => all.toSpliced(nthOwn(all, nth), 1))),
  endpoint.map(index => atEndpoint(index, all => all.filter(each => !isOwn(each)))),
  fc
    .tuple(endpoint, fc.nat(20), fc.constantFrom({Action: 'Allow'}, {Action: 'Block'}, {Priority: 3000}, {Priority: 222}))
    .map(([index, nth, more]) =>
      atEndpoint(index, all => all.map((each, at) => (at === nthOwn(all, nth) ? settings(each, more) : each))),
    ),
  fc
    .tuple(endpoint, fc.nat(20))
    .map(([index, nth]) => atEndpoint(index, all => [...all, ...all.slice(nthOwn(all, nth)).slice(0, 1).filter(isOwn)])),
  fc.tuple(fc.nat(30), fc.constantFrom(...ADDRESSES)).map(
    ([nth, address]): Damage =>
      ({network, endpoints}) => {
        const sets = network.Policies.filter(({Settings}) => Settings['PolicyType'] === 'IPSET' && Settings['Id'] !== 'other-set')
        const chosen = sets[nth % Math.max(1, sets.length)]
        const Policies = network.Policies.map(policy => {
          if (policy !== chosen) return policy
          const values = new Set(String(policy.Settings['Values']).split(',').filter(Boolean))
          if (!values.delete(address)) values.add(address)
          return settings(policy, {Values: [...values].join(',')})
        })
        return {network: {...network, Policies}, endpoints}
      },
  ),
)

const foreigns = fc.array(fc.constantFrom(BASE, BASE, BASE, LITE, BARE), {minLength: 6, maxLength: 6})

const selectors = fc.constantFrom<LabelSelector>(
  {},
  {matchLabels: {app: 'a'}},
  {matchLabels: {team: 'b'}},
  {matchExpressions: [{key: 'app', operator: 'In', values: ['a', 'b']}]},
  {matchExpressions: [{key: 'team', operator: 'Exists'}]},
)
const peer: fc.Arbitrary<PolicyPeer> = fc.oneof(
  fc.record({podSelector: selectors}),
  fc.record({namespaceSelector: selectors}),
  fc.record({namespaceSelector: selectors, podSelector: selectors}),
  fc.constantFrom('10.1.0.0/30', '203.0.113.0/24', '0.0.0.0/0').map(cidr => ({ipBlock: {cidr}})),
)
const rule = fc
  .tuple(
    fc.array(peer, {minLength: 1, maxLength: 2}),
    fc.constantFrom(undefined, {port: 80}, {port: 80, endPort: 82}, {protocol: 'UDP'}),
  )
  .map(([peers, port]) => ({peers, ...(port && {ports: [port]})}))

/** A policy that Windows can express. */
const policy = (index: number): fc.Arbitrary<NetworkPolicy> =>
  fc
    .record({
      namespace: fc.constantFrom('red', 'green'),
      podSelector: selectors,
      policyTypes: fc.constantFrom<string[]>(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
      rules: fc.array(rule, {maxLength: 2}),
    })
    .map(({namespace, podSelector, policyTypes, rules}) => ({
      metadata: {name: `policy-${index}`, namespace},
      spec: {
        podSelector,
        policyTypes,
        ...(policyTypes.includes('Ingress') && {ingress: rules.map(({peers, ...rest}) => ({from: peers, ...rest}))}),
        ...(policyTypes.includes('Egress') && {egress: rules.map(({peers, ...rest}) => ({to: peers, ...rest}))}),
      },
    }))

const podsAndNamespaces = fc.tuple(cluster, cluster).map(([{namespaces}, {pods}]) => ({
  namespaces,
  pods: pods.filter(({spec}) => spec?.hostNetwork !== true),
}))
const policies = fc
  .tuple(policy(0), policy(1), policy(2), fc.integer({min: 0, max: 3}))
  .map(([a, b, c, count]) => [a, b, c].slice(0, count))
const programmed: fc.Arbitrary<ClusterObjects> = fc
  .tuple(podsAndNamespaces, policies)
  .map(([objects, its]) => ({...objects, policies: its, nodes: []}))

/** Two clusters: with other policies, with the same ones and other pods, or with the same pods. */
const twoClusters: fc.Arbitrary<readonly [ClusterObjects, ClusterObjects]> = fc
  .tuple(programmed, programmed, fc.constantFrom('all', 'pods', 'policies'))
  .map(([one, other, differs]) => [
    one,
    differs === 'all' ? other : differs === 'pods' ? {...other, policies: one.policies} : {...one, policies: other.policies},
  ])

/** Two states of one node, whose endpoints have the same policies of others. */
export const twoStates: fc.Arbitrary<readonly [HnsState, HnsState]> = fc
  .tuple(twoClusters, foreigns, fc.array(damage, {maxLength: 3}), fc.array(damage, {maxLength: 3}))
  .map(([[one, other], foreign, first, second]) => [
    first.reduce((state, change) => change(state), stateOfCluster(one, foreign)),
    second.reduce((state, change) => change(state), stateOfCluster(other, foreign)),
  ])

/** A node of a cluster that something has damaged, with its objects. */
export const damagedState: fc.Arbitrary<{readonly objects: ClusterObjects; readonly state: HnsState}> = fc
  .tuple(fc.oneof(cluster, programmed), foreigns, fc.array(damage, {maxLength: 4}), fc.boolean())
  .map(([objects, foreign, damages, isEmpty]) => {
    const whole = stateOfCluster(isEmpty ? {...objects, pods: [], policies: [], namespaces: []} : objects, foreign)
    const named = {
      ...objects,
      nodes: [{metadata: {name: 'node'}, status: {addresses: [{type: 'InternalIP', address: NODE_ADDRESS}]}}],
    }
    return {objects: named, state: damages.reduce((state, change) => change(state), whole)}
  })
