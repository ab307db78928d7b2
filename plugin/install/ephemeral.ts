import {setTimeout as pause} from 'node:timers/promises'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {leaveKubectlRunning} from '../kubernetes/kubectl.ts'
import type {Pod} from '../kubernetes/pod.ts'
import {podOf} from './admission.ts'
import {agentSelector} from './agent-selector.ts'
import {createObject} from './apply.ts'
import {findObject} from './existing-objects.ts'
import {COMPONENT_LABEL, type KubernetesObject, objectPath} from './objects.ts'
import {podTrouble} from './pod-trouble.ts'
import type {DaemonSet, PodSpec} from './render.ts'

/** How long an agent for one node waits for the next connection before it ends. */
export const IDLE_SECONDS = 60

/**
 * The pod of an agent for one node: the DaemonSet's template, bound to the node, and ended by itself, by its idle time, and by the
 * kubelet at the deadline whatever the agent does.
 */
export function ephemeralPod(daemonSet: DaemonSet, node: string, lifetimeMs: number): KubernetesObject {
  const pod = podOf(daemonSet)
  const spec = pod['spec'] as PodSpec
  const seconds = Math.round(lifetimeMs / 1000)
  const ends = ['--exit-after-idle', String(IDLE_SECONDS), '--deadline', String(seconds)]
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: 'npm-agent-ephemeral-',
      labels: {...pod.metadata.labels, [COMPONENT_LABEL]: 'ephemeral'},
    },
    spec: {
      ...spec,
      containers: spec.containers.map(container => ({...container, args: [...(container.args ?? []), ...ends]})),
      // Past the scheduler, which would not use a node that is cordoned or full.
      nodeName: node,
      restartPolicy: 'Never',
      activeDeadlineSeconds: seconds,
    },
  }
}

/** @throws InputError when there is no such node */
export async function checkNode(api: ClusterApi, node: string): Promise<void> {
  if (!(await findObject(api, `/api/v1/nodes/${encodeURIComponent(node)}`)))
    throw new InputError(`there is no node ${node}`, 'See which there are with: kubectl get nodes')
}

/** Pods of agents on a node, of the DaemonSet and others. */
export async function agentsOn(api: ClusterApi, node: string): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(api.agentNamespace)}/pods`
  const query = `${agentSelector()}&${new URLSearchParams({fieldSelector: `spec.nodeName=${node}`}).toString()}`
  const {items} = await api.get<{items: Pod[]}>(`${path}?${query}`)
  return items
}

/**
 * The agent that a node has already, in a sentence; undefined when there is room for one.
 *
 * @throws InputError when one is on its way out: two would want the same port
 */
export function agentThere(node: string, pods: readonly Pod[]): string | undefined {
  const there = pods.find(pod => !hasEnded(pod))
  if (!there) return undefined
  const {name, namespace, deletionTimestamp} = there.metadata
  if (deletionTimestamp !== undefined)
    throw new InputError(
      `the agent that node ${node} had is still being removed: pod ${name}`,
      `Wait until it is gone: kubectl wait -n ${namespace} --for=delete pod/${name}. Where the kubelet is away, that is when it is back.`,
    )
  const trouble = podTrouble(there)
  return `node ${node} has an agent already: pod ${name}${trouble === undefined ? '' : `, which is not ready: ${trouble}`}`
}

export const hasEnded = ({status}: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed'

export interface StartOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called with why it is not ready yet, when that has changed. */
  readonly onTrouble: (text: string) => void
}

const POLL_MS = 500

/**
 * Starts the pod and waits until it is ready. One that has ended on the same node is removed first.
 *
 * @returns its name
 * @throws InputError when it is not ready in time, or the signal's reason; it is removed then
 */
export async function startEphemeral(
  api: ClusterApi,
  pod: KubernetesObject,
  others: readonly Pod[],
  options: StartOptions,
): Promise<string> {
  for (const ended of others.filter(hasEnded)) await removePod(api, ended)
  const {object} = await createObject(api, pod)
  const end = performance.now() + options.timeoutMs
  let said: string | undefined
  try {
    for (;;) {
      const now = await api.get<Pod>(objectPath(object))
      const trouble = podTrouble(now)
      if (trouble === undefined) return object.metadata.name as string
      if (hasEnded(now) || performance.now() >= end)
        throw new InputError(`the agent is not ready: ${trouble}`, nextFor(trouble, api.agentNamespace))
      if (trouble !== said) options.onTrouble(trouble)
      said = trouble
      await pause(POLL_MS, undefined, {signal: options.signal})
    }
  } catch (error) {
    if (options.signal.aborted) await removeLater(api, object)
    else await removePod(api, object)
    throw error
  }
}

/**
 * Removes the pod after Ctrl-C, which has ended the way to the API server: kubectl does it, and nobody waits for it. If it fails, the pod
 * still ends by itself.
 */
async function removeLater(
  {agentNamespace, kubectlArguments}: ClusterApi,
  {metadata: {name = ''}}: KubernetesObject,
): Promise<void> {
  const args = ['delete', 'pod', name, `--namespace=${agentNamespace}`, '--wait=false', '--ignore-not-found']
  await leaveKubectlRunning([...args, ...kubectlArguments])
}

async function removePod(api: ClusterApi, {metadata}: Pick<KubernetesObject, 'metadata'>): Promise<void> {
  const path = objectPath({kind: 'Pod', metadata})
  const {status} = await api.request('DELETE', path, {body: {preconditions: {uid: metadata.uid}}})
  if (status >= 400 && status !== 404)
    throw new InputError(`pod ${metadata.name} cannot be removed (HTTP status ${status})`, 'Remove it with kubectl delete pod.')
}

/** What to do about an agent that does not get ready. */
export function nextFor(trouble: string, agentNamespace: string): string {
  if (trouble.includes('the image'))
    return 'The image is in no public registry: build it (npm run image in a clone), push it to one that the nodes reach, and give it with --image REF.'
  if (trouble.includes('kubelet')) return 'The kubelet of the node seems to be away: kubectl describe node tells.'
  return `Look at it: kubectl -n ${agentNamespace} describe pods, and kubectl -n ${agentNamespace} logs POD`
}
