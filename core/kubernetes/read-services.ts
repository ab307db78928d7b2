import type {EndpointSlice, Labels, ObjectMeta, Service, ServicePort} from './objects.ts'
import {isFields, type Unread} from './unread.ts'

/** The label by which an EndpointSlice says of which service it is. Source: k8s.io/api/discovery/v1. */
export const SERVICE_LABEL = 'kubernetes.io/service-name'

/** Kinds that are about services, with the groups that serve them. */
const groups = {Service: '', Endpoints: '', EndpointSlice: 'discovery.k8s.io'} as const

/** An object about services, with the fields that answers depend on and no others. */
export type ServiceObject = {readonly service: Service} | {readonly slices: readonly EndpointSlice[]}

const fieldsOf = (value: unknown): Unread => (isFields(value) ? value : {})
const listOf = (value: unknown): Unread[] => (Array.isArray(value) ? value.filter(isFields) : [])
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter(each => typeof each === 'string') : [])
/** A field of a wrong type is as good as none. */
const texts = <Name extends string>(fields: Unread, ...names: readonly Name[]): {readonly [Each in Name]?: string} =>
  Object.fromEntries(names.flatMap(name => (typeof fields[name] === 'string' ? [[name, fields[name]]] : []))) as {
    [Each in Name]?: string
  }

/**
 * Reads a Service, an EndpointSlice or Endpoints. Each subset of Endpoints becomes a slice.
 *
 * @returns undefined for an object of another kind, and for one without a name
 */
export function readServiceObject(object: Unread, kind: string, apiVersion: string | undefined): ServiceObject | undefined {
  if (!Object.hasOwn(groups, kind)) return undefined
  const known = kind as keyof typeof groups
  if (apiVersion !== undefined && groupOf(apiVersion) !== groups[known]) return undefined
  const {name, namespace, labels} = fieldsOf(object['metadata'])
  if (typeof name !== 'string' || name === '') return undefined
  const of: ObjectMeta = {name, namespace: typeof namespace === 'string' ? namespace : 'default'}
  if (known === 'Service')
    return {service: {metadata: of, spec: serviceSpec(fieldsOf(object['spec'])), ...balancerOf(fieldsOf(object['status']))}}
  const service = known === 'Endpoints' ? name : fieldsOf(labels)[SERVICE_LABEL]
  if (typeof service !== 'string') return undefined
  const metadata = {...of, labels: {[SERVICE_LABEL]: service}}
  // Subsets have ports of their own. Without any, there are no endpoints, which is known all the same.
  const subsets = listOf(object['subsets'])
  if (known === 'Endpoints')
    return {slices: (subsets.length > 0 ? subsets : [{}]).map(subset => ({metadata, ...subsetOf(subset)}))}
  const slice = {
    metadata,
    ...texts(object, 'addressType'),
    endpoints: listOf(object['endpoints']).map(endpointOf),
    ports: portsOf(object['ports']),
  }
  return {slices: [slice]}
}

const groupOf = (apiVersion: string): string => {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}

function serviceSpec(spec: Unread): Service['spec'] {
  const {clusterIPs, externalIPs, selector, ports} = spec
  return {
    ...texts(spec, 'type', 'clusterIP', 'externalName', 'internalTrafficPolicy'),
    ...(Array.isArray(clusterIPs) && {clusterIPs: textsOf(clusterIPs)}),
    ...(Array.isArray(externalIPs) && {externalIPs: textsOf(externalIPs)}),
    ...(spec['publishNotReadyAddresses'] === true && {publishNotReadyAddresses: true}),
    ...(isFields(selector) && {selector: labelsOf(selector)}),
    ports: listOf(ports).flatMap((port): ServicePort[] => {
      const {port: number, targetPort, nodePort} = port
      if (typeof number !== 'number') return []
      const isTarget = typeof targetPort === 'number' || typeof targetPort === 'string'
      return [
        {
          port: number,
          ...texts(port, 'name', 'protocol'),
          ...(isTarget && {targetPort}),
          ...(typeof nodePort === 'number' && {nodePort}),
        },
      ]
    }),
  }
}

/** The addresses of a load balancer; of one that is known by a name only there are none. */
function balancerOf(status: Unread): Pick<Service, 'status'> {
  const ingress = listOf(fieldsOf(status['loadBalancer'])['ingress']).flatMap(({ip}) => (typeof ip === 'string' ? [{ip}] : []))
  return ingress.length > 0 ? {status: {loadBalancer: {ingress}}} : {}
}

const labelsOf = (labels: Unread): Labels =>
  Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

function endpointOf({addresses, conditions, targetRef, nodeName}: Unread): EndpointSlice['endpoints'][number] {
  const told = Object.entries(fieldsOf(conditions)).filter(([, value]) => typeof value === 'boolean')
  const known = Object.fromEntries(told.filter(([name]) => CONDITIONS.has(name)))
  return {
    addresses: textsOf(addresses),
    ...(Object.keys(known).length > 0 && {conditions: known}),
    ...(isFields(targetRef) && {targetRef: texts(targetRef, 'kind', 'namespace', 'name')}),
    ...(typeof nodeName === 'string' && {nodeName}),
  }
}

const CONDITIONS = new Set(['ready', 'serving', 'terminating'])

const portsOf = (ports: unknown): EndpointSlice['ports'] =>
  listOf(ports).map(port => ({
    ...texts(port, 'name', 'protocol'),
    ...(typeof port['port'] === 'number' && {port: port['port']}),
  }))

function subsetOf({addresses, notReadyAddresses, ports}: Unread): Pick<EndpointSlice, 'endpoints' | 'ports'> {
  const endpoints = ([true, false] as const).flatMap(ready =>
    listOf(ready ? addresses : notReadyAddresses).map(address =>
      endpointOf({...address, addresses: [address['ip']], conditions: {ready}}),
    ),
  )
  return {endpoints, ports: portsOf(ports)}
}
