import {join} from 'node:path'
import {WINDOWS_AGENT_LABEL} from '../../core/contract/pod-labels.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import {metadataListShape} from '../kubernetes/answer-shapes.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'
import {METADATA_LIST} from '../kubernetes/metadata-list.ts'

const WINDOWS_NODES = '/api/v1/nodes?labelSelector=kubernetes.io%2Fos%3Dwindows'

/**
 * What to say of Windows nodes without an agent: `install` leaves them out, as an agent opens more there.
 *
 * @param root folder of the executable; the manifests lie in it
 * @returns undefined when there is no such node, and for who may not see it
 */
export async function adviceForWindows(api: ClusterApi, root: string, signal: AbortSignal): Promise<string | undefined> {
  const options = {accept: METADATA_LIST, signal}
  const selector = encodeURIComponent(`${WINDOWS_AGENT_LABEL.key}=${WINDOWS_AGENT_LABEL.value}`)
  const own = `/apis/apps/v1/namespaces/${encodeURIComponent(api.agentNamespace)}/daemonsets?labelSelector=${selector}`
  try {
    const {items: nodes} = await api.get(WINDOWS_NODES, metadataListShape, options)
    if (nodes.length === 0 || (await api.get(own, metadataListShape, options)).items.length > 0) return undefined
    const which = nodes.length === 1 ? `Windows node ${nodes[0]?.metadata.name} has` : `${nodes.length} Windows nodes have`
    return `${which} no agent, which would open more than one of Linux does (docs/windows.md): kubectl apply --server-side -k ${shellWord(join(root, 'manifests', 'overlays', 'windows'))}`
  } catch (error) {
    // It is said beside what was done, and nothing rests on it.
    if (error instanceof ApiError) return undefined
    throw error
  }
}
