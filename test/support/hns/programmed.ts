import type {Hns} from '../../../agent/hns/hns.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/windows/compile/compile.ts'
import {printHns} from '../../../core/windows/compile/print.ts'
import {AZURE_NETWORK, type EmulatedPolicy, emptyState, type HnsState} from './state.ts'

/** The GUID of the endpoint of the n-th pod. */
const endpointId = (index: number): string => `7B4F6F0E-0000-4B5E-9D10-${index.toString(16).toUpperCase().padStart(12, '0')}`

interface Compiled {
  readonly network: {readonly Policies: readonly EmulatedPolicy[]}
  readonly endpoints: readonly {readonly pod: string; readonly address: string; readonly Policies: readonly EmulatedPolicy[]}[]
}

/** What `compile -o hns` prints for a node. */
const compiled = (cluster: ClusterObjects, node: string): Compiled =>
  JSON.parse([...printHns(compile(cluster, {scheme: 'sha256', semantics: 'npm', node}))].join('\n')) as Compiled

/** A node with the endpoints of its pods, as the network plugin makes them, and nothing of Azure NPM. */
export const stateBefore = (cluster: ClusterObjects, node: string): HnsState =>
  emptyState(compiled(cluster, node).endpoints.map(({address}, index) => ({id: endpointId(index), address})))

/** Asks HNS for all that policies ask for on a node: sets first, then rules. */
export async function program(hns: Hns, cluster: ClusterObjects, node: string): Promise<void> {
  const {network, endpoints} = compiled(cluster, node)
  const isNested = ({Settings}: EmulatedPolicy) => Settings['PolicyType'] === 'NESTEDIPSET'
  const add = (object: 'network' | 'endpoint', id: string, Policies: readonly EmulatedPolicy[]) =>
    Policies.length === 0
      ? undefined
      : hns.modify({object, id, request: {ResourceType: 'Policy', RequestType: 'Add', Settings: {Policies}}})
  await add(
    'network',
    AZURE_NETWORK,
    network.Policies.filter(each => !isNested(each)),
  )
  await add('network', AZURE_NETWORK, network.Policies.filter(isNested))
  for (const [index, {Policies}] of endpoints.entries()) await add('endpoint', endpointId(index), Policies)
}
