import {setTimeout as pause} from 'node:timers/promises'
import {LIVE_SOCKET} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import {nodeNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import {podShape, podsShape} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import type {Pod} from '../kubernetes/pod.ts'
import {podOf} from './admission.ts'
import {createObject} from './apply.ts'
import {findObject} from './existing-objects.ts'
import {COMPONENT_LABEL, type KubernetesObject, objectPath} from './objects.ts'
import {findOlderLayout} from './older-layout.ts'
import {podSelector} from './pod-selector.ts'
import {podTrouble} from './pod-trouble.ts'
import {removeObject} from './remove-object.ts'
import type {DaemonSet, PodSpec} from './render.ts'

/** How long an agent for one node waits for the next connection before it ends. */
export const IDLE_SECONDS = 60

/** The pods of an agent for one node. */
export interface EphemeralPods {
  readonly agent: KubernetesObject
  readonly relay: KubernetesObject
}

/** How often the relay looks whether its agent is still there, and after how many misses it ends. */
const RELAY_LOOK = {periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3}

/**
 * The pods of an agent for one node: the DaemonSets' templates, bound to the node, and ended by themselves. The agent ends by its idle
 * time, the relay when it does not see the agent any more, and both by the kubelet at the deadline whatever they do.
 */
export function ephemeralPods(
  {agent, relay}: {readonly agent: DaemonSet; readonly relay: DaemonSet},
  node: string,
  lifetimeMs: number,
): EphemeralPods {
  const seconds = Math.round(lifetimeMs / 1000)
  const ends = ['--exit-after-idle', String(IDLE_SECONDS), '--deadline', String(seconds)]
  const livenessProbe = {exec: {command: ['socat', '-u', `UNIX-CONNECT:${LIVE_SOCKET}`, 'STDOUT']}, ...RELAY_LOOK}
  return {
    agent: boundPod(agent, node, seconds, container => ({...container, args: [...(container.args ?? []), ...ends]})),
    relay: boundPod(relay, node, seconds, container => ({...container, livenessProbe})),
  }
}

type Container = PodSpec['containers'][number]

function boundPod(
  daemonSet: DaemonSet,
  node: string,
  activeDeadlineSeconds: number,
  change: (container: Container) => Container,
): KubernetesObject {
  const pod = podOf(daemonSet)
  const spec = pod['spec'] as PodSpec
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${daemonSet.metadata.name}-ephemeral-`,
      labels: {...pod.metadata.labels, [COMPONENT_LABEL]: 'ephemeral'},
    },
    spec: {
      ...spec,
      containers: spec.containers.map(change),
      // Past the scheduler, which would not use a node that is cordoned or full.
      nodeName: node,
      restartPolicy: 'Never',
      activeDeadlineSeconds,
    },
  }
}

/** @throws InputError when there is no such node, or it does not run Linux */
export async function checkNode(api: ClusterApi, node: string): Promise<void> {
  const found = await findObject(api, `/api/v1/nodes/${encodeURIComponent(node)}`)
  if (!found) throw new InputError(`there is no node ${node}`, 'See which there are with: kubectl get nodes')
  if (found.metadata.labels?.['kubernetes.io/os'] === 'windows')
    throw new InputError(
      `node ${node} runs Windows, and the agent that install brings runs on Linux`,
      'How Windows nodes get agents is in docs/windows.md. For one look, take what HNS holds on the node itself: docs/windows-first-run.md',
    )
}

/** Pods of ours on one node, of the DaemonSets and others. */
export interface PodsOnNode {
  readonly agents: readonly Pod[]
  readonly relays: readonly Pod[]
}

/** Finds what runs on a node already. */
export async function podsOn(api: ClusterApi, node: string): Promise<PodsOnNode> {
  const list = async (namespace: string, which: 'agent' | 'relay') => {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
    const query = `${podSelector(which)}&${new URLSearchParams({fieldSelector: `spec.nodeName=${node}`}).toString()}`
    return (await api.get(`${path}?${query}`, podsShape)).items
  }
  const [agents, relays] = await Promise.all([
    list(nodeNamespaceOf(api.agentNamespace), 'agent'),
    list(api.agentNamespace, 'relay'),
  ])
  return {agents, relays}
}

/** @throws InputError when agents of before there were relays run: the rights that ours need would be taken from them */
export async function requireNoOlderAgents(api: ClusterApi): Promise<void> {
  const {objects, pods} = await findOlderLayout(api)
  if (!objects.some(({kind}) => kind === 'DaemonSet') && pods.every(hasEnded)) return
  throw new InputError(
    `agents of an older version run in namespace ${api.agentNamespace}`,
    'Upgrade them with kubectl npm install, or remove them first: kubectl npm uninstall',
  )
}

/**
 * The agent that a node has already, in a sentence; undefined when there is room for one.
 *
 * @throws InputError when one is on its way out: two would want the same socket
 */
export function agentThere(node: string, pods: readonly Pod[]): string | undefined {
  const there = pods.find(pod => !hasEnded(pod))
  if (!there) return undefined
  const {name, namespace, deletionTimestamp} = there.metadata
  if (deletionTimestamp !== undefined)
    throw new InputError(
      `the agent that node ${node} had is still being removed: pod ${name}`,
      `Wait until it is gone: kubectl wait -n ${namespace} --for=delete ${shellWord(`pod/${name}`)}. Where the kubelet is away, that is when it is back.`,
    )
  const trouble = podTrouble(there)
  return `node ${node} has an agent already: pod ${name}${trouble === undefined ? '' : `, which is not ready: ${trouble}`}`
}

const hasEnded = ({status}: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

export interface StartOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called with why it is not ready yet, when that has changed. */
  readonly onTrouble: (text: string) => void
}

const POLL_MS = 500

/**
 * Starts the pods and waits until both are ready. What is left of earlier ones on the same node is removed first.
 *
 * @returns the name of the agent's
 * @throws InputError when they are not ready in time, or the signal's reason; both are removed then
 */
export async function startEphemeral(
  api: ClusterApi,
  pods: EphemeralPods,
  {agents, relays}: PodsOnNode,
  options: StartOptions,
): Promise<string> {
  // A relay that has not yet noticed the end of its agent would go on with the next one, for its own time.
  const isLeft = (relay: Pod) => hasEnded(relay) || relay.metadata.labels?.[COMPONENT_LABEL] === 'ephemeral'
  for (const each of [...agents.filter(hasEnded), ...relays.filter(isLeft)]) await removePod(api, each)
  const started: KubernetesObject[] = []
  try {
    for (const pod of [pods.agent, pods.relay]) started.push((await createObject(api, pod)).object)
    await waitUntilReady(api, started, options)
    return started[0]?.metadata.name as string
  } catch (error) {
    // Ctrl-C has ended the way to the API server. If it fails, the pod still ends by itself.
    for (const pod of started)
      if (options.signal.aborted) await api.deleteLater(objectPath({kind: 'Pod', metadata: pod.metadata}))
      else await removePod(api, pod)
    throw error
  }
}

async function waitUntilReady(
  api: ClusterApi,
  pods: readonly KubernetesObject[],
  {timeoutMs, signal, onTrouble}: StartOptions,
): Promise<void> {
  const end = performance.now() + timeoutMs
  for (let said: string | undefined; ; ) {
    const now = await Promise.all(pods.map(pod => api.get(objectPath({kind: 'Pod', metadata: pod.metadata}), podShape)))
    // The agent comes first: without it the relay is not ready either.
    const trouble = now.map(podTrouble).find(text => text !== undefined)
    if (trouble === undefined) return
    if (now.some(hasEnded) || performance.now() >= end)
      throw new InputError(`the agent is not ready: ${trouble}`, nextFor(trouble, nodeNamespaceOf(api.agentNamespace)))
    if (trouble !== said) onTrouble(trouble)
    said = trouble
    await pause(POLL_MS, undefined, {signal})
  }
}

const removePod = (api: ClusterApi, {metadata}: Pick<KubernetesObject, 'metadata'>): Promise<boolean> =>
  removeObject(api, {kind: 'Pod', metadata})

/** What to do about an agent that does not get ready. @param namespace of the agents' pods */
export function nextFor(trouble: string, namespace: string): string {
  if (trouble.includes('the image'))
    return 'The image is in no public registry: build it (npm run image in a clone), push it to one that the nodes reach, and give it with --image REF.'
  if (trouble.includes('kubelet')) return 'The kubelet of the node seems to be away: kubectl describe node tells.'
  return `Look at it: kubectl -n ${namespace} describe pods, and kubectl -n ${namespace} logs POD`
}
