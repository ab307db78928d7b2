import type {NodeFailure} from '../../core/contract/common.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {ACCEPTED} from '../../core/dump/document-kind.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import {findNamed, wholenessOf} from '../../core/kubernetes/named-end.ts'
import {objectKey, type Pod} from '../../core/kubernetes/objects.ts'
import {InputError, NotFoundError, unknownName} from '../../core/problem/input-error.ts'
import {type Problem, unreadCodes} from '../../core/problem/problem.ts'
import {meant} from '../../core/text/nearest.ts'
import type {NodeChoice} from '../agents/agents.ts'
import type {Waiting} from '../agents/each-node.ts'
import {type LocalReads, requireRoot, services} from '../services.ts'
import type {Further, Wanted} from './read-cluster.ts'
import {readFiles} from './read-files.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from './source-flags.ts'
import {requireRead} from './unread-node.ts'

/** All dumps that the flags name, and what is wrong with the input as a whole. */
export interface Source {
  readonly dumps: readonly NodeState[]
  readonly problems: readonly Problem[]
  /** Nodes that are known by name only, because they could not be read. */
  readonly failures: readonly NodeFailure[]
  /** Whether names and addresses stand for others. */
  readonly isRedacted?: boolean
}

/**
 * Opens what the flags name: files, this machine, or else nodes of a cluster.
 *
 * @param wanted which nodes of a cluster; of files it is all that they hold
 * @param further the nodes' connections, which agents tell operators only, services, and whether this node may be written to
 * @throws InputError when there is nothing that could be answered from
 */
export async function openSource(
  flags: SourceFlags,
  waiting: Waiting,
  wanted: Wanted = 'one',
  further: Further & LocalReads = {},
): Promise<Source> {
  const {signal} = waiting
  const {local, from = []} = flags
  if (isLive(flags)) {
    const cluster = clusterFlagsOf(flags)
    const {readCluster} = await import('./read-cluster.ts')
    const reading = await readCluster(cluster, waiting, wanted, further)
    // What follows is computed, and nobody waits for it any more.
    signal.throwIfAborted()
    return reading
  }
  const given = from.length > 0 ? await readFiles(from) : {documents: [], problems: []}
  if (!local) return chosen(named(await readGiven(given), flags), flags)
  requireRoot('reads the kernel')
  const {withConnections = false, isBeforeWrite = false} = further
  const reading = await services().readLocal(signal, {withConnections, isBeforeWrite})
  // The agent of this node knows the cluster even while the API server is away.
  const known = from.length === 0 ? await readLocalCluster(signal, flags.stateDir) : undefined
  // Files beside --local add what the kernel does not know: cluster objects, NPM's cache. Their folder must not matter.
  const documents = [...reading.documents, ...(known?.documents ?? []), ...given.documents].map(document => ({
    ...document,
    folder: 'local',
  }))
  const {nodes, problems} = await readDump(documents)
  for (const state of nodes) requireRead(state, reading.node, reading.problems)
  return {
    dumps: nodes.map(state => state.with({node: reading.node})),
    problems: [...reading.problems, ...(known?.problems ?? []), ...given.problems, ...problems],
    failures: [],
  }
}

/** Loaded when it is needed: a verb that reads files needs no client of agents. */
async function readLocalCluster(signal: AbortSignal, stateDir: string | undefined) {
  const local = await import('../agents/local-agent.ts')
  return local.readLocalCluster(signal, stateDir)
}

async function readGiven(given: Awaited<ReturnType<typeof readFiles>>): Promise<Source> {
  const {nodes, problems, lost, isRedacted} = await readDump(given.documents)
  return {dumps: nodes, problems: [...given.problems, ...problems], failures: lost, isRedacted}
}

/** What could not be read of a source: often the reason why something is not found in it. */
export const unreadOf = ({dumps, problems}: Source): Problem[] => [
  ...new Set([...problems, ...dumps.flatMap(dump => dump.problems)].filter(({code}) => unreadCodes.has(code))),
]

const SHOWN_NODES = 8

const namesOf = (dumps: readonly NodeState[]): string =>
  [...dumps.slice(0, SHOWN_NODES).map(({node}) => node), ...(dumps.length > SHOWN_NODES ? ['…'] : [])].join(', ')

/** Files that do not tell their node are of the one that `--node` names. */
function named(source: Source, {node: names = []}: NodeChoice): Source {
  const [name, ...others] = names
  const [dump, ...more] = source.dumps
  const isUntold = dump?.node === 'unknown' && more.length === 0 && source.failures.length === 0
  if (name === undefined || name === dump?.node || others.length > 0 || !isUntold) return source
  const known = dump.cluster?.nodes.map(({metadata}) => metadata.name) ?? []
  if (known.length > 0 && !known.includes(name))
    throw new InputError(`--node ${name}: the cluster objects know no such node`, [
      ...meant(name, known),
      'Name the node from which the files are, or leave the flag out.',
    ])
  return {...source, dumps: [dump.with({node: name})]}
}

