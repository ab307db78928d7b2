import type {ClusterApi} from '../kubernetes/api.ts'
import {apiErrorOf} from '../kubernetes/api-error.ts'
import {type KubernetesObject, objectPath} from './objects.ts'

/**
 * Deletes one object, and in the background what belongs to it.
 *
 * @param object as it was read: a new one of its name is another's, and stays
 * @returns whether it was there
 * @throws ApiError for any refusal
 */
export async function removeObject(api: ClusterApi, object: Pick<KubernetesObject, 'kind' | 'metadata'>): Promise<boolean> {
  const path = objectPath(object)
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: {uid: object.metadata.uid},
    propagationPolicy: 'Background',
  }
  const {status, body: answer} = await api.request('DELETE', path, {body})
  if (status === 404) return false
  if (status >= 400) throw apiErrorOf(status, answer, {method: 'DELETE', path, agentNamespace: api.agentNamespace})
  return true
}
