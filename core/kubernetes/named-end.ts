import {parseIpv4} from '../net/ipv4.ts'
import {InputError, unknownName} from '../problem/input-error.ts'
import {nearest} from '../text/nearest.ts'
import {incompleteObjects, mayMiss} from './completeness.ts'
import type {ObjectKind} from './given-objects.ts'
import {
  isReferredTo,
  kindMeantBy,
  kindOfWord,
  type ObjectReference,
  otherKindOf,
  readReference,
  workloadOf,
} from './object-reference.ts'
import {type ClusterObjects, type Node, objectKey, type Pod, type Service} from './objects.ts'
import {SERVICES_NEXT} from './service-backends.ts'

/** What an end may be named after. */
export interface Named {
  readonly pods: readonly Pod[]
  readonly nodes?: readonly Node[] | undefined
  readonly services?: readonly Service[] | undefined
  /** Of names without one. Absent: of any, if only one has such a pod. */
  readonly namespace?: string | undefined
  /** Whether the input has all objects of a kind, in a namespace or everywhere. Absent: it may lack some. */
  readonly isWhole?: ((kind: ObjectKind | 'services', namespace: string | undefined) => boolean) | undefined
}

/** A pod, service or node that was named. */
export type NamedEnd =
  | {
      readonly pod: Pod
      /** How it was chosen, where the name is not its own: a sentence. */
      readonly choice?: string
    }
  | {readonly service: Service}
  | {readonly node: string; readonly address: string}

const FORMS = 'Give NAMESPACE/POD, pod/NAME, deploy/NAME, svc/NAME, node/NAME, an IPv4 address, or external.'
const SHOWN = 5

/**
 * Finds what a name stands for: a pod, one of a workload's pods that has an address, or a node.
 *
 * @param asked as `readReference` reads it
 * @throws InputError for what is no reference, and what is not among the known ones
 */
export function findNamed(asked: string, known: Named): NamedEnd {
  const references = readReference(asked)
  if (references.length === 0) throw new InputError(`"${asked}" is no address and no pod`, FORMS)
  for (const reference of references) {
    const found = finders[reference.kind === 'node' || reference.kind === 'service' ? reference.kind : 'pod'](reference, known)
    if (found) return found
  }
  throw notFound(asked, references, known)
}

/** The service of a name, which must be the only one. */
function serviceOf({name, namespace}: ObjectReference, known: Named): NamedEnd | undefined {
  const inNamespace = namespace ?? known.namespace
  const services = (known.services ?? []).filter(
    ({metadata}) => metadata.name === name && (inNamespace === undefined || (metadata.namespace ?? 'default') === inNamespace),
  )
  const [service] = services
  if (!service) return undefined
  requireOneNamespace(
    'service',
    name,
    services.map(({metadata}) => metadata.namespace ?? 'default'),
  )
  return {service}
}

/** @throws InputError naming the namespaces when there are several */
function requireOneNamespace(kind: string, name: string, all: readonly string[]): void {
  const namespaces = [...new Set(all)].toSorted()
  if (namespaces.length > 1)
    throw new InputError(
      `${kind} ${name} is in ${namespaces.length} namespaces: ${namespaces.slice(0, SHOWN).join(', ')}${namespaces.length > SHOWN ? ', …' : ''}`,
      `Say which one: -n NAMESPACE, or ${kind === 'pod' ? '' : `${kind}/`}${namespaces[0]}/${name}`,
    )
}

function nodeOf({name}: ObjectReference, {nodes = []}: Named): NamedEnd | undefined {
  const addresses = nodes.find(({metadata}) => metadata.name === name)?.status?.addresses ?? []
  const address = addresses.find(({type, address: each}) => type === 'InternalIP' && parseIpv4(each) !== undefined)?.address
  return address === undefined ? undefined : {node: name, address}
}

function podOf({namespace, ...reference}: ObjectReference, known: Named): NamedEnd | undefined {
  const inNamespace = namespace ?? known.namespace
  const called = {...reference, ...(inNamespace !== undefined && {namespace: inNamespace})}
  const pods = known.pods.filter(pod => isReferredTo(pod, called))
  const [first] = pods
  if (!first) return undefined
  requireOneNamespace(
    reference.kind,
    reference.name,
    pods.map(({metadata}) => metadata.namespace ?? 'default'),
  )
  // Of several pods one that can be sent to, and always the same.
  const inOrder = pods.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const pod =
    inOrder.find(({status}) => status?.podIP !== undefined && status.phase === 'Running') ??
    inOrder.find(({status}) => status?.podIP !== undefined) ??
    first
  const key = objectKey(pod)
  if (reference.kind !== 'pod')
    return {
      pod,
      choice: `${reference.kind} ${reference.name} is looked at by pod ${key}${pods.length > 1 ? `, one of ${pods.length}` : ''}`,
    }
  return namespace === undefined && known.namespace === undefined
    ? {pod, choice: `${reference.name} is taken for ${key}, the only pod of this name in the input`}
    : {pod}
}

const finders = {node: nodeOf, service: serviceOf, pod: podOf} as const

