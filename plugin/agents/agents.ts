import {AGENT_LABEL, RELAY_LABEL, WINDOWS_AGENT_LABEL} from '../../core/contract/pod-labels.ts'
import {readReference} from '../../core/kubernetes/object-reference.ts'
import {InputError, NotFoundError} from '../../core/problem/input-error.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import {nodeNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import {metadataListShape, podShape, podsShape} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'
import {type ContextFlags, currentNamespace} from '../kubernetes/current-namespace.ts'
import {METADATA_LIST} from '../kubernetes/metadata-list.ts'
import type {Pod} from '../kubernetes/pod.ts'

/** Agents had no relays once, and were where relays are now: both are looked for, with one list. */
const SELECTOR = `${RELAY_LABEL.key} in (${RELAY_LABEL.value},${AGENT_LABEL.value})`

/** The pod through which the agent of its node is reached. */
export interface RelayPod {
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
  readonly ready: readonly RelayPod[]
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
 * Finds the agents of the nodes that are meant, by their relays, with one list of pods; with a second one where a relay is not ready,
 * to say why.
 *
 * @throws InputError when there is no agent at all, when all are of a version without relays, and for a node, pod or selector that nothing
 *   fits
 */
export async function findAgents(api: ClusterApi, choice: NodeChoice & ContextFlags, signal?: AbortSignal): Promise<FoundAgents> {
  const options = signal ? {signal} : {}
  const namespace = api.agentNamespace
  const [pods, wanted] = await Promise.all([listPods(api, namespace, SELECTOR, options), wantedNodes(api, choice, options)])
  const isRelay = ({metadata}: Pod): boolean => metadata.labels?.[RELAY_LABEL.key] === RELAY_LABEL.value
  const relays = byNode(pods.filter(isRelay))
  const older = byNode(pods.filter(pod => !isRelay(pod)))
  if (pods.length === 0)
    throw new InputError(
      `no agent runs in namespace ${namespace}`,
      'Install the agents with kubectl npm install, say where they are with --agent-namespace, or read a dump with --from.',
    )
  if (relays.size === 0 && older.size > 0) throw olderVersion(`the agents in namespace ${namespace} are`)
  const nodes = (wanted ?? [...new Set([...relays.keys(), ...older.keys()])]).toSorted()
  const ready: RelayPod[] = []
  const troubled: {readonly node: string; readonly relay: Pod}[] = []
  const absent: AbsentAgent[] = []
  for (const node of nodes) {
    const relay = relays.get(node)
    if (relay && troubleOf(relay) === undefined) ready.push({namespace, name: relay.metadata.name, node})
    else if (relay) troubled.push({node, relay})
    else if (older.has(node)) absent.push({node, error: olderVersion(`node ${node}: its agent is`)})
    else absent.push({node, error: noAgentOn(node, namespace, relays)})
  }
  if (troubled.length > 0) {
    const agents = await agentPods(api, options)
    for (const {node, relay} of troubled) absent.push({node, error: whyNotReady(node, relay, agents, namespace)})
  }
  return {ready, absent: absent.toSorted((one, other) => (one.node < other.node ? -1 : 1))}
}

async function listPods(
  api: ClusterApi,
  namespace: string,
  selector: string,
  options: {signal?: AbortSignal},
): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(selector)}`
  return (await api.get(path, podsShape, options)).items
}

/** The pod of each node. While one is replaced, a node has two: the one that can be used counts. */
function byNode(pods: readonly Pod[]): ReadonlyMap<string, Pod> {
  const found = new Map<string, Pod>()
  for (const pod of pods) {
    const node = pod.spec.nodeName
    if (node === undefined) continue
    const known = found.get(node)
    if (!known || (troubleOf(known) !== undefined && troubleOf(pod) === undefined)) found.set(node, pod)
  }
  return found
}

/** The agents' own pods, by node; undefined for who may not list them, which nothing else needs. */
async function agentPods(api: ClusterApi, options: {signal?: AbortSignal}): Promise<ReadonlyMap<string, Pod> | undefined> {
  try {
    const selector = `${AGENT_LABEL.key}=${AGENT_LABEL.value}`
    return byNode(await listPods(api, nodeNamespaceOf(api.agentNamespace), selector, options))
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined
    throw error
  }
}

/** A relay is not ready while its agent is not, so the agent's trouble is the one to tell. */
function whyNotReady(node: string, relay: Pod, agents: ReadonlyMap<string, Pod> | undefined, namespace: string): InputError {
  const agentsNamespace = nodeNamespaceOf(namespace)
  const {name, labels} = relay.metadata
  if (labels?.[WINDOWS_AGENT_LABEL.key] === WINDOWS_AGENT_LABEL.value)
    return new InputError(
      `node ${node}: agent ${name} ${troubleOf(relay)}`,
      `See why: kubectl describe pod -n ${namespace} ${shellWord(name)}`,
    )
  const trouble = `node ${node}: relay ${name} ${troubleOf(relay)}`
  if (!agents)
    return new InputError(
      `${trouble}; it is ready when its agent is`,
      `Who may list pods in namespace ${agentsNamespace} is told why (Role kubectl-npm-viewer there). See both: kubectl describe pod -n ${namespace} ${shellWord(name)}, and kubectl get pods -n ${agentsNamespace} -o wide`,
    )
  const agent = agents.get(node)
  if (!agent)
    return new InputError(
      `${trouble}; no agent runs on that node`,
      `See the agents: kubectl get pods -n ${agentsNamespace} -o wide`,
    )
  const agentTrouble = troubleOf(agent)
  if (agentTrouble === undefined)
    return new InputError(trouble, `See why: kubectl describe pod -n ${namespace} ${shellWord(name)}`)
  return new InputError(
    `node ${node}: agent ${agent.metadata.name} ${agentTrouble}`,
    `See why: kubectl describe pod -n ${agentsNamespace} ${shellWord(agent.metadata.name)}`,
  )
}

const olderVersion = (which: string): InputError =>
  new InputError(
    `${which} of an older version, which this plugin does not reach`,
    'Upgrade the agents: kubectl npm install --image REF, with an image of this version.',
  )

const SHOWN_NODES = 8

function noAgentOn(node: string, namespace: string, relays: ReadonlyMap<string, Pod>): InputError {
  const some = [...relays.keys()].toSorted()
  const shown = some.slice(0, SHOWN_NODES).join(', ') + (some.length > SHOWN_NODES ? `, … (${some.length})` : '')
  return new InputError(
    `node ${node}: no agent runs there, or there is no such node`,
    some.length === 0
      ? `No agent in namespace ${namespace} has a node yet.`
      : `Agents run on: ${shown}. Those of Windows nodes are applied apart: docs/windows.md`,
  )
}

/** Why a pod cannot be used; undefined when it can. */
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
  {node, pod, selector, ...context}: NodeChoice & ContextFlags,
  options: {signal?: AbortSignal},
): Promise<readonly string[] | undefined> {
  const asked = await Promise.all([
    ...(pod === undefined ? [] : [nodeOfPod(api, pod, context, options)]),
    ...(selector === undefined ? [] : [nodesWith(api, selector, options)]),
  ])
  const [first, ...others] = node === undefined ? asked : [node, ...asked]
  if (!first) return undefined
  // Each flag narrows it down.
  const both = new Set(first.filter(name => others.every(each => each.includes(name))))
  if (both.size === 0) throw new InputError('no node fits all of --node, --pod and -l', 'Give fewer of them.')
  return [...both]
}

async function nodeOfPod(
  api: ClusterApi,
  pod: string,
  context: ContextFlags,
  options: {signal?: AbortSignal},
): Promise<string[]> {
  const references = readReference(pod).filter(({kind}) => kind === 'pod')
  if (references.length === 0) throw new InputError(`--pod ${pod}: not NAMESPACE/NAME`, 'Give it like --pod shop/web-0')
  for (const {name, namespace = await currentNamespace(context)} of references) {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`
    try {
      const {spec} = await api.get(path, podShape, options)
      if (spec.nodeName !== undefined) return [spec.nodeName]
      throw new InputError(`--pod ${pod}: it runs on no node yet`, 'Wait until it is scheduled.')
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
  }
  throw new NotFoundError(`--pod ${pod}: there is no such pod`, 'See which there are: kubectl get pods -A')
}

async function nodesWith(api: ClusterApi, selector: string, options: {signal?: AbortSignal}): Promise<string[]> {
  const path = `/api/v1/nodes?labelSelector=${encodeURIComponent(selector)}`
  const {items} = await api.get(path, metadataListShape, {...options, accept: METADATA_LIST})
  if (items.length === 0)
    throw new InputError(`-l ${selector}: no node has these labels`, 'See them with: kubectl get nodes --show-labels')
  return items.map(({metadata}) => metadata.name)
}
