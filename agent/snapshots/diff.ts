import {Readable} from 'node:stream'
import {createGunzip} from 'node:zlib'
import type {SyncState} from '../../core/contract/agent.ts'
import type {Drift} from '../../core/contract/drift.ts'
import {documentRow, type NodeDocument} from '../../core/contract/node-documents.ts'
import type {DataPlane, NodeState} from '../../core/dataplane/dataplane.ts'
import {kindOfDocument} from '../../core/dump/layout.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {sharedAddressProblems} from '../../core/kubernetes/shared-addresses.ts'
import type {CompileOptions, Program} from '../../core/policy/program.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import {kernelDocuments, largePrograms} from '../node/documents.ts'
import {takeTurn} from '../node/turn.ts'
import {initialSync, type SyncSource} from '../watch/initial-sync.ts'
import {staleProblems} from '../watch/sync-problems.ts'
import type {BufferedDocument} from './buffered-document.ts'
import type {Snapshots} from './snapshots.ts'

const ON_YOUR_MACHINE = 'Compare on your own machine: kubectl npm dump, then kubectl npm diff --from the dump.'

/** What a comparison needs of the watch of the cluster. */
export interface WatchedCluster extends SyncSource {
  objects(): ClusterObjects
  programFor(dataPlane: DataPlane, options: CompileOptions): Program
}

export interface ReadStateOptions {
  readonly node: string
  readonly watch: WatchedCluster
  readonly snapshots: Snapshots
  readonly limits: Limits
}

export interface DiffOptions extends ReadStateOptions {
  readonly lite: boolean
}

/** This node as it was read, with the objects of the cluster as they are then. */
export interface ReadState {
  readonly state: NodeState
  readonly cluster: ClusterObjects
  readonly problems: readonly Problem[]
}

/**
 * Reads this node's kernel and compares it with the program that the policies ask for.
 *
 * @throws RefusedError as `withReadState`
 */
export const diffNode = (options: DiffOptions): Promise<Drift> =>
  withReadState(options, async read => compareState(read, options))

/**
 * Reads all rules and sets of this node, and lets `work` use them while nobody else reads or compares.
 *
 * @throws RefusedError `NO_KNOWLEDGE` before the first lists of the cluster are complete; `READ_FAILED` when the rules cannot be
 *   read, or are too large to compare here; `TOO_MANY` when too many reads are running
 */
export async function withReadState<Result>(
  options: ReadStateOptions,
  work: (read: ReadState) => Promise<Result>,
): Promise<Result> {
  const {watch, snapshots, limits} = options
  await initialSync(watch, limits.firstListsMs)
  requireSynced(watch.syncState())
  const {id} = await snapshots.open(kernelDocuments)
  try {
    return await snapshots.withDocuments(id, async buffered => {
      await Promise.all([...buffered.values()].map(({done}) => done))
      // A comparison takes as much memory, and keeps the event loop from watching what the tools take.
      const endTurn = await takeTurn(largePrograms, limits.toolMs)
      if (!endTurn) throw refused('TOO_MANY', `other reads of this node took ${limits.toolMs / 1000} s`, 'Try again later.')
      try {
        return await work(await readState(buffered, options))
      } finally {
        endTurn()
      }
    })
  } finally {
    snapshots.close(id)
  }
}

async function readState(
  buffered: ReadonlyMap<NodeDocument, BufferedDocument>,
  {node, watch, limits}: ReadStateOptions,
): Promise<ReadState> {
  const {documents, problems} = await textsOf(buffered, limits)
  const {readDump} = await import('../../core/dump/read-dump.ts')
  const [read] = (await readDump(documents)).nodes
  if (!read) throw readFailed('nothing could be read', problems)
  const cluster = watch.objects()
  return {state: read.with({node, cluster}), cluster, problems}
}