function notFound(asked: string, references: readonly ObjectReference[], known: Named): InputError {
  const {pods, nodes = [], services} = known
  const reference = references.at(-1) as ObjectReference
  const {kind, name} = reference
  const namespace = reference.namespace ?? known.namespace
  const isWhole = (of: ObjectKind | 'services') => known.isWhole?.(of, namespace) === true
  if (kind === 'node') {
    const names = nodes.map(node => node.metadata.name)
    return unknownName(
      isWhole('nodes') && !names.includes(name),
      `node ${name} is not in the input, or has no IPv4 address there`,
      [...hint(nearest(name, names)?.replace(/^/, 'node/')), 'Check the name: kubectl get nodes -o wide'],
    )
  }
  const where = namespace === undefined ? '' : `, in namespace ${namespace}`
  if (kind === 'service') {
    if (!services) return new InputError(`service ${name}: no services are in the input`, SERVICES_NEXT)
    const near = nearest(name, new Set(services.map(({metadata}) => metadata.name)))
    const elsewhere = services.filter(({metadata}) => metadata.name === name).map(keyedAs('service'))
    return unknownName(isWhole('services'), `service ${name} is not in the input${where}`, [
      ...(elsewhere.length > 0 ? inOthers(elsewhere) : hint(near?.replace(/^/, 'svc/'))),
      'Check the name: kubectl get services -A',
    ])
  }
  const what = kind === 'pod' ? `pod ${asked}` : `${kind} ${name}`
  if (pods.length === 0)
    return new InputError(`${what} is not in the input`, 'Give the cluster objects with --from, or the address of the pod.')
  const {namespace: _, ...anywhere} = reference
  const elsewhere = pods.filter(pod => isReferredTo(pod, anywhere)).map(keyedAs(kind, name))
  if (kind !== 'pod')
    return unknownName(isWhole('pods'), `no pod of ${kind} ${name} is in the input${where}`, [
      ...(elsewhere.length > 0 ? inOthers(elsewhere) : hint(nearWorkload(reference, known))),
      `Check the name: kubectl get ${kind}s -A`,
    ])
  // `shop/web-0` says itself where it is.
  const isKeyed = reference.namespace !== undefined
  const near = isKeyed
    ? nearest(`${namespace}/${name}`, pods.map(objectKey))
    : nearest(name, new Set(pods.map(({metadata}) => metadata.name)))
  return unknownName(isWhole('pods'), `${what} is not in the input${isKeyed ? '' : where}`, [
    ...(elsewhere.length > 0 && !isKeyed ? inOthers(elsewhere) : hint(kindInPlaceOf(asked, pods) ?? near)),
    'Check the name: kubectl get pods -A',
  ])
}

/** A workload of another kind that has the name, or one of the same kind that has nearly the same. */
function nearWorkload({kind, name, namespace}: ObjectReference, known: Named): string | undefined {
  const inNamespace = namespace ?? known.namespace
  const pods = known.pods.filter(({metadata}) => inNamespace === undefined || metadata.namespace === inNamespace)
  const other = otherKindOf(name, pods)
  const near = other === undefined ? nearest(name, new Set(pods.flatMap(pod => workloadOf(pod.metadata.name, kind) ?? []))) : name
  return near && [other ?? kind, ...(namespace === undefined ? [] : [namespace]), near].join('/')
}

/** What is meant where a type stands alone, or a word stands for one that is neither a type nor the namespace of a pod. */
function kindInPlaceOf(asked: string, pods: readonly Pod[]): string | undefined {
  const slash = asked.indexOf('/')
  if (slash < 0) return kindOfWord(asked) === undefined ? undefined : `${asked}/NAME`
  const first = asked.slice(0, slash)
  if (pods.some(({metadata}) => metadata.namespace === first)) return undefined
  return kindMeantBy(first)?.concat(asked.slice(slash))
}

/** An object of another namespace, as it is asked for: `shop/web-0`, `shop/deployment/web`. */
const keyedAs =
  (kind: ObjectReference['kind'], name?: string) =>
  ({metadata}: Pod | Service): string =>
    [...(kind === 'pod' ? [] : [kind]), metadata.namespace ?? 'default', name ?? metadata.name].join('/')

/** Who asks in the wrong namespace means one of the others. */
function inOthers(keys: readonly string[]): string[] {
  const all = [...new Set(keys)].toSorted()
  return all.length === 0 ? [] : [`Did you mean ${all.slice(0, SHOWN).join(', ')}${all.length > SHOWN ? ', …' : ''}?`]
}

const hint = (meant: string | undefined): string[] => (meant === undefined ? [] : [`Did you mean ${meant}?`])

/** Which kinds of objects are whole. Services are as whole as what was given with them. */
export function wholenessOf(cluster: ClusterObjects | undefined): Named['isWhole'] {
  if (!cluster) return undefined
  return (kind, namespace) =>
    incompleteObjects(cluster).every(
      part => part.kind !== (kind === 'services' ? 'pods' : kind) || (namespace !== undefined && !mayMiss(part, namespace)),
    )
}
