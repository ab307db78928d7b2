import {setTimeout as pause} from 'node:timers/promises'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {applyObject} from './apply.ts'
import {findObject} from './existing-objects.ts'
import type {InstalledNamespace, InstalledObjects} from './installed-objects.ts'
import {isOurs, type KubernetesObject, OWN_LABEL, objectName, objectPath} from './objects.ts'
import {removeObject} from './remove-object.ts'

export interface UninstallOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Called for each object that is deleted. */
  readonly onDelete: (object: KubernetesObject) => void
  /** Called with what is still there, when that has changed. */
  readonly onWait: (left: readonly string[]) => void
}

const POLL_MS = 500

/** Why a namespace stays; undefined when it goes. */
export function whyNamespaceStays({namespace, foreign}: InstalledNamespace): string | undefined {
  const {name} = namespace.metadata
  if (!isOurs(namespace)) return `namespace ${name} was there before kubectl npm, so it stays`
  if (foreign.length === 0) return undefined
  const shown = foreign.slice(0, 5).join(', ')
  const more = foreign.length > 5 ? ` and ${foreign.length - 5} more` : ''
  return `namespace ${name} holds what is not of kubectl npm, so it stays: ${shown}${more}. When these are gone, kubectl npm uninstall removes it`
}

/** The objects that go, those that go with their namespace left out. */
export function objectsThatGo({namespaces, own}: InstalledObjects): KubernetesObject[] {
  const going = namespaces.filter(each => whyNamespaceStays(each) === undefined).map(({namespace}) => namespace)
  const names = new Set(going.map(({metadata}) => metadata.name))
  return [...going, ...own.filter(({metadata}) => metadata.namespace === undefined || !names.has(metadata.namespace))]
}

/**
 * Removes what `install` made, and waits until it is gone. Rights go last: the agents stop while they can still ask for what they
 * need. A namespace that stays keeps the label that says who made it, so that a later run removes it.
 *
 * @throws InputError saying what is left when something is not gone in time
 */
export async function uninstall(api: ClusterApi, installed: InstalledObjects, options: UninstallOptions): Promise<void> {
  const {namespaces, own} = installed
  const places = new Set(namespaces.map(({namespace}) => namespace.metadata.name))
  const isInside = ({metadata}: KubernetesObject) => places.has(metadata.namespace)
  const going = objectsThatGo(installed)
  // What goes with a namespace needs no deletion of its own, but for agents and relays, which then end in their own time.
  const first = own.filter(({kind}) => kind === 'DaemonSet')
  const inside = going.filter(object => isInside(object) && !first.includes(object))
  const gone = going.filter(({kind}) => kind === 'Namespace')
  const outside = going.filter(object => !isInside(object) && object.kind !== 'Namespace')
  const podsFirst = inside.toSorted((one, other) => Number(other.kind === 'Pod') - Number(one.kind === 'Pod'))
  const ending = [...first, ...podsFirst, ...gone]
  for (const object of ending) await remove(api, object, options)
  for (const {namespace} of namespaces) if (!gone.includes(namespace)) await leave(api, namespace)
  await waitUntilGone(api, ending, options)
  for (const object of outside) await remove(api, object, options)
  await waitUntilGone(api, outside, options)
}

async function remove(api: ClusterApi, object: KubernetesObject, {onDelete}: UninstallOptions): Promise<void> {
  if (await removeObject(api, object)) onDelete(object)
}

/** Takes back the labels that install has put on a namespace that stays, but for the one that says that install has made it. */
async function leave(api: ClusterApi, namespace: KubernetesObject): Promise<void> {
  const labels = isOurs(namespace) ? {[OWN_LABEL.key]: OWN_LABEL.value} : {}
  const metadata = {name: namespace.metadata.name as string, labels}
  await applyObject(api, {apiVersion: 'v1', kind: 'Namespace', metadata}, {force: true})
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
