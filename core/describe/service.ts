import type {Description} from '../contract/description.ts'
import {protocolOf} from '../kubernetes/named-ports.ts'
import {emptyCluster, objectKey, type Pod, type Service} from '../kubernetes/objects.ts'
import {type Backends, backendsOf, clusterAddresses, isHeadless} from '../kubernetes/service-backends.ts'
import type {Knowledge} from './knowledge.ts'

/** A service with what is behind each of its ports. */
export interface DescribedService {
  readonly document: NonNullable<Description['service']>
  /** Behind any of its ports. */
  readonly pods: readonly Pod[]
  readonly incomplete: Backends['incomplete']
}

/** Tells which ports of which pods a service leads to. */
export function describeService(service: Service, {cluster = emptyCluster()}: Pick<Knowledge, 'cluster'>): DescribedService {
  const {type = 'ClusterIP', externalName, selector, ports = []} = service.spec
  const found = ports.map(port => ({port, ...backendsOf(service, port, cluster)}))
  // One without ports has addresses all the same.
  const all = found.length > 0 || !isHeadless(service) ? found : [backendsOf(service, 0, cluster)]
  const pods = new Set(all.flatMap(({backends}) => backends.flatMap(({pod}) => pod ?? [])))
  return {
    document: {
      type,
      addresses: clusterAddresses(service),
      headless: isHeadless(service),
      ...(externalName !== undefined && {externalName}),
      ...(selector && {selector}),
      from: all[0]?.from ?? 'endpoints',
      ports: found.map(({port, backends, notReady}) => ({
        port: port.port,
        ...(port.name !== undefined && port.name !== '' && {name: port.name}),
        protocol: protocolOf(port),
        ...(port.targetPort !== undefined && {targetPort: port.targetPort}),
        backends: backends.map(({address, port: number, pod}) => ({address, port: number, ...(pod && {pod: objectKey(pod)})})),
        notReady,
      })),
    },
    pods: [...pods],
    incomplete: all.flatMap(({incomplete}) => incomplete).slice(0, 1),
  }
}
