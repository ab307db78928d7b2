import {setTimeout as pause} from 'node:timers/promises'
import {podsShape} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import type {Pod} from '../kubernetes/pod.ts'
import {findObject} from './existing-objects.ts'
import {DAEMON_SETS, isOurs, type KubernetesObject, objectPath} from './objects.ts'
import {podSelector} from './pod-selector.ts'
import {removeObject} from './remove-object.ts'

/**
 * What an installation of before there were relays has in the namespace that people go to: the agents were there, and listened on
 * the loopback of their nodes. Everything else of it has the names that it has now.
 */
export interface OlderLayout {
  /** The DaemonSet and the account of its agents, as far as they are there and ours. */
  readonly objects: readonly KubernetesObject[]
  /** Pods of its agents, those of `--ephemeral` too. They may outlive the DaemonSet for a while. */
  readonly pods: readonly Pod[]
}

export interface RemoveOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onRemove: (object: KubernetesObject) => void
  /** Called with the pods that are still there, when that has changed. */
  readonly onWait: (pods: readonly string[]) => void
}

const POLL_MS = 500

/** Looks for such an installation, whole or what is left of it. */
export async function findOlderLayout(api: ClusterApi): Promise<OlderLayout> {
  const metadata = {namespace: api.agentNamespace, name: DAEMON_SETS.agent}
  const kinds = ['DaemonSet', 'ServiceAccount']
  const [pods, ...found] = await Promise.all([
    olderPods(api),
    ...kinds.map(async kind => {
      const object = await findObject(api, objectPath({kind, metadata}))
      return object && {...object, kind}
    }),
  ])
  return {objects: found.flatMap(object => (object && isOurs(object) ? [object] : [])), pods}
}

async function olderPods(api: ClusterApi): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${encodeURIComponent(api.agentNamespace)}/pods`
  const {items} = await api.get(`${path}?${podSelector('agent')}`, podsShape)
  return items.filter(isOurs)
}

/**
 * Removes the older agents and waits for their end, then removes their account. Whoever is killed half-way starts again with what is left.
 *
 * @returns names of pods that are still there when the time is over
 */
export async function removeOlderLayout(
  api: ClusterApi,
  {objects, pods}: OlderLayout,
  {timeoutMs, signal, onRemove, onWait}: RemoveOptions,
): Promise<readonly string[]> {
  const end = performance.now() + timeoutMs
  const remove = async (object: KubernetesObject) => {
    if (await removeObject(api, object)) onRemove(object)
  }
  for (const object of objects.filter(({kind}) => kind === 'DaemonSet')) await remove(object)
  // Those of `--ephemeral` belong to nobody.
  for (const {metadata} of pods.filter(pod => (pod.metadata.ownerReferences?.length ?? 0) === 0))
    await remove({apiVersion: 'v1', kind: 'Pod', metadata})
  const left = pods.length === 0 && objects.length === 0 ? [] : await waitForEnd(api, end, signal, onWait)
  for (const object of objects.filter(({kind}) => kind !== 'DaemonSet')) await remove(object)
  return left
}

async function waitForEnd(
  api: ClusterApi,
  end: number,
  signal: AbortSignal,
  onWait: RemoveOptions['onWait'],
): Promise<readonly string[]> {
  for (let said = ''; ; ) {
    const names = (await olderPods(api)).map(({metadata}) => metadata.name)
    if (names.length === 0 || performance.now() >= end) return names
    if (names.join() !== said) onWait(names)
    said = names.join()
    await pause(POLL_MS, undefined, {signal})
  }
}
