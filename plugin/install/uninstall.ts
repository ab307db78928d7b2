import {setTimeout as pause} from 'node:timers/promises'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {apiErrorOf} from '../kubernetes/api-error.ts'
import {applyObject} from './apply.ts'
import {findObject} from './existing-objects.ts'
import type {InstalledObjects} from './installed-objects.ts'
import {isOurs, type KubernetesObject, objectName, objectPath} from './objects.ts'

export interface UninstallOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called for each object that is deleted. */
  readonly onDelete: (object: KubernetesObject) => void
  /** Called with what is still there, when that has changed. */
  readonly onWait: (left: readonly string[]) => void
}

const POLL_MS = 500

/** Why the namespace stays; undefined when it goes. */
export function whyNamespaceStays({namespace, foreign}: InstalledObjects): string | undefined {
  if (!namespace) return undefined
  const name = namespace.metadata.name
  if (!isOurs(namespace)) return `namespace ${name} was there before kubectl npm, so it stays`
  if (foreign.length === 0) return undefined
  const shown = foreign.slice(0, 5).join(', ')
  const more = foreign.length > 5 ? ` and ${foreign.length - 5} more` : ''
  return `namespace ${name} holds what is not of kubectl npm, so it stays: ${shown}${more}`
}

/**
 * Removes what `install` made, and waits until it is gone. Rights go last: the agents stop while they can still ask for what they
 * need.
 *
 * @throws InputError saying what is left when something is not gone in time
 */
export async function uninstall(api: ClusterApi, installed: InstalledObjects, options: UninstallOptions): Promise<void> {
  const {namespace, own} = installed
  const stays = whyNamespaceStays(installed) !== undefined
  const isInside = ({metadata}: KubernetesObject) => metadata.namespace === api.agentNamespace
  // What goes with the namespace needs no deletion of its own, but for the agents, which then end in their own time.
  const inside = own.filter(object => isInside(object) && (stays || object.kind === 'DaemonSet'))
  const outside = own.filter(object => !isInside(object))
  const agentsFirst = inside.toSorted((one, other) => deletionRank(one) - deletionRank(other))
  for (const object of agentsFirst) await remove(api, object, options)
  if (namespace && !stays) await remove(api, namespace, options)
  if (namespace && stays) await removeOwnLabels(api, namespace)
  await waitUntilGone(api, [...inside, ...(namespace && !stays ? [namespace] : [])], options)
  for (const object of outside) await remove(api, object, options)
  await waitUntilGone(api, outside, options)
}

const deletionRank = ({kind}: KubernetesObject): number => (kind === 'DaemonSet' || kind === 'Pod' ? 0 : 1)

async function remove(api: ClusterApi, object: KubernetesObject, {onDelete}: UninstallOptions): Promise<void> {
  const path = objectPath(object)
  // Only the very object that was looked at: a new one of this name is another's.
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: {uid: object.metadata.uid},
    propagationPolicy: 'Background',
  }
  const {status, body: answer} = await api.request('DELETE', path, {body})
  if (status === 404) return
  if (status >= 400) throw apiErrorOf(status, answer, {method: 'DELETE', path, agentNamespace: api.agentNamespace})
  onDelete(object)
}

/** Removes the labels that install has put on a namespace that stays. */
async function removeOwnLabels(api: ClusterApi, {metadata}: KubernetesObject): Promise<void> {
  await applyObject(api, {apiVersion: 'v1', kind: 'Namespace', metadata: {name: metadata.name as string}}, {force: true})
}

async function waitUntilGone(api: ClusterApi, objects: readonly KubernetesObject[], options: UninstallOptions): Promise<void> {
  const end = performance.now() + options.timeoutMs
  let said = ''
  for (let left = objects; left.length > 0; ) {
    const found = await Promise.all(left.map(object => findObject(api, objectPath(object))))
    left = left.filter((object, index) => found[index]?.metadata.uid === object.metadata.uid)
    const names = left.map(objectName)
    if (names.length > 0 && names.join() !== said) options.onWait(names)
    said = names.join()
    if (left.length === 0) return
    if (performance.now() >= end)
      throw new InputError(
        `still there after ${options.timeoutMs / 1000} s: ${names.join(', ')}`,
        'The deletion goes on. On a node that is away, pods stay until it is back; kubectl describe says what an object waits for.',
      )
    await pause(POLL_MS, undefined, {signal: options.signal})
  }
}
