import type {DumpFailure} from '../../core/contract/dump.ts'
import {documentsFor, type NodeDocument} from '../../core/contract/node-documents.ts'
import {dumpFiles} from '../../core/dump/layout.ts'
import {emptyCluster} from '../../core/kubernetes/objects.ts'
import {printObjects} from '../../core/kubernetes/print-objects.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {NodeChoice, RelayPod} from '../agents/agents.ts'
import {type Cluster, openCluster} from '../agents/cluster.ts'
import {eachNode, type Waiting} from '../agents/each-node.ts'
import {engineProblems} from '../agents/policy-engine.ts'
import {type OpenSnapshot, openSnapshot} from '../agents/read-snapshot.ts'
import type {UnpackCheck} from '../bytes/gunzip.ts'
import {InputBudget, InputLimitError, inputLimits, packedLimitBytes, snapshotDocumentBytes} from '../bytes/input-budget.ts'
import {Packed} from '../bytes/packed.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import {readServices} from '../source/read-services.ts'
import {beginning, type CollectedFile, entryLines, nodeLines} from './collection-log.ts'
import type {Collected, DumpContent, DumpedNode} from './content.ts'
import {NpmLogs} from './npm-logs.ts'

/** Dumps are large; so many at once keep a line and a processor busy. */
const READ_AT_ONCE = 8
/** All but what is the same for every node. */
const DOCUMENTS = documentsFor('rules', 'names', 'people')

interface ReadNode {
  readonly node: DumpedNode
  readonly failures: readonly DumpFailure[]
  readonly log: readonly string[]
}

/**
 * Reads everything from the nodes of a cluster that are meant, through their agents. A node that cannot be read is told in
 * the dump; the others are there.
 *
 * @throws InputError when no node can be read
 */
export async function collectCluster(flags: ClusterFlags & NodeChoice, {signal, progress}: Waiting): Promise<Collected> {
  const takenAt = new Date().toISOString()
  await using cluster = await openCluster(flags, signal, {anyEngine: true})
  const logs = await NpmLogs.find(cluster.api, signal)
  const budget = new InputBudget('agents', {...inputLimits(), bytes: packedLimitBytes()})
  const [objects, services, results] = await Promise.all([
    collectObjects(cluster, budget, signal),
    collectServices(cluster, signal),
    eachNode(cluster.ready, async pod => collectNode(cluster, pod, logs, budget, signal), {
      nodeOf: ({node}) => node,
      label: 'reading',
      limit: READ_AT_ONCE,
      signal,
      progress,
    }),
  ])
  signal.throwIfAborted()
  const read = results.flatMap(result => ('value' in result ? [result.value] : []))
  const lost = [...cluster.absent, ...results.flatMap(result => ('error' in result ? [result] : []))].map(({node, error}) => ({
    node,
    message: error.message,
    next: error.next,
  }))
  if (read.length === 0)
    throw new InputError(
      `no node could be read: ${lost[0]?.message ?? 'there are no agents'}`,
      lost[0]?.next ?? 'Install the agents: kubectl npm install',
    )
  const failures = [
    ...lost,
    ...objects.failures.map(failure => ({document: dumpFiles.cluster, ...failure})),
    ...services.failures.map(failure => ({document: dumpFiles.services, ...failure})),
    ...logs.failures,
    ...read.flatMap(each => each.failures),
  ]
  const content: DumpContent = {
    takenAt,
    redacted: false,
    nodes: read.map(({node}) => node),
    ...(objects.packed && {cluster: objects.packed}),
    ...(services.packed && {services: services.packed}),
    failures,
    log: [
      beginning(takenAt, 'begins to collect'),
      ...engineProblems(cluster.engine).map(({message}) => message),
      ...entryLines(objects.entry),
      ...entryLines(services.entry),
      ...logs.failures.map(({message}) => `  ${message}`),
      ...read.flatMap(({log}) => log),
      ...lost.flatMap(({node, message}) => ['', `node ${node}: FAILED`, `      ${message}`]),
    ],
  }
  return {content, failures, problems: engineProblems(cluster.engine)}
}

async function collectNode(
  cluster: Cluster,
  pod: RelayPod,
  logs: NpmLogs,
  budget: InputBudget,
  signal: AbortSignal,
): Promise<ReadNode> {
  await using agent = await cluster.connect(pod, signal)
  const {node} = agent
  await using snapshot = await openSnapshot(agent, DOCUMENTS, signal)
  const [read, pages] = await Promise.all([
    Promise.all(snapshot.documents.map(document => collectDocument(snapshot, node, document, budget, signal))),
    logs.read(node, signal),
  ])
  const all = [...read, ...pages]
  const files = all.flatMap(({entry: {file}, packed}) => (packed ? [[file, packed] as const] : []))
  return {
    node: {name: node, takenAt: snapshot.takenAt, agentVersion: agent.hello.version, files: new Map(files)},
    failures: all.flatMap(({entry: {file}, failures}) => failures.map(failure => ({node, document: file, ...failure}))),
    log: nodeLines(
      node,
      `agent ${agent.hello.version}, read ${snapshot.takenAt}`,
      all.map(({entry}) => entry),
    ),
  }
}

