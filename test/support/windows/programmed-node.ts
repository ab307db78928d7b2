import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {ClusterObjects, Node} from '../../../core/kubernetes/objects.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {compile} from '../../../core/windows/compile/compile.ts'
import {printHns} from '../../../core/windows/compile/print.ts'
import {windows} from '../../../core/windows/dataplane.ts'
import {readWindowsDocument} from '../../../core/windows/documents/read.ts'
import {networkOf} from './hns-node.ts'

/** A policy of HNS in the shape V2. */
export interface HnsPolicy {
  readonly Type: string
  readonly Settings: Record<string, string | number>
}

/** HNS objects of a node, to be changed. */
export interface HnsState {
  network: {ID: string; Name: string; Ipams: unknown[]; Policies: HnsPolicy[]}
  endpoints: {ID: string; Name: string; IpConfigurations: {IpAddress: string}[]; Flags?: number; Policies: HnsPolicy[]}[]
}

/** The rules of the switch that Azure CNI puts on each endpoint. */
export const CNI_ACLS: readonly HnsPolicy[] = [
  {
    Type: 'ACL',
    Settings: {
      Protocols: '6',
      Action: 'Block',
      Direction: 'Out',
      RemoteAddresses: '168.63.129.16/32',
      RemotePorts: '80',
      RuleType: 'Switch',
      Priority: 200,
    },
  },
  {Type: 'ACL', Settings: {Action: 'Allow', Direction: 'In', RuleType: 'Switch', Priority: 65_499}},
  {Type: 'ACL', Settings: {Action: 'Allow', Direction: 'Out', RuleType: 'Switch', Priority: 65_499}},
]

/** A Windows node of a test, by its name and address. */
export const windowsNode = (name: string, address: string): Node => ({
  metadata: {name, labels: {'kubernetes.io/os': 'windows'}},
  status: {addresses: [{type: 'InternalIP', address}]},
})

/** The HNS objects of a node as Azure NPM programs them, without its wire server rule: that is what policies know nothing of. */
export function programmedState(
  cluster: ClusterObjects,
  node: string,
  options: Partial<CompileOptions> = {},
  {hasWireServer = false} = {},
): HnsState {
  const program = compile(cluster, {scheme: 'sha256', semantics: 'npm', node, ...options})
  const printed = JSON.parse([...printHns(program)].join('\n')) as {
    network: {Policies: HnsPolicy[]}
    endpoints: {pod: string; address: string; Policies: HnsPolicy[]}[]
  }
  return {
    network: {...(networkOf([]) as HnsState['network']), Policies: printed.network.Policies},
    endpoints: printed.endpoints.map(({address, Policies}) => ({
      ID: `id-${address}`,
      Name: `end-${address}`,
      HostComputeNetwork: 'net',
      State: 3,
      IpConfigurations: [{IpAddress: address}],
      Policies: [...(hasWireServer ? CNI_ACLS : CNI_ACLS.slice(1)), ...Policies],
    })),
  }
}

/** A node with these HNS objects, as if they had been read. */
export function nodeOfState({network, endpoints}: HnsState, cluster: ClusterObjects, node: string): NodeState {
  const content = readWindowsDocument([network, ...endpoints], 'hns.json', false)
  return windows.open({node, metricNames: [], problems: [], cluster}, [{name: 'hns.json', content}])
}
