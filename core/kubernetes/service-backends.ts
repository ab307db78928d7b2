import {parseIpv4} from '../net/ipv4.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {incompleteObjects, mayMiss, plainPart} from './completeness.ts'
import {selects} from './label-selector.ts'
import {declaredPorts, protocolOf} from './named-ports.ts'
import {type ClusterObjects, type EndpointSlice, objectKey, type Pod, type Service, type ServicePort} from './objects.ts'
import {isUnready} from './pod-readiness.ts'
import {SERVICE_LABEL} from './read-services.ts'

/** One of the ends that get the packets of a service's port. */
export interface Backend {
  readonly address: string
  readonly port: number
  readonly pod?: Pod
  /** The node on which it is, where the input tells. */
  readonly node?: string
}

/** The ends of a service's port, as far as the input tells. */
export interface Backends {
  /** What tells them. */
  readonly from: 'endpoints' | 'selector'
  /** Those that get packets, in the order of their pods' names. */
  readonly backends: readonly Backend[]
  /** How many more there are that are not ready, and get none. */
  readonly notReady: number
  /** What is not whole, so that there may be others. */
  readonly incomplete: readonly IncompletePart[]
}

export const SERVICES_NEXT =
  'Take them, too: kubectl get services,endpointslices -A -o json > services.json, then --from services.json'

/** The IPv4 addresses under which pods reach a service. Headless ones have none. */
export const clusterAddresses = ({spec: {clusterIP, clusterIPs = []}}: Service): string[] =>
  [...new Set([...(clusterIP === undefined ? [] : [clusterIP]), ...clusterIPs])].filter(
    address => parseIpv4(address) !== undefined,
  )

export const isHeadless = ({spec: {clusterIP, clusterIPs = []}}: Service): boolean =>
  clusterIP === 'None' || clusterIPs.includes('None')

/** The service that has a cluster address. */
export const serviceAt = (services: readonly Service[], address: string): Service | undefined =>
  services.find(service => clusterAddresses(service).includes(address))

/** Whether only pods of the sender's own node get what is sent to a cluster address. */
export const isNodeLocal = (service: Service): boolean => service.spec.internalTrafficPolicy === 'Local' && !isHeadless(service)

/**
 * The ends to which kube-proxy sends what comes to a port of a service: those of its EndpointSlices that are ready, or without any such
 * those that still serve while they end. Where none of its slices was given, the pods that the selector selects, as far as they say
 * themselves whether they are ready: a service with a selector always has a slice.
 *
 * Source: EndpointSlice conditions and pkg/proxy of Kubernetes; selectors as the endpoint controller reads them.
 *
 * @param port one of the service's, or a number that nobody translates, which is so behind a headless service
 * @param node the ends on this node alone, for services that choose no other
 */
export function backendsOf(service: Service, port: ServicePort | number, cluster: ClusterObjects, node?: string): Backends {
  const {selector = {}} = service.spec
  const hasSelector = Object.keys(selector).length > 0
  const slices = slicesOf(service, cluster.endpointSlices ?? [])
  if (slices.length > 0 || (cluster.endpointSlices && !hasSelector))
    return {from: 'endpoints', ...used(endsOfSlices(slices, port, new PodsAt(cluster)), node), incomplete: []}
  if (!hasSelector) return {from: 'endpoints', backends: [], notReady: 0, incomplete: [NO_SLICES]}
  const namespace = service.metadata.namespace ?? 'default'
  const pods = cluster.pods.filter(
    pod =>
      (pod.metadata.namespace ?? 'default') === namespace &&
      isRunning(pod) &&
      selects({matchLabels: selector}, pod.metadata.labels),
  )
  const isAlwaysReady = service.spec.publishNotReadyAddresses === true
  const found = pods.flatMap(pod => {
    const isServing = isAlwaysReady || !isUnready(pod)
    const isEnding = pod.metadata.deletionTimestamp !== undefined
    const isReady = isAlwaysReady || (isServing && !isEnding)
    return targetsOf(pod, port).map(backend => ({backend, isReady, isServing: isServing && isEnding}))
  })
  const incomplete = incompleteObjects(cluster).filter(part => part.kind === 'pods' && mayMiss(part, namespace))
  return {from: 'selector', ...used(found, node), incomplete: incomplete.map(plainPart)}
}

/** An end with what decides whether it gets packets. */
interface FoundEnd {
  readonly backend: Backend
  readonly isReady: boolean
  /** While it ends. */
  readonly isServing: boolean
}

/** The ends that get packets. */
function used(all: readonly FoundEnd[], node: string | undefined): Pick<Backends, 'backends' | 'notReady'> {
  const here = node === undefined ? all : all.filter(({backend}) => backend.node === node)
  const ready = here.filter(({isReady}) => isReady)
  const chosen = ready.length > 0 ? ready : here.filter(({isServing}) => isServing)
  return {backends: inOrder(chosen.map(({backend}) => backend)), notReady: here.length - chosen.length}
}