/** A document as an agent gives it. A connection that breaks loses the document, and those that have come stay. */
async function collectDocument(
  snapshot: OpenSnapshot,
  node: string,
  document: NodeDocument,
  budget: InputBudget,
  signal: AbortSignal,
): Promise<CollectedFile> {
  try {
    const {packed, end} = await Packed.ofGzip(snapshot.pieces(document), packedCheck(budget, `${node}/${document}`))
    const failures = end.problems.map(({message, next}) => ({message, next}))
    const problems = failures.map(({message}) => message)
    return {packed, entry: {file: document, command: end.command, durationMs: end.durationMs, problems}, failures}
  } catch (error) {
    signal.throwIfAborted()
    const {message} = error as Error
    return missing(
      document,
      error instanceof InputError
        ? {message, next: error.next}
        : {message: `node ${node}: what the agent sent cannot be unpacked: ${message}`, next: 'Take the dump again.'},
    )
  }
}

/** A document is unpacked only to see whether it is whole: what it takes until the dump is written are its packed bytes. */
function packedCheck(budget: InputBudget, name: string): UnpackCheck {
  let taken = 0
  return (_, sizeBytes, packedBytes) => {
    budget.takeBytes(packedBytes - taken, name)
    taken = packedBytes
    budget.checkRatio(sizeBytes, packedBytes, name)
    if (sizeBytes > snapshotDocumentBytes)
      throw new InputLimitError(
        `${name}: unpacks to more than ${snapshotDocumentBytes} bytes`,
        'No node has that. Look at its agent: kubectl npm status',
      )
  }
}

const missing = (file: string, failure: {readonly message: string; readonly next: string}): CollectedFile => ({
  entry: {file, command: '', problems: [failure.message]},
  failures: [failure],
})

/** Services and their endpoints, from the API server and with the person's own rights. They name where packets go, and no answer but theirs rests on them. */
async function collectServices({api}: Cluster, signal: AbortSignal): Promise<CollectedFile> {
  const startedAt = performance.now()
  const entry = {file: dumpFiles.services, command: 'GET /api/v1/services, GET /apis/discovery.k8s.io/v1/endpointslices'}
  try {
    const {objects, problems} = await readServices(api, 'all', signal)
    const failures = problems.map(({message, next}) => ({message, next}))
    // Alone they say nothing of the objects of other kinds.
    const printed = printObjects({...emptyCluster(), ...objects, given: {kinds: [], gaps: []}})
    return {
      // Every API server is a service itself: without any, nothing is known of them.
      ...(objects.services.length > 0 && {packed: await Packed.of(printed)}),
      entry: {...entry, durationMs: performance.now() - startedAt, problems: failures.map(({message}) => message)},
      failures,
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof InputError)) throw error
    return missing(dumpFiles.services, {message: `services are not in the dump: ${error.message}`, next: error.next})
  }
}

/** How many agents are asked for what each of them should know. */
const ASKED_AGENTS = 3

/** Objects of the cluster, from the first agent that knows them. */
async function collectObjects(cluster: Cluster, budget: InputBudget, signal: AbortSignal): Promise<CollectedFile> {
  let failed: CollectedFile | undefined
  for (const pod of cluster.ready.slice(0, ASKED_AGENTS)) {
    try {
      await using agent = await cluster.connect(pod, signal)
      const {state, asOf} = agent.hello.knowledge
      if (state === 'off' || asOf === undefined) continue
      await using snapshot = await openSnapshot(agent, [dumpFiles.cluster], signal)
      if (!snapshot.documents.includes(dumpFiles.cluster)) continue
      const collected = await collectDocument(snapshot, pod.node, dumpFiles.cluster, budget, signal)
      if (collected.packed) return collected
      failed = collected
    } catch (error) {
      if (signal.aborted || !(error instanceof InputError)) throw error
      failed = missing(dumpFiles.cluster, {message: error.message, next: error.next})
    }
  }
  return (
    failed ??
    missing(dumpFiles.cluster, {
      message: 'no agent that was asked knows the objects of the cluster',
      next: 'See what they know: kubectl npm status',
    })
  )
}
