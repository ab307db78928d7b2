import {setTimeout as pause} from 'node:timers/promises'
import {z} from 'zod'
import {listShape, objectShape, podsShape, readAnswer} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {DAEMON_SETS, installNamespaces} from './objects.ts'
import {podSelector} from './pod-selector.ts'
import {podTrouble} from './pod-trouble.ts'

const count = z.number().optional()
const daemonSetShape = objectShape.extend({
  metadata: objectShape.shape.metadata.extend({generation: count}),
  status: z.looseObject({
    observedGeneration: count,
    desiredNumberScheduled: count,
    updatedNumberScheduled: count,
    numberReady: count,
  }),
})
const eventsShape = listShape(z.looseObject({message: z.string().optional()}))

export interface Rollout {
  readonly desired: number
  readonly ready: number
  /** One sentence for each pod that is not ready, or for why there is none. */
  readonly troubles: readonly string[]
  readonly isDone: boolean
}

export interface WaitOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called when something has changed. */
  readonly onProgress: (rollout: Rollout) => void
}

const POLL_MS = 1000

/**
 * Waits until the agents of all nodes, and their relays, are ready.
 *
 * @returns how far it came; not done after the time given
 */
export async function waitForRollout(api: ClusterApi, {timeoutMs, signal, onProgress}: WaitOptions): Promise<Rollout> {
  const end = performance.now() + timeoutMs
  let last = ''
  for (;;) {
    const rollout = await readRollout(api)
    const said = JSON.stringify(rollout)
    if (said !== last) onProgress(rollout)
    last = said
    if (rollout.isDone || performance.now() >= end) return rollout
    await pause(POLL_MS, undefined, {signal})
  }
}

async function readRollout(api: ClusterApi): Promise<Rollout> {
  const [people, node] = installNamespaces(api.agentNamespace)
  const [agents, relays] = await Promise.all([readDaemonSet(api, node, 'agent'), readDaemonSet(api, people, 'relay')])
  return {
    desired: Math.max(agents.desired, relays.desired),
    // An agent without its relay cannot be asked.
    ready: Math.min(agents.ready, relays.ready),
    isDone: agents.isDone && relays.isDone,
    // A relay is not ready while its agent is not: that is not said twice.
    troubles: agents.troubles.length > 0 ? agents.troubles : relays.troubles,
  }
}

/** How far one of the two DaemonSets is. */
async function readDaemonSet(api: ClusterApi, place: string, which: keyof typeof DAEMON_SETS): Promise<Rollout> {
  const name = DAEMON_SETS[which]
  const namespace = `/namespaces/${encodeURIComponent(place)}`
  const [daemonSet, {items: pods}] = await Promise.all([
    api.get(`/apis/apps/v1${namespace}/daemonsets/${name}`, daemonSetShape),
    api.get(`/api/v1${namespace}/pods?${podSelector(which, 'daemon')}`, podsShape),
  ])
  const {
    observedGeneration = 0,
    desiredNumberScheduled: desired = 0,
    updatedNumberScheduled = 0,
    numberReady: ready = 0,
  } = daemonSet.status
  if (observedGeneration < (daemonSet.metadata.generation ?? 0))
    return {desired, ready, isDone: false, troubles: [`the DaemonSet controller has not looked at ${name} yet`]}
  const isDone = ready === desired && updatedNumberScheduled === desired
  if (isDone) return {desired, ready, isDone, troubles: []}
  const troubles = pods.flatMap(pod => podTrouble(pod) ?? [])
  const reasons = pods.length < desired ? await failedCreates(api, namespace, name) : []
  return {desired, ready, isDone, troubles: [...troubles, ...reasons]}
}

/** Why pods of a DaemonSet never came; only the events say it. */
async function failedCreates(api: ClusterApi, namespace: string, name: string): Promise<string[]> {
  const fields = `involvedObject.kind=DaemonSet,involvedObject.name=${name},reason=FailedCreate`
  const query = new URLSearchParams({fieldSelector: fields, limit: '20'}).toString()
  const path = `/api/v1${namespace}/events`
  const {status, body} = await api.request('GET', `${path}?${query}`)
  // Without the right to see events there is only less to say.
  if (status >= 400) return []
  const messages = readAnswer(`GET ${path}`, body, eventsShape).items.flatMap(({message}) => message ?? [])
  // Each pod has had a name of its own.
  return [...new Set(messages.map(message => message.replace(/pods "npm-(?:agent|relay)-\w+"/, 'a pod')))].map(
    message => `no pod was made: ${message}`,
  )
}
