import type {NodeState} from '../dataplane/dataplane.ts'
import {joinGiven} from '../kubernetes/completeness.ts'
import {type ClusterObjects, emptyCluster, type Node} from '../kubernetes/objects.ts'
import type {Scheme} from '../names/hash.ts'
import {setScheme} from '../names/kernel-name.ts'
import {InputError} from '../problem/input-error.ts'
import {type LintInput, type NodePlatform, nodePlatforms} from './lint.ts'

/**
 * Collects what is known of the cluster around the policies: objects, platforms of nodes, and the hash of names.
 *
 * @param dumps with the cluster's objects
 * @param nodes of which the files of the policies have more than objects
 * @param given objects from the files of the policies; they count as part of the cluster
 * @param node if given, only this node's platform and hash count
 * @param platform `linux`, `windows`, or `all` for the platforms of the nodes
 * @throws InputError when there is no such node
 */
export function clusterAround(
  {dumps, nodes: others = []}: {readonly dumps: readonly NodeState[]; readonly nodes?: readonly NodeState[]},
  given: ClusterObjects | undefined,
  node: string | undefined,
  platform: string,
): Omit<LintInput, 'policies'> {
  const around = dumps.find(dump => dump.cluster)?.cluster
  const known = around ?? emptyCluster()
  const whole = joinGiven([...(around ? [around] : []), ...(given ? [given] : [])])
  const cluster: ClusterObjects = {
    ...(whole && {given: whole}),
    policies: known.policies,
    namespaces: [...known.namespaces, ...(given?.namespaces ?? [])],
    pods: [...known.pods, ...(given?.pods ?? [])],
    nodes: [...known.nodes, ...(given?.nodes ?? [])],
  }
  const nodes = cluster.nodes.filter(({metadata}) => node === undefined || metadata.name === node)
  const dumped = [...dumps, ...others].filter(dump => node === undefined || dump.node === node)
  if (node !== undefined && nodes.length + dumped.length === 0)
    throw new InputError(
      `--node ${node}: nothing that was read is of such a node`,
      'Give its dump or the Node objects, with the policies or with --around.',
    )
  const scheme = schemeOf(dumped)
  const platforms = platform === 'all' ? platformsOf(nodes, dumped) : nodePlatforms.filter(each => each === platform)
  return {cluster, platforms, ...(scheme && {scheme})}
}

/** The platforms that nodes are known to have. A node that says nothing is one of Linux, as nearly all are. */
function platformsOf(nodes: readonly Node[], dumps: readonly NodeState[]): readonly NodePlatform[] {
  const ofNodes = nodes.map(({metadata}) => metadata.labels?.['kubernetes.io/os'] ?? USUAL)
  const ofDumps = dumps.filter(isNodeRead).map(({dataPlane}) => dataPlane.name)
  const systems = new Set<string>([...ofNodes, ...ofDumps])
  const known = nodePlatforms.filter(platform => systems.has(platform))
  return known.length > 0 ? known : [USUAL]
}

const USUAL: NodePlatform = 'linux'

const isNodeRead = ({completeness, sets}: NodeState): boolean => completeness.rules !== 'absent' || sets !== undefined

/** The scheme of the set names on the nodes, if all have the same. */
function schemeOf(dumps: readonly NodeState[]): Scheme | undefined {
  const schemes = new Set(dumps.flatMap(({sets}) => [...(sets?.keys() ?? [])].flatMap(name => setScheme(name) ?? [])))
  return schemes.size === 1 ? [...schemes][0] : undefined
}
