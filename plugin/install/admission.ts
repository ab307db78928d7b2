import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'
import {type Applied, createObject} from './apply.ts'
import type {KubernetesObject} from './objects.ts'
import type {DaemonSet} from './render.ts'

/** The Pod that a DaemonSet would make. */
export function podOf({metadata: {namespace, name}, spec: {template}}: DaemonSet): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {...template.metadata, generateName: `${name}-`, ...(namespace !== undefined && {namespace})},
    spec: template.spec,
  }
}

/**
 * Asks whether pods of an agent or a relay would be admitted. What refuses pods (Pod Security, policies) lets their DaemonSet pass, with a
 * warning at most, and the pods never come: only a dry run of a Pod tells it beforehand.
 *
 * @throws InputError that says what refuses them and what to do
 */
export async function dryRunPod(api: ClusterApi, pod: KubernetesObject): Promise<Applied> {
  try {
    return await createObject(api, pod, {dryRun: true})
  } catch (error) {
    // A right that is missing is told as everywhere.
    if (!(error instanceof ApiError) || /cannot create resource "pods"/.test(error.message)) throw error
    throw new InputError(
      `pods ${pod.metadata.generateName}… would be refused: ${error.message}`,
      adviceFor(error.message, pod.metadata.namespace ?? ''),
    )
  }
}

function adviceFor(message: string, namespace: string): string {
  if (message.includes('violates PodSecurity'))
    return `Agents and relays need level "privileged", for host paths: kubectl label namespace ${namespace} --overwrite pod-security.kubernetes.io/enforce=privileged`
  if (/priority ?class/i.test(message))
    return `This cluster takes priority class system-node-critical only where a ResourceQuota names it (scopeSelector PriorityClass). Create one in namespace ${namespace}.`
  if (/ValidatingAdmissionPolicy|admission webhook|denied the request/.test(message))
    return `A policy of this cluster refuses them. Ask its owner to exempt namespace ${namespace}; kubectl npm install --explain says what agents need and why.`
  return "The API server's words say why. kubectl npm install --explain says what agents need and why."
}
