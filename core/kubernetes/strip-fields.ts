import {InternedStrings} from './intern-strings.ts'
import {isNpmPod} from './npm-pod.ts'
import type {ClusterObjects, ContainerPort, ContainerStatus, Namespace, NetworkPolicy, Node, ObjectMeta, Pod} from './objects.ts'
import {UNREADY} from './pod-readiness.ts'

/*
 * Keeps the fields of an object that network policy depends on, and nothing else: a pod of 6 kB becomes 0.2 kB. A field of a
 * wrong type is left out as if it were absent. An object without a name is left out as a whole. Of Azure NPM's own pods it is kept, too,
 * which release runs since when.
 *
 * Objects are read by hand, not with schemas. This runs for every object of a list and every event of a watch, and texts are
 * interned in the same pass that picks the fields. A schema would copy each object first, and the copy would have to be copied
 * again: 20,000 pods take 3 to 7 µs each in one pass, and 7 to 20 µs with a zod schema before it (Node 26, a busy machine of two
 * cores).
 */

/** One object for all such pods. */
const ONLY_UNREADY = [UNREADY]

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])

/** @returns undefined for an object without a name */
export type StripFields<Item> = (object: unknown, shared: InternedStrings) => Item | undefined

export const stripPod: StripFields<Pod> = (object, shared) => {
  const {metadata, spec, status} = fieldsOf(object)
  const meta = metaOf(metadata, shared)
  if (!meta) return undefined
  const {nodeName, hostNetwork, containers, initContainers} = fieldsOf(spec)
  const {phase, podIP, podIPs, conditions} = fieldsOf(status)
  const isNpm = isNpmPod(meta)
  const ports = isNpm
    ? listOf(containers).map(container => ({...imageOf(container), ...portsOf(container, shared)[0]}))
    : listOf(containers).flatMap(container => portsOf(container, shared))
  const sidecars = listOf(initContainers).filter(({restartPolicy}) => restartPolicy === 'Always')
  const sidecarPorts = sidecars.flatMap(container => portsOf(container, shared))
  // Only of use where the first address is no IPv4 one.
  const others = typeof podIP === 'string' && podIP.includes(':') ? addressesOf(podIPs) : []
  return {
    metadata: meta,
    spec: {
      ...(typeof nodeName === 'string' && {nodeName: shared.text(nodeName)}),
      ...(hostNetwork === true && {hostNetwork}),
      ...(ports.length > 0 && {containers: ports}),
      ...(sidecarPorts.length > 0 && {initContainers: sidecarPorts.map(each => ({restartPolicy: 'Always', ...each}))}),
    },
    status: {
      ...(typeof phase === 'string' && {phase: shared.text(phase)}),
      ...(typeof podIP === 'string' && {podIP}),
      ...(others.length > 0 && {podIPs: others}),
      ...(listOf(conditions).some(({type, status: is}) => type === UNREADY.type && is !== 'True') && {conditions: ONLY_UNREADY}),
      ...(isNpm && {containerStatuses: listOf(fieldsOf(status)['containerStatuses']).map(startOf)}),
    },
  }
}

/** The image without the registry that it comes from. */
const imageOf = ({image}: Fields): {image?: string} =>
  typeof image === 'string' ? {image: image.slice(image.lastIndexOf('/') + 1)} : {}

function startOf(container: Fields): ContainerStatus {
  const {startedAt} = fieldsOf(fieldsOf(container['state'])['running'])
  return {...imageOf(container), ...(typeof startedAt === 'string' && {state: {running: {startedAt}}})}
}

const addressesOf = (podIPs: unknown): {ip: string}[] => listOf(podIPs).flatMap(({ip}) => (typeof ip === 'string' ? [{ip}] : []))

/** A container with its ports, if it declares any. */
function portsOf(container: Fields, shared: InternedStrings): {ports: readonly ContainerPort[]}[] {
  const ports = listOf(container['ports']).flatMap(({name, containerPort, protocol}): ContainerPort[] =>
    typeof containerPort === 'number'
      ? [{...(typeof name === 'string' && {name}), containerPort, ...(typeof protocol === 'string' && {protocol})}]
      : [],
  )
  return ports.length === 0 ? [] : [{ports: shared.ports(ports)}]
}

export const stripNamespace: StripFields<Namespace> = (object, shared) => {
  const metadata = metaOf(fieldsOf(object)['metadata'], shared)
  return metadata && {metadata}
}

/** The API server has checked the shape of a spec, and every part of it means something. */
export const stripPolicy: StripFields<NetworkPolicy> = (object, shared) => {
  const {metadata, spec} = fieldsOf(object)
  const meta = metaOf(metadata, shared)
  if (!meta) return undefined
  const {creationTimestamp} = fieldsOf(metadata)
  return {metadata: {...meta, ...(typeof creationTimestamp === 'string' && {creationTimestamp})}, spec: fieldsOf(spec)}
}

export const stripNode: StripFields<Node> = (object, shared) => {
  const {metadata, spec, status} = fieldsOf(object)
  const meta = metaOf(metadata, shared)
  const {podCIDR} = fieldsOf(spec)
  const addresses = listOf(fieldsOf(status)['addresses']).flatMap(({type, address}) =>
    typeof type === 'string' && typeof address === 'string' ? [{type: shared.text(type), address}] : [],
  )
  return meta && {metadata: meta, ...(typeof podCIDR === 'string' && {spec: {podCIDR}}), status: {addresses}}
}

function metaOf(metadata: unknown, shared: InternedStrings): ObjectMeta | undefined {
  const {name, namespace, labels, deletionTimestamp, deletionGracePeriodSeconds} = fieldsOf(metadata)
  if (typeof name !== 'string' || name === '') return undefined
  return {
    name,
    ...(typeof namespace === 'string' && {namespace: shared.text(namespace)}),
    ...(isFields(labels) && {labels: shared.labels(labels)}),
    ...(typeof deletionTimestamp === 'string' && {deletionTimestamp}),
    ...(typeof deletionGracePeriodSeconds === 'number' && {deletionGracePeriodSeconds}),
  }
}

/**
 * The objects with the fields that network policy depends on, as an agent keeps them. Others, annotations and environment among them,
 * may hold secrets.
 */
export function stripObjects({
  namespaces,
  pods,
  policies,
  nodes,
  services,
  endpointSlices,
  given,
}: ClusterObjects): ClusterObjects {
  const shared = new InternedStrings()
  const all = <Item>(objects: readonly unknown[], strip: StripFields<Item>): Item[] =>
    objects.flatMap(object => strip(object, shared) ?? [])
  return {
    namespaces: all(namespaces, stripNamespace),
    pods: all(pods, stripPod),
    policies: all(policies, stripPolicy),
    nodes: all(nodes, stripNode),
    // These were read with the fields that count, and no others.
    ...(services && {services}),
    ...(endpointSlices && {endpointSlices}),
    ...(given && {given}),
  }
}