/** What `--pod` names. @throws InputError, with what could not be read and may have it */
function namedPod(asked: string, pods: readonly Pod[], source: Source): ReturnType<typeof findNamed> {
  const unread = unreadOf(source)
  const cluster = source.dumps.find(dump => dump.cluster)?.cluster
  try {
    return findNamed(asked, {pods: eachOnce(pods), isWhole: wholenessOf(cluster)})
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw unknownName(
      error instanceof NotFoundError && unread.length === 0,
      `--pod ${asked}: ${error.message}`,
      error.steps,
      unread,
    )
  }
}

/** All nodes of a dump know the same pods. */
const eachOnce = (pods: readonly Pod[]): Pod[] => [...new Map(pods.map(pod => [objectKey(pod), pod])).values()]

/** Of the nodes in files those that `--pod` means. `--node` is looked at by the verbs. */
function chosen(source: Source, {pod, selector}: NodeChoice): Source {
  if (selector !== undefined)
    throw new InputError('-l chooses nodes of a cluster, and files were given', 'Choose with --node or --pod.')
  if (pod === undefined) return source
  const pods = source.dumps.flatMap(({cluster, cache}) => [...(cluster?.pods ?? []), ...(cache?.objects.pods ?? [])])
  const named = namedPod(pod, pods, source)
  const node = 'pod' in named ? named.pod.spec?.nodeName : undefined
  const dumps = source.dumps.filter(dump => dump.node === node || source.dumps.length === 1)
  if (node !== undefined && dumps.length > 0) return {...source, dumps}
  throw new InputError(
    node === undefined
      ? `--pod ${pod}: the input does not tell on which node it runs`
      : `--pod ${pod}: its node ${node} is not in the input`,
    `It holds: ${namesOf(source.dumps)}`,
    unreadOf(source),
  )
}

/**
 * This machine, of a source that `--local` opened: whatever files are given beside it, all is one node.
 *
 * @throws InputError when neither its rules nor its sets could be read
 */
export const localNode = (source: Source): NodeState => usableDumps(source).usable[0]

/**
 * The dumps a verb is about that answers for each node: all, or those that `--node` names. Those that could not be read are failures.
 *
 * @throws InputError when none fits
 */
export function chosenNodes(source: Source, {node: names}: SourceFlags): {nodes: readonly NodeState[]; failures: NodeFailure[]} {
  const {usable, all} = usableDumps(source)
  const unusable = source.dumps.filter(dump => !usable.includes(dump)).map(({node}) => ({...NOTHING_READ, node}))
  const failures = [...source.failures, ...unusable]
  if (names === undefined) return {nodes: usable, failures}
  const failed = failures.filter(({node}) => names.includes(node))
  const others = names.filter(name => !failed.some(({node}) => node === name))
  const [first] = failed
  if (first && others.length === 0) throw new InputError(`node ${first.node}: ${first.message}`, first.next, all)
  return {nodes: others.map(name => nodeNamed(usable, name, all)), failures: failed}
}

const NOTHING_READ = {
  message: 'neither its rules nor its sets are in the input',
  next: 'Take them on the node: iptables-save -c > rules.txt; ipset save > sets.txt',
}

interface UsableDumps {
  readonly usable: readonly [NodeState, ...NodeState[]]
  readonly all: readonly Problem[]
}

function usableDumps(source: Source): UsableDumps {
  const all = [...source.problems, ...source.dumps.flatMap(({problems}) => problems)]
  const ambiguous = all.find(({code}) => code === 'AMBIGUOUS_FILES')
  if (ambiguous) throw new InputError(ambiguous.message, ambiguous.next)
  const [first, ...others] = source.dumps.filter(({completeness, sets}) => completeness.rules !== 'absent' || sets)
  if (!first) throw new InputError('nothing to read: neither rules nor sets of a node were found', ACCEPTED, all)
  return {usable: [first, ...others], all}
}

/**
 * The dumps that `--node` names, or all.
 *
 * @throws InputError for a name that the input does not hold
 */
export const namedNodes = (dumps: readonly NodeState[], names: readonly string[] | undefined): readonly NodeState[] =>
  names === undefined ? dumps : [...new Set(names)].map(name => nodeNamed(dumps, name))

/**
 * The dump of the node that has a name.
 *
 * @param name a value of `--node`
 * @param problems what is said before the error when the input holds no such node
 * @throws InputError when none has it, or several have: those are states of one node, and nothing says which is meant
 */
export function nodeNamed(dumps: readonly NodeState[], name: string, problems: readonly Problem[] = []): NodeState {
  const [named, ...others] = dumps.filter(({node}) => node === name)
  if (others.length > 0)
    throw new InputError(
      `--node ${name}: the input holds ${others.length + 1} dumps of this node`,
      'Give the folder of the one that you mean with --from.',
    )
  if (named) return named
  const known = dumps.map(({node}) => node)
  throw unknownName(
    isNowhere(name, dumps),
    `--node ${name}: the input holds no such node`,
    [...meant(name, known), `It holds: ${namesOf(dumps)}`],
    problems,
  )
}

/** Whether the cluster is known not to have a node: its dump may be elsewhere where it has. */
function isNowhere(name: string, dumps: readonly NodeState[]): boolean {
  const cluster = dumps.find(dump => dump.cluster)?.cluster
  const isKnown = dumps.some(({node}) => node === name) || cluster?.nodes.some(({metadata}) => metadata.name === name)
  return !isKnown && wholenessOf(cluster)?.('nodes', undefined) === true
}
