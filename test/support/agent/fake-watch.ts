import type {ClusterWatch} from '../../../agent/watch/cluster-watch.ts'
import type {SyncState} from '../../../core/contract/agent.ts'
import {npmOnNode, type RunningNpm} from '../../../core/kubernetes/npm-pod.ts'
import {type ClusterObjects, emptyCluster} from '../../../core/kubernetes/objects.ts'

/** A watch whose objects and state a test sets. */
export class FakeWatch implements ClusterWatch {
  state: SyncState['state'] = 'live'
  asOf: string | undefined = '2026-11-27T08:00:00.000Z'
  failure: string | undefined
  cluster: ClusterObjects
  isStopped = false
  /** The node that it is on. */
  node = 'here'
  private readonly listeners = new Set<() => void>()

  constructor(cluster: ClusterObjects = emptyCluster()) {
    this.cluster = cluster
  }

  /** How many follow its changes. */
  get listening(): number {
    return this.listeners.size
  }

  /** As if something had changed. */
  tell(): void {
    for (const listener of this.listeners) listener()
  }

  syncState(): SyncState {
    const {state, asOf, failure, cluster} = this
    return {
      state,
      ...(asOf !== undefined && {asOf}),
      ...(failure !== undefined && {failure}),
      pods: cluster.pods.length,
      namespaces: cluster.namespaces.length,
      policies: cluster.policies.length,
    }
  }

  objects(): ClusterObjects {
    return this.cluster
  }

  programFor(...[{policyCompiler}, options]: Parameters<ClusterWatch['programFor']>): ReturnType<ClusterWatch['programFor']> {
    return policyCompiler.compile(this.cluster, options)
  }

  npm(): RunningNpm | undefined {
    return npmOnNode(this.cluster.pods, this.node)
  }

  *clusterJson(): Iterable<string> {
    const {pods, namespaces, policies, nodes} = this.cluster
    const of = (kind: string, apiVersion: string, objects: readonly object[]) =>
      objects.map(each => ({apiVersion, kind, ...each}))
    yield JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        ...of('Node', 'v1', nodes),
        ...of('Pod', 'v1', pods),
        ...of('Namespace', 'v1', namespaces),
        ...of('NetworkPolicy', 'networking.k8s.io/v1', policies),
      ],
    })
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  async stop(): Promise<void> {
    this.isStopped = true
  }
}
