import type {ClusterObjects, EndpointSlice, Service} from '../kubernetes/objects.ts'
import {SERVICE_LABEL} from '../kubernetes/read-services.ts'
import type {Renamer} from './renamer.ts'

type Served = Pick<ClusterObjects, 'services' | 'endpointSlices'>

/** A word of a closed list; any other becomes `redacted`. */
const oneOf = (word: string, words: readonly string[]): string => (words.includes(word) ? word : 'redacted')
const PROTOCOLS = ['TCP', 'UDP', 'SCTP']
const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']

/**
 * Renames services and their endpoints.
 *
 * @param address the new text of an address, or of what should be one
 */
export function renameServices({services, endpointSlices}: Served, renamer: Renamer, address: (text: string) => string): Served {
  const {word, port: portName, key} = renamer
  const labels = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [key(name), word(value)]))
  const meta = ({name, namespace}: Service['metadata']) => ({name: word(name), namespace: word(namespace ?? 'default')})
  const portOf = ({name, protocol}: {readonly name?: string; readonly protocol?: string}) => ({
    ...(name !== undefined && {name: name === '' ? '' : portName(name)}),
    ...(protocol !== undefined && {protocol: oneOf(protocol, PROTOCOLS)}),
  })
  const service = ({metadata, spec, status}: Service): Service => ({
    metadata: meta(metadata),
    spec: {
      ...(spec.type !== undefined && {type: oneOf(spec.type, TYPES)}),
      ...(spec.clusterIP !== undefined && {clusterIP: clusterAddress(spec.clusterIP, address)}),
      ...(spec.clusterIPs && {clusterIPs: spec.clusterIPs.map(each => clusterAddress(each, address))}),
      ...(spec.externalName !== undefined && {externalName: 'redacted'}),
      ...(spec.selector && {selector: labels(spec.selector)}),
      ...(spec.internalTrafficPolicy !== undefined && {
        internalTrafficPolicy: oneOf(spec.internalTrafficPolicy, ['Cluster', 'Local']),
      }),
      ...(spec.publishNotReadyAddresses !== undefined && {publishNotReadyAddresses: spec.publishNotReadyAddresses}),
      ...(spec.externalIPs && {externalIPs: spec.externalIPs.map(address)}),
      ports: (spec.ports ?? []).map(port => ({
        port: port.port,
        ...portOf(port),
        ...(port.nodePort !== undefined && {nodePort: port.nodePort}),
        ...(port.targetPort !== undefined && {
          targetPort: typeof port.targetPort === 'string' ? portName(port.targetPort) : port.targetPort,
        }),
      })),
    },
    ...(status?.loadBalancer?.ingress && {
      status: {loadBalancer: {ingress: status.loadBalancer.ingress.map(({ip}) => (ip === undefined ? {} : {ip: address(ip)}))}},
    }),
  })
  const slice = ({metadata, addressType, endpoints, ports}: EndpointSlice): EndpointSlice => ({
    metadata: {...meta(metadata), labels: {[SERVICE_LABEL]: word(metadata.labels?.[SERVICE_LABEL] ?? '')}},
    ...(addressType !== undefined && {addressType: oneOf(addressType, ['IPv4', 'IPv6', 'FQDN'])}),
    endpoints: endpoints.map(({addresses, conditions, targetRef, nodeName}) => ({
      addresses: addresses.map(address),
      ...(conditions && {conditions}),
      ...(targetRef && {
        targetRef: {
          ...(targetRef.kind !== undefined && {kind: oneOf(targetRef.kind, ['Pod', 'Node'])}),
          ...(targetRef.namespace !== undefined && {namespace: word(targetRef.namespace)}),
          ...(targetRef.name !== undefined && {name: word(targetRef.name)}),
        },
      }),
      ...(nodeName !== undefined && {nodeName: word(nodeName)}),
    })),
    ports: ports.map(port => ({...portOf(port), ...(port.port !== undefined && {port: port.port})})),
  })
  return {
    ...(services && {services: services.map(service)}),
    ...(endpointSlices && {endpointSlices: endpointSlices.map(slice)}),
  }
}

const clusterAddress = (text: string, address: (text: string) => string): string =>
  text === 'None' || text === '' ? text : address(text)
