import {InputError} from '../../core/problem/input-error.ts'
import {nodeNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {podOf} from './admission.ts'
import {durationText} from './duration.ts'
import {
  agentThere,
  checkNode,
  ephemeralPods,
  IDLE_SECONDS,
  nextFor,
  podsOn,
  requireNoOlderAgents,
  startEphemeral,
} from './ephemeral.ts'
import {type InstallStep, install} from './install.ts'
import type {KubernetesObject} from './objects.ts'
import {type Rollout, waitForRollout} from './ready.ts'
import {daemonSetsOf} from './render.ts'

/** Which agents are wanted, and how far to go. */
export interface InstallQuestion {
  /** All objects of the manifests, as rendered. */
  readonly objects: readonly KubernetesObject[]
  /** Those of the manifests that are left out: what an earlier installation has made of them is removed. */
  readonly without?: readonly KubernetesObject[]
  /** One agent on this node that ends by itself, in place of DaemonSets. */
  readonly node: string | undefined
  /** Lets the API server check everything and store nothing. */
  readonly dryRun: boolean
  /** Takes over fields that others have set. */
  readonly force: boolean
  /** How long to wait until the agents are ready. */
  readonly timeoutMs: number
  /** How long an agent for one node lives at most. */
  readonly lifetimeMs: number
  readonly signal: AbortSignal
}

/** Called while the installation goes on. */
export interface InstallEvents {
  /** An object is stored or removed, or checked in a dry run. */
  readonly onStep: (step: InstallStep) => void
  readonly onWarning: (text: string) => void
  /** What the installation waits for; called when that has changed. */
  readonly onWait: (text: string) => void
  /** How many agents of the DaemonSet are ready; called when it has changed. */
  readonly onRollout: (rollout: Rollout) => void
  /** Why the agent of one node is not ready yet; called when that has changed. */
  readonly onTrouble: (text: string) => void
}

/** How an installation ended. */
export type Installation =
  /** The node has an agent already, as `sentence` says. */
  | {readonly kind: 'present'; readonly sentence: string}
  /** Nothing is stored; `objects` are what would be. */
  | {readonly kind: 'checked'; readonly objects: readonly KubernetesObject[]}
  /** The DaemonSet's agents are ready; `nodes` is 0 where no node takes one. */
  | {readonly kind: 'all nodes'; readonly nodes: number}
  /** The agent of one node is ready; it ends after so many seconds without a connection. */
  | {readonly kind: 'one node'; readonly pod: string; readonly node: string; readonly idleSeconds: number}

/**
 * Installs agents, on all nodes or on one, and waits until they are ready.
 *
 * @throws InputError when something is refused, or not ready in time: it says what is installed by then, and how to remove it
 */
export async function installAgents(api: ClusterApi, question: InstallQuestion, events: InstallEvents): Promise<Installation> {
  const {objects, without = [], node, dryRun, force, lifetimeMs, timeoutMs, signal} = question
  const daemonSets = daemonSetsOf(objects)
  const options = {dryRun, force, without, timeoutMs, signal, ...events}
  if (node === undefined) {
    await install(api, objects, [podOf(daemonSets.agent), podOf(daemonSets.relay)], options)
    return dryRun ? {kind: 'checked', objects} : {kind: 'all nodes', nodes: await waitForAll(api, question, events)}
  }
  await checkNode(api, node)
  const onNode = await podsOn(api, node)
  const sentence = agentThere(node, onNode.agents)
  if (sentence !== undefined) return {kind: 'present', sentence}
  await requireNoOlderAgents(api)
  const {agent, relay} = ephemeralPods(daemonSets, node, lifetimeMs)
  const applied = objects.filter(({kind}) => kind !== 'DaemonSet')
  await install(api, applied, [agent, relay], options)
  if (dryRun) return {kind: 'checked', objects: [...applied, agent, relay]}
  const name = await startEphemeral(api, {agent, relay}, onNode, {...question, ...events})
  return {kind: 'one node', node, pod: name, idleSeconds: IDLE_SECONDS}
}

/** @returns the number of nodes */
async function waitForAll(api: ClusterApi, {timeoutMs, signal}: InstallQuestion, {onRollout}: InstallEvents): Promise<number> {
  const {isDone, desired, ready, troubles} = await waitForRollout(api, {timeoutMs, signal, onProgress: onRollout})
  if (isDone) return desired
  throw new InputError(`after ${durationText(timeoutMs)} ${ready} of ${desired} agents are ready: ${troubles.join('; ')}`, [
    nextFor(troubles.join(' '), nodeNamespaceOf(api.agentNamespace)),
    'What is installed stays; kubectl npm status tells when they are ready, kubectl npm uninstall removes all.',
  ])
}
