import {z} from 'zod'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {openClusterApi} from '../kubernetes/api.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'

const KINDS = [
  ['Namespace', '/api/v1/namespaces'],
  ['Pod', '/api/v1/pods'],
  ['Node', '/api/v1/nodes'],
  ['NetworkPolicy', '/apis/networking.k8s.io/v1/networkpolicies'],
] as const

/** Objects of one answer: a large cluster's do not fit into one. */
const AT_ONCE = 500

const listShape = z.object({
  metadata: z.object({continue: z.string().exactOptional()}).exactOptional(),
  items: z.array(z.record(z.string(), z.unknown())),
})

/**
 * The objects of a cluster that policies depend on, from the API server, as whoever runs this may read them.
 *
 * @throws InputError when the API server cannot be reached or refuses
 */
export async function readLiveObjects(
  flags: ClusterFlags,
  signal: AbortSignal,
): Promise<{readonly dumps: readonly NodeState[]; readonly problems: readonly Problem[]}> {
  await using api = await openClusterApi(flags, signal)
  const items: unknown[] = []
  for (const [kind, path] of KINDS) {
    let next: string | undefined
    do {
      const query = new URLSearchParams({limit: String(AT_ONCE), ...(next !== undefined && {continue: next})})
      const {metadata, items: found} = await api.get(`${path}?${query.toString()}`, listShape)
      // Items of a list do not say what they are.
      for (const item of found) items.push({...item, kind})
      next = metadata?.continue || undefined
    } while (next !== undefined)
  }
  const text = JSON.stringify({apiVersion: 'v1', kind: 'List', items})
  const {nodes, problems} = await readDump([{name: 'the cluster', folder: 'cluster', text: [text]}])
  return {dumps: nodes, problems}
}