const NO_SLICES: IncompletePart = {
  part: 'EndpointSlices',
  state: 'absent',
  reason: 'the service selects no pods itself, and no EndpointSlices are in the input',
  next: SERVICES_NEXT,
}

/** The address under which a service of IPv4 finds a pod: the first of that family. */
function addressOf({status}: Pod): string | undefined {
  const {podIP, podIPs = []} = status ?? {}
  return [podIP, ...podIPs.map(({ip}) => ip)].find(ip => ip !== undefined && parseIpv4(ip) !== undefined)
}

const isRunning = (pod: Pod): boolean =>
  addressOf(pod) !== undefined && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'

const slicesOf = ({metadata}: Service, slices: readonly EndpointSlice[]): EndpointSlice[] =>
  slices.filter(
    slice =>
      slice.metadata.labels?.[SERVICE_LABEL] === metadata.name &&
      (slice.metadata.namespace ?? 'default') === (metadata.namespace ?? 'default'),
  )

function endsOfSlices(slices: readonly EndpointSlice[], port: ServicePort | number, pods: PodsAt): FoundEnd[] {
  const found = new Map<string, FoundEnd>()
  for (const {metadata, endpoints, ports} of slices)
    for (const number of numbersIn(ports, port))
      for (const {addresses, conditions = {}, targetRef, nodeName} of endpoints)
        for (const address of addresses) {
          if (parseIpv4(address) === undefined) continue
          const pod = pods.of(address, targetRef?.kind === 'Pod' ? {namespace: metadata.namespace, ...targetRef} : undefined)
          const node = nodeName ?? pods.nodeOf(address)
          const {ready, serving, terminating} = conditions
          // Unknown counts as ready.
          const isReady = ready ?? true
          const isServing = (serving ?? isReady) && terminating === true
          const key = `${address}:${number}`
          const backend = {address, port: number, ...(pod && {pod}), ...(node !== undefined && {node})}
          if (!found.get(key)?.isReady) found.set(key, {backend, isReady, isServing})
        }
  return [...found.values()]
}

/** The numbers that a slice has for a port of its service. */
function numbersIn(ports: EndpointSlice['ports'], wanted: ServicePort | number): readonly number[] {
  if (typeof wanted === 'number') return [wanted]
  const {name = ''} = wanted
  return ports.flatMap(each => {
    const isIt = (each.name ?? '') === name && protocolOf(each) === protocolOf(wanted)
    return isIt && each.port !== undefined ? [each.port] : []
  })
}

/** Where a port of a service leads at a pod; nowhere when it has no port of the name. */
function targetsOf(pod: Pod, wanted: ServicePort | number): Backend[] {
  const node = pod.spec?.nodeName
  const at = {address: addressOf(pod) ?? '', pod, ...(node !== undefined && {node})}
  if (typeof wanted === 'number') return [{...at, port: wanted}]
  const {port, targetPort = port} = wanted
  if (typeof targetPort === 'number') return [{...at, port: targetPort === 0 ? port : targetPort}]
  const declared = declaredPorts(pod).find(each => each.name === targetPort && protocolOf(each) === protocolOf(wanted))
  const number = declared?.containerPort ?? (/^\d+$/.test(targetPort) ? Number(targetPort) : undefined)
  return number === undefined ? [] : [{...at, port: number}]
}

/** The pods at addresses. Pods of the host's network share the address of their node: no name stands for it. */
class PodsAt {
  private readonly pods = new Map<string, Pod[]>()

  constructor({pods}: ClusterObjects) {
    for (const pod of pods) {
      if (!isRunning(pod)) continue
      const address = addressOf(pod) ?? ''
      this.pods.set(address, [...(this.pods.get(address) ?? []), pod])
    }
  }

  /** The pod that is meant, where several have the address: the one that the slice names, or none. */
  of(address: string, named: {readonly namespace?: string | undefined; readonly name?: string} | undefined): Pod | undefined {
    const all = (this.pods.get(address) ?? []).filter(({spec}) => spec?.hostNetwork !== true)
    if (all.length === 1) return all[0]
    return all.find(({metadata}) => metadata.name === named?.name && (metadata.namespace ?? 'default') === named.namespace)
  }

  /** The node of all pods at an address. */
  nodeOf(address: string): string | undefined {
    const [node, ...others] = new Set((this.pods.get(address) ?? []).map(({spec}) => spec?.nodeName))
    return others.length === 0 ? node : undefined
  }
}

const nameOf = ({pod, address}: Backend): string => (pod ? objectKey(pod) : address)

const inOrder = (backends: readonly Backend[]): Backend[] => backends.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
