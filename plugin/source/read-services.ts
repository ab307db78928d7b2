import {z} from 'zod'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../core/kubernetes/read-objects.ts'
import {SERVICE_LABEL} from '../../core/kubernetes/read-services.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {listShape} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'

/** A service by its name. */
export interface NamedService {
  readonly namespace: string
  readonly name: string
}

/** Services with their endpoints, as the API server has them. */
export interface ReadServices {
  readonly objects: Required<Pick<ClusterObjects, 'services'>> & Pick<ClusterObjects, 'endpointSlices'>
  readonly problems: readonly Problem[]
}

const anyItems = listShape(z.looseObject({}))
const SLICES = '/apis/discovery.k8s.io/v1'

/**
 * Reads services and their EndpointSlices from the API server, with the person's own rights: agents do not know them. Without the right on
 * slices the services alone are there.
 *
 * @throws InputError when services cannot be read
 */
export async function readServices(
  api: ClusterApi,
  wanted: readonly NamedService[] | 'all',
  signal: AbortSignal,
): Promise<ReadServices> {
  const read = async (path: string, kind: string): Promise<ClusterObjects> => {
    const {items} = await api.get(path, anyItems, {signal})
    return readClusterObjects({kind: `${kind}List`, items}).objects
  }
  const places = wanted === 'all' ? [undefined] : wanted
  const services = await Promise.all(
    places.map(
      async place =>
        (await read(servicesPath('/api/v1', 'services', place, 'fieldSelector=metadata.name'), 'Service')).services ?? [],
    ),
  )
  try {
    const slices = await Promise.all(
      places.map(
        async place =>
          (await read(servicesPath(SLICES, 'endpointslices', place, `labelSelector=${SERVICE_LABEL}`), 'EndpointSlice'))
            .endpointSlices ?? [],
      ),
    )
    return {objects: {services: services.flat(), endpointSlices: slices.flat()}, problems: []}
  } catch (error) {
    if (signal.aborted || !(error instanceof InputError)) throw error
    const {message, next} = error
    const problem: Problem = {code: 'INCOMPLETE_OBJECTS', message: `EndpointSlices could not be read: ${message}`, next}
    return {objects: {services: services.flat()}, problems: [problem]}
  }
}

function servicesPath(group: string, resource: string, place: NamedService | undefined, by: string): string {
  if (!place) return `${group}/${resource}`
  const [parameter = '', key = ''] = by.split('=')
  const query = `${parameter}=${encodeURIComponent(`${key}=${place.name}`)}`
  return `${group}/namespaces/${encodeURIComponent(place.namespace)}/${resource}?${query}`
}