/** Compares a node that was read with the program that the policies ask for, within the limits of an agent. */
export async function compareState(
  {state, cluster, problems}: ReadState,
  {lite, watch, limits}: Pick<DiffOptions, 'lite' | 'watch' | 'limits'>,
): Promise<Drift> {
  const {compareNode} = await import('../../core/drift/compare-node.ts')
  const programFor = (options: CompileOptions) => watch.programFor(state.dataPlane, options)
  const drift = compareNode(cluster, state, {isLite: lite, programFor, mostLooks: limits.diffLooks})
  return {
    ...elsewhere(shortened(drift, limits)),
    release: state.with({cluster}).release(),
    problems: [
      ...problems,
      ...state.translation().facts.problems,
      ...sharedAddressProblems(cluster),
      ...staleProblems(watch.syncState()),
    ],
  }
}

/** Before the first lists are complete, a comparison would report all policies as deleted. */
function requireSynced({state, asOf, failure}: SyncState): void {
  if (state === 'off') throw notWatching()
  if (asOf !== undefined) return
  throw refused(
    'NO_KNOWLEDGE',
    `the agent has not yet read the objects of the cluster${failure === undefined ? '' : `: ${failure}`}`,
    'Try again in some seconds. kubectl npm status tells how far it is.',
  )
}

export const notWatching = () =>
  refused(
    'NO_KNOWLEDGE',
    'the agent does not watch the cluster, so it does not know what the policies ask for',
    'Start it without --no-watch, or give the objects: kubectl npm diff --from cluster.json',
  )

async function textsOf(
  buffered: ReadonlyMap<NodeDocument, BufferedDocument>,
  limits: Limits,
): Promise<{documents: DumpDocument[]; problems: Problem[]}> {
  const documents: DumpDocument[] = []
  const problems: Problem[] = []
  let bytes = 0
  for (const name of kernelDocuments) {
    const document = buffered.get(name)
    if (!document) continue
    const failures = document.end?.problems ?? []
    const kind = kindOfDocument(name)
    const {content} = documentRow(name)
    // Of a cut save, the rules after the cut would be reported as missing on the node. Documents of HNS name what they lack.
    const lacksRules = content === 'iptables-save' || (content === 'hns' && document.plainBytes === 0)
    if (failures.length > 0 && lacksRules) throw readFailed('the rules could not be read', failures)
    if (content !== 'ipset-list') problems.push(...failures)
    if (failures.length > 0 && content !== 'hns') continue
    bytes += document.plainBytes
    if (bytes > limits.diffBytes)
      throw refused(
        'READ_FAILED',
        `rules and sets of this node have more than ${limits.diffBytes} bytes: comparing them would take the node's memory`,
        ON_YOUR_MACHINE,
      )
    documents.push({name: document.end?.command ?? name, folder: 'local', text: await textOf(document), ...(kind && {kind})})
  }
  return {documents, problems}
}

/** Unpacks what this agent has compressed itself: its size was counted then, and `textsOf` has checked it. */
async function textOf(document: BufferedDocument): Promise<DumpDocument['text']> {
  const {TextDecoding} = await import('../../core/text/decode.ts')
  const decoding = new TextDecoding()
  const plain = Readable.from(document.stream()).pipe(createGunzip())
  for await (const piece of plain as AsyncIterable<Uint8Array>) decoding.push(piece)
  return decoding.end()
}

const readFailed = (what: string, problems: readonly Problem[]) =>
  refused(
    'READ_FAILED',
    [what, ...problems.map(({message}) => message)].join(': '),
    problems[0]?.next ?? 'Look at the log of the agent.',
  )

/** The agent's limit is the smaller one. */
const elsewhere = ({notCompared, ...drift}: Omit<Drift, 'problems'>): Omit<Drift, 'problems'> =>
  notCompared ? {...drift, notCompared: notCompared.map(each => ({...each, next: ON_YOUR_MACHINE}))} : drift

function shortened(drift: Omit<Drift, 'problems'>, {differences}: Limits): Omit<Drift, 'problems'> {
  const more = drift.items.length - differences
  if (more <= 0) return drift
  const note = `${more} more differences are not listed; those that are listed are the most harmful ones`
  // The first causes are the most harmful ones, and have the first differences.
  const causes = drift.causes
    .slice(0, differences)
    .map(cause => ({...cause, items: cause.items.filter(item => item < differences)}))
  return {...drift, items: drift.items.slice(0, differences), causes, notes: [note, ...drift.notes]}
}
