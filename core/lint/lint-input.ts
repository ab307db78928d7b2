import type {NodeState} from '../dataplane/dataplane.ts'
import {type ClusterObjects, emptyCluster, type Node} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import {setScheme} from '../names/kernel-name.ts'
import {InputError} from '../problem/input-error.ts'
import {type LintInput, type NodePlatform, nodePlatforms} from './lint.ts'

/**
 * What is known of the cluster around the policies: its objects, the platforms of its nodes, and how they hash names.
 *
 * @param given objects that stand beside the policies; they are in the cluster when the policies are
 * @throws InputError when there is no such node
 */
export function clusterAround(
  dumps: readonly NodeState[],
  given: ClusterObjects | undefined,
  node: string | undefined,
  platform: string,
): Omit<LintInput, 'policies'> {
  const known = dumps.find(dump => dump.cluster)?.cluster ?? emptyCluster()
  const cluster: ClusterObjects = {
    policies: known.policies,
    namespaces: [...known.namespaces, ...(given?.namespaces ?? [])],
    pods: [...known.pods, ...(given?.pods ?? [])],
    nodes: [...known.nodes, ...(given?.nodes ?? [])],
  }
  const nodes = cluster.nodes.filter(({metadata}) => node === undefined || metadata.name === node)
  const dumped = dumps.filter(dump => node === undefined || dump.node === node)
  if (node !== undefined && nodes.length + dumped.length === 0)
    throw new InputError(
      `--node ${node}: nothing that was read is of such a node`,
      'Give its dump or the Node objects with --from.',
    )
  const scheme = schemeOf(dumped)
  const platforms = platform === 'all' ? platformsOf(nodes) : nodePlatforms.filter(each => each === platform)
  return {cluster, platforms, ...(scheme && {scheme})}
}

/** A cluster that is known to have no Windows nodes need not hear of them. */
function platformsOf(nodes: readonly Node[]): readonly NodePlatform[] {
  const systems = new Set(nodes.map(({metadata}) => metadata.labels?.['kubernetes.io/os'] ?? 'unknown'))
  if (systems.size === 0 || systems.has('unknown')) return nodePlatforms
  return nodePlatforms.filter(platform => systems.has(platform))
}

/** The scheme of the names that are on the nodes, if it is one. */
function schemeOf(dumps: readonly NodeState[]): Scheme | undefined {
  const schemes = new Set(dumps.flatMap(({sets}) => [...(sets?.keys() ?? [])].flatMap(name => setScheme(name) ?? [])))
  return schemes.size === 1 ? [...schemes][0] : undefined
}
