import type {Output, RunOptions} from './access.ts'
import type {ApiClient} from './api-client.ts'
import type {ClusterNode} from './cluster-node.ts'

/** A pod of a real cluster whose container runs. Good for as long as that container lives. */
export interface RunningPod {
  readonly namespace: string
  readonly name: string
  readonly ip: string
  readonly node: ClusterNode
  /** Its first container's first process, as the node numbers it. */
  readonly pid: number
  /**
   * Runs one of this machine's programs in the pod's network: ten milliseconds, where `kubectl exec` takes two hundred.
   *
   * @throws execa's error when it ends with another code than 0 (unless `allowFailure`)
   */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Output>
}

interface PodObject {
  readonly spec: {readonly nodeName: string}
  readonly status: {readonly podIP: string; readonly containerStatuses?: readonly {readonly containerID?: string}[]}
}

/** @throws Error when there is no such pod, or no container of it runs */
export async function runningPod(
  api: ApiClient,
  nodeOf: (name: string) => ClusterNode,
  namespace: string,
  name: string,
): Promise<RunningPod> {
  const {spec, status} = await api.request<PodObject>('GET', `/api/v1/namespaces/${namespace}/pods/${name}`)
  const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '')
  const node = nodeOf(spec.nodeName)
  const {stdout} = await node.run('ctr', ['--namespace', 'k8s.io', 'tasks', 'list'])
  const task = stdout.split('\n').find(line => id !== undefined && line.startsWith(id))
  const pid = Number(task?.split(/\s+/)[1])
  if (!Number.isInteger(pid)) throw new Error(`no container of pod ${namespace}/${name} runs on ${spec.nodeName}`)
  return {
    namespace,
    name,
    ip: status.podIP,
    node,
    pid,
    run: (command, args, options) => node.run('nsenter', ['--target', String(pid), '--net', '--', command, ...args], options),
  }
}
