import {AGENT_LABEL} from '../../core/contract/pod-labels.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'
import {METADATA_LIST, type MetadataList} from '../kubernetes/metadata-list.ts'
import type {Pod} from '../kubernetes/pod.ts'

const AGENT_SELECTOR = `${AGENT_LABEL.key}=${AGENT_LABEL.value}`

/** A pod in which an agent runs. */
export interface AgentPod {
  readonly namespace: string
  readonly name: string
  readonly node: string
}

/** A node whose agent cannot be asked. */
export interface AbsentAgent {
  readonly node: string
  readonly error: InputError
}

export interface FoundAgents {
  /** By name of the node. */
  readonly ready: readonly AgentPod[]
  readonly absent: readonly AbsentAgent[]
}

/** Which nodes are meant. Without any of them: all. */
export interface NodeChoice {
  readonly node?: readonly string[] | undefined
  /** `NAMESPACE/NAME` */
  readonly pod?: string | undefined
  /** Labels of nodes, as kubectl takes them. */
  readonly selector?: string | undefined
}

/**
 * Finds the agents of the nodes that are meant, with one list of pods.
 *
 * @throws InputError when there is no agent at all, and for a node, pod or selector that nothing fits
 */
export async function findAgents(api: ClusterApi, choice: NodeChoice, signal?: AbortSignal): Promise<FoundAgents> {
  const options = signal ? {signal} : {}
  const namespace = api.agentNamespace
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(AGENT_SELECTOR)}`
  const [{items}, wanted] = await Promise.all([api.get<{items: Pod[]}>(path, options), wantedNodes(api, choice, options)])
  if (items.length === 0)
    throw new InputError(
      `no agent runs in namespace ${namespace}`,
      'Install the agents with kubectl npm install, say where they are with --agent-namespace, or read a dump with --from.',
    )
  const byNode = new Map<string, Pod>()
  for (const pod of items) {
    const node = pod.spec.nodeName
    if (node === undefined) continue
    const known = byNode.get(node)
    // While an agent is replaced, a node has two.
    if (!known || (troubleOf(known) !== undefined && troubleOf(pod) === undefined)) byNode.set(node, pod)
  }
  const nodes = wanted ?? [...byNode.keys()]
  const ready: AgentPod[] = []
  const absent: AbsentAgent[] = []
  for (const node of nodes.toSorted()) {
    const pod = byNode.get(node)
    const trouble = pod && troubleOf(pod)
    if (!pod) absent.push({node, error: noAgentOn(node, namespace, byNode)})
    else if (trouble !== undefined)
      absent.push({
        node,
        error: new InputError(
          `node ${node}: agent ${pod.metadata.name} ${trouble}`,
          `See why: kubectl describe pod -n ${namespace} ${pod.metadata.name}`,
        ),
      })
    else ready.push({namespace, name: pod.metadata.name, node})
  }
  return {ready, absent}
}

const SHOWN_NODES = 8

function noAgentOn(node: string, namespace: string, byNode: ReadonlyMap<string, Pod>): InputError {
  const some = [...byNode.keys()].toSorted()
  const shown = some.slice(0, SHOWN_NODES).join(', ') + (some.length > SHOWN_NODES ? `, … (${some.length})` : '')
  return new InputError(
    `node ${node}: no agent runs there, or there is no such node`,
    some.length === 0 ? `No agent in namespace ${namespace} has a node yet.` : `Agents run on: ${shown}`,
  )
}

/** Why an agent cannot be asked; undefined when it can. */
function troubleOf({metadata, status}: Pod): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return 'is being ended'
  const waiting = status?.containerStatuses?.find(({state}) => state?.waiting?.reason !== undefined)?.state?.waiting
  if (waiting) return `does not run: ${waiting.reason}${waiting.message === undefined ? '' : `, ${waiting.message}`}`
  if (status?.phase !== 'Running')
    return `does not run (${status?.phase ?? 'Unknown'})${status?.message === undefined ? '' : `: ${status.message}`}`
  const isReady = status.conditions?.some(({type, status: state}) => type === 'Ready' && state === 'True')
  return isReady ? undefined : 'is not ready'
}

async function wantedNodes(
  api: ClusterApi,
  {node, pod, selector}: NodeChoice,
  options: {signal?: AbortSignal},
): Promise<readonly string[] | undefined> {
  const asked = await Promise.all([
    ...(pod === undefined ? [] : [nodeOfPod(api, pod, options)]),
    ...(selector === undefined ? [] : [nodesWith(api, selector, options)]),
  ])
  const [first, ...others] = node === undefined ? asked : [node, ...asked]
  if (!first) return undefined
  // Each flag narrows it down.
  const both = new Set(first.filter(name => others.every(each => each.includes(name))))
  if (both.size === 0) throw new InputError('no node fits all of --node, --pod and -l', 'Give fewer of them.')
  return [...both]
}

async function nodeOfPod(api: ClusterApi, pod: string, options: {signal?: AbortSignal}): Promise<string[]> {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(pod) ?? []
  if (namespace === undefined || name === undefined)
    throw new InputError(`--pod ${pod}: not NAMESPACE/NAME`, 'Give it like --pod shop/web-0')
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`
  const {spec} = await api.get<Pod>(path, options).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error
    throw new InputError(`--pod ${pod}: there is no such pod`, `See which there are: kubectl get pods -n ${namespace}`)
  })
  if (spec.nodeName === undefined) throw new InputError(`--pod ${pod}: it runs on no node yet`, 'Wait until it is scheduled.')
  return [spec.nodeName]
}

async function nodesWith(api: ClusterApi, selector: string, options: {signal?: AbortSignal}): Promise<string[]> {
  const path = `/api/v1/nodes?labelSelector=${encodeURIComponent(selector)}`
  const {items} = await api.get<MetadataList>(path, {...options, accept: METADATA_LIST})
  if (!items || items.length === 0)
    throw new InputError(`-l ${selector}: no node has these labels`, 'See them with: kubectl get nodes --show-labels')
  return items.map(({metadata}) => metadata.name)
}
