import {parseIpv4} from '../net/ipv4.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {incompleteObjects, mayMiss, plainPart} from './completeness.ts'
import {selects} from './label-selector.ts'
import {declaredPorts, protocolOf} from './named-ports.ts'
import {type ClusterObjects, type EndpointSlice, objectKey, type Pod, type Service, type ServicePort} from './objects.ts'
import {SERVICE_LABEL} from './read-services.ts'

/** One of the ends that get the packets of a service's port. */
export interface Backend {
  readonly address: string
  readonly port: number
  readonly pod?: Pod
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

/**
 * The ends to which kube-proxy sends what comes to a port of a service: those of its EndpointSlices that are ready, or without any such
 * those that still serve while they end. Where no slices were given, the pods that the selector selects, ready or not.
 *
 * Source: EndpointSlice conditions and pkg/proxy of Kubernetes; selectors as the endpoint controller reads them.
 *
 * @param port one of the service's, or a number that nobody translates, which is so behind a headless service
 */
export function backendsOf(service: Service, port: ServicePort | number, cluster: ClusterObjects): Backends {
  const byAddress = podsByAddress(cluster)
  if (cluster.endpointSlices) return ofSlices(slicesOf(service, cluster.endpointSlices), port, byAddress)
  const {selector} = service.spec
  const namespace = service.metadata.namespace ?? 'default'
  if (!selector || Object.keys(selector).length === 0)
    return {from: 'endpoints', backends: [], notReady: 0, incomplete: [NO_SLICES]}
  const pods = cluster.pods.filter(
    pod =>
      (pod.metadata.namespace ?? 'default') === namespace &&
      isRunning(pod) &&
      selects({matchLabels: selector}, pod.metadata.labels),
  )
  const incomplete = incompleteObjects(cluster).filter(part => part.kind === 'pods' && mayMiss(part, namespace))
  return {
    from: 'selector',
    backends: inOrder(pods.flatMap(pod => targetsOf(pod, port))),
    notReady: 0,
    incomplete: incomplete.map(plainPart),
  }
}

const NO_SLICES: IncompletePart = {
  part: 'EndpointSlices',
  state: 'absent',
  reason: 'the service selects no pods itself, and no EndpointSlices are in the input',
  next: SERVICES_NEXT,
}

const isRunning = ({status}: Pod): boolean =>
  status?.podIP !== undefined &&
  parseIpv4(status.podIP) !== undefined &&
  status.phase !== 'Succeeded' &&
  status.phase !== 'Failed'

export const slicesOf = ({metadata}: Service, slices: readonly EndpointSlice[]): EndpointSlice[] =>
  slices.filter(
    slice =>
      slice.metadata.labels?.[SERVICE_LABEL] === metadata.name &&
      (slice.metadata.namespace ?? 'default') === (metadata.namespace ?? 'default'),
  )

function ofSlices(slices: readonly EndpointSlice[], port: ServicePort | number, pods: ReadonlyMap<string, Pod>): Backends {
  const found = new Map<string, {readonly backend: Backend; readonly isReady: boolean; readonly isServing: boolean}>()
  for (const {endpoints, ports} of slices)
    for (const number of numbersIn(ports, port))
      for (const {addresses, conditions = {}} of endpoints)
        for (const address of addresses) {
          if (parseIpv4(address) === undefined) continue
          const pod = pods.get(address)
          const {ready, serving, terminating} = conditions
          // Unknown counts as ready.
          const isReady = ready ?? true
          const isServing = (serving ?? isReady) && terminating === true
          const key = `${address}:${number}`
          if (!found.get(key)?.isReady) found.set(key, {backend: {address, port: number, ...(pod && {pod})}, isReady, isServing})
        }
  const all = [...found.values()]
  const ready = all.filter(({isReady}) => isReady)
  const used = ready.length > 0 ? ready : all.filter(({isServing}) => isServing)
  return {
    from: 'endpoints',
    backends: inOrder(used.map(({backend}) => backend)),
    notReady: all.length - used.length,
    incomplete: [],
  }
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
  const address = pod.status?.podIP ?? ''
  if (typeof wanted === 'number') return [{address, port: wanted, pod}]
  const {port, targetPort = port} = wanted
  if (typeof targetPort === 'number') return [{address, port: targetPort === 0 ? port : targetPort, pod}]
  const declared = declaredPorts(pod).find(each => each.name === targetPort && protocolOf(each) === protocolOf(wanted))
  const number = declared?.containerPort ?? (/^\d+$/.test(targetPort) ? Number(targetPort) : undefined)
  return number === undefined ? [] : [{address, port: number, pod}]
}

/** Pods of the host's network share the address of their node: no name stands for it. */
function podsByAddress({pods}: ClusterObjects): Map<string, Pod> {
  return new Map(
    pods.flatMap(pod => (isRunning(pod) && pod.spec?.hostNetwork !== true ? [[pod.status?.podIP ?? '', pod] as const] : [])),
  )
}

const nameOf = ({pod, address}: Backend): string => (pod ? objectKey(pod) : address)

const inOrder = (backends: readonly Backend[]): Backend[] => backends.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
