import {documentRow, documentsFor} from '../../core/contract/node-documents.ts'
import {type FoundAgents, findAgents, type RelayPod} from '../agents/agents.ts'
import {Agents} from '../agents/connect.ts'
import {readNode} from '../agents/read-snapshot.ts'
import {metadataListShape} from '../kubernetes/answer-shapes.ts'
import {type ClusterApi, openClusterApi} from '../kubernetes/api.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import {METADATA_LIST} from '../kubernetes/metadata-list.ts'
import {type NamedDumps, namesIn, readForNames} from './dump-names.ts'
import type {SourceKind, Suggestion} from './names.ts'

/** What an agent is asked for. Members of sets, the greater part of a node, have no names. */
const OBJECTS = documentsFor('objects')
const RULES = documentsFor('rules', 'objects').filter(name => documentRow(name).content !== 'ipset-save')

/** Where the API server has what no agent could tell. */
const LISTS: Partial<Record<SourceKind, string>> = {
  node: '/api/v1/nodes',
  clusterNode: '/api/v1/nodes',
  namespace: '/api/v1/namespaces',
  pod: '/api/v1/pods',
  service: '/api/v1/services',
  policy: '/apis/networking.k8s.io/v1/networkpolicies',
}

/**
 * Names in a cluster. Agents know them without rights on pods and in less time than the API server; it is asked where no agent
 * answers.
 *
 * @param nodes those that the command line names already
 * @throws InputError
 */
export async function findInCluster(
  kinds: readonly SourceKind[],
  prefix: string,
  flags: ClusterFlags,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<Suggestion[]> {
  await using api = await openClusterApi(flags, signal, {isUnattended: true})
  const agents = kinds.every(kind => kind === 'clusterNode')
    ? undefined
    : await findAgents(api, {}, signal).catch(() => undefined)
  const told = await askAgent(api, agents, kinds, nodes, signal).catch(() => undefined)
  const found = await Promise.all(
    kinds.map(async kind => {
      const names = kind === 'node' ? nodesOf(agents) : told ? namesIn(told, kind, prefix) : []
      return names.length > 0 ? names : await listNames(api, kind, prefix, signal).catch(() => [])
    }),
  )
  return found.flat()
}

const nodesOf = (agents: FoundAgents | undefined): Suggestion[] =>
  [...(agents?.ready ?? []), ...(agents?.absent ?? [])].map(({node}) => ({text: node}))

async function askAgent(
  api: ClusterApi,
  agents: FoundAgents | undefined,
  kinds: readonly SourceKind[],
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<NamedDumps | undefined> {
  const pod = chosenAgent(agents?.ready ?? [], nodes)
  if (!pod || kinds.every(kind => kind === 'node' || kind === 'clusterNode')) return undefined
  await using agent = await new Agents(api).connect(pod, signal)
  const needsRules = kinds.includes('set') || kinds.includes('chain')
  const {documents} = await readNode(agent, needsRules ? RULES : OBJECTS, signal)
  return readForNames(documents)
}

/** Any node will do when none is named: they hold nearly the same sets and policies. */
const chosenAgent = (ready: readonly RelayPod[], nodes: readonly string[]): RelayPod | undefined =>
  nodes.length === 0 ? ready[0] : ready.find(({node}) => nodes.includes(node))

async function listNames(api: ClusterApi, kind: SourceKind, prefix: string, signal: AbortSignal): Promise<Suggestion[]> {
  const list = LISTS[kind]
  if (list === undefined) return []
  const isInNamespace = kind === 'pod' || kind === 'policy' || kind === 'service'
  const [namespace] = isInNamespace && prefix.includes('/') ? prefix.split('/') : []
  const path = namespace === undefined ? list : list.replace(/[^/]*$/, `namespaces/${encodeURIComponent(namespace)}/$&`)
  const {items} = await api.get(path, metadataListShape, {signal, accept: METADATA_LIST})
  return items.map(({metadata: {name, namespace: its}}) => ({text: isInNamespace ? `${its}/${name}` : name}))
}
