import {setMaxListeners} from 'node:events'
import type {AgentStatus, SyncState} from '../../core/contract/agent.ts'
import type {Drift} from '../../core/contract/drift.ts'
import type {NodeDocument} from '../../core/contract/node-documents.ts'
import {Rights} from '../auth/rights.ts'
import {SignIn} from '../auth/sign-in.ts'
import {SigningKeys} from '../auth/signing-keys.ts'
import type {ApiServer} from '../kubernetes/api-server.ts'
import {type Limits, limits as usualLimits} from '../limits/limits.ts'
import {LineBudget} from '../limits/line-budget.ts'
import {openLiveReader} from '../live/open-live-reader.ts'
import type {Log} from '../log.ts'
import type {MetricsPages} from '../metrics/metrics-pages.ts'
import type {OpenMetrics, ServedMetrics} from '../metrics/open-metrics.ts'
import {documentReaders, NFT_RULES} from '../node/documents.ts'
import {isOfThisKernel, type NodeSource, nodeSource} from '../node/node-source.ts'
import {sharedRules} from '../node/shared-rules.ts'
import {readVersions} from '../node/versions.ts'
import type {Agent} from '../rpc/agent.ts'
import {Changes} from '../rpc/changes.ts'
import {AgentServer} from '../rpc/server.ts'
import {diffNode, notWatching} from '../snapshots/diff.ts'
import {Snapshots} from '../snapshots/snapshots.ts'
import type {ClusterWatch} from '../watch/cluster-watch.ts'
import type {WriterOptions} from '../write/open-writer.ts'
import type {Writer} from '../write/writer.ts'
import {makeKey} from './key.ts'
import {openWrites} from './open-writes.ts'
import {openSockets, secureContextOf} from './sockets.ts'

export interface ServeOptions {
  readonly version: string
  readonly node: string
  /** The namespace of the accounts whose tokens are accepted, and of the rights that are reviewed. */
  readonly namespace: string
  /** The unix socket for clients. */
  readonly socket: string
  /** The folder of the unix socket for root of this node. */
  readonly stateDir: string
  readonly api: ApiServer
  /** Without it the agent reads its node only, and `diff` is refused. It is stopped when the agent ends. */
  readonly watch: ClusterWatch | undefined
  /** Loads nothing that writes, and names no procedure that does. */
  readonly readOnly?: boolean
  /** Serves metrics on a port of the node. */
  readonly metrics?: ServedMetrics | undefined
  /** Azure NPM is NPM Lite here, which programs the pods of this node only. */
  readonly lite?: boolean
  /** The agent ends when no client has been connected for so long. */
  readonly exitAfterIdleMs?: number
  readonly log: Log
  /** Ends the agent. Clients get its reason as text. */
  readonly signal: AbortSignal
  readonly onListening?: (at: ListeningAt) => void
  /** Tests give smaller ones. */
  readonly limits?: Limits
  /** By what the node is read; by default what its operating system has. */
  readonly source?: NodeSource
  /** Tests replace Azure NPM. */
  readonly npmPort?: number
  readonly openWriter?: (options: WriterOptions) => Writer
}

export interface ListeningAt {
  /** For clients: the path, or the address with its port. */
  readonly clients: string
  readonly audience: string
  /** Where metrics are served now. Undefined without them, and where the port is taken. */
  readonly metricsPort: number | undefined
  /** Undefined where the disk has no room for it. */
  readonly rootSocket: string | undefined
}

function knowledgeOf({state, asOf}: SyncState): {state: SyncState['state']; age?: number} {
  return {state, ...(asOf !== undefined && {age: Math.max(0, (Date.now() - Date.parse(asOf)) / 1000)})}
}

const NOT_WATCHING: SyncState = {state: 'off', pods: 0, namespaces: 0, policies: 0}

/**
 * Runs the agent until it is told to end, or nobody has used it for long enough.
 *
 * @returns why it ended
 * @throws InputError when a socket cannot be made, or was taken away while the agent ran
 */
export async function serve(options: ServeOptions): Promise<string> {
  const {version, node, namespace, log, signal, exitAfterIdleMs, api, watch} = options
  const {limits = usualLimits, source = await nodeSource(), npmPort} = options
  setMaxListeners(0, signal)
  const key = await makeKey()
  const startedAt = new Date().toISOString()
  const changes = new Changes()
  let objectChanges = 0
  watch?.onChange(() => {
    objectChanges++
    changes.tell()
  })
  const syncState = () => watch?.syncState() ?? NOT_WATCHING

  const loggedReads = new LineBudget(limits.loggedLines, limits.loggedLinesPerSecond)
  let backend: AgentStatus['backend'] = source.hns ? 'hns' : 'unknown'
  let lastRead: AgentStatus['lastRead']
  let metrics: OpenMetrics | undefined
  const readers = (asked: readonly NodeDocument[]) =>
    documentReaders(asked, {...source, version, cluster: watch, limits, ...(npmPort !== undefined && {npmPort})})
  const isWriter = !options.readOnly
  const snapshots = new Snapshots({
    node,
    limits,
    readers: async asked => {
      const found = await readers(asked)
      const rules = found.get(NFT_RULES)
      // Who asks for a change has mostly read the node just before it.
      return isWriter && rules && isOfThisKernel(source) ? found.set(NFT_RULES, sharedRules(rules)) : found
    },
    onRead: read => {
      if (read.backend !== 'unknown') backend = read.backend
      lastRead = {at: read.at, durationMs: read.durationMs, problems: read.problems.length}
      const count = loggedReads.take()
      const {documents, durationMs, problems} = read
      if (count) log.info({documents, durationMs, problems, ...count}, 'The node was read')
      changes.tell()
    },
  })
  const rights = new Rights({api, namespace, node, limits})
  const keys = new SigningKeys({api, limits, log})
  const signIn = new SignIn({api, keys, audience: key.audience, namespace, node, limits})
  // A comparison blocks the thread: clients that ask meanwhile share its answer.
  const comparisons = new Map<boolean, Promise<Drift>>()
  const writes = options.readOnly ? undefined : await openWrites({...options, source, limits}, () => changes.tell())
  const live = openLiveReader({
    ...source,
    limits,
    ...(npmPort !== undefined && {npmPort}),
    ...(watch && {
      compare: () => agent.diff({lite: options.lite ?? false}),
      changes: () => objectChanges,
      npmPod: () => watch.npm(),
    }),
  })
  const agent: Agent = {
    version,
    node,
    log,
    limits,
    snapshots,
    live,
    changes,
    writes,
    syncState,
    demand: (caller, right) => rights.demand(caller, right),
    diff: async ({lite = false}) => {
      if (!watch) throw notWatching()
      const running = comparisons.get(lite)
      if (running) return running
      const comparing = diffNode({node, lite, snapshots, limits, watch}).finally(() => comparisons.delete(lite))
      comparisons.set(lite, comparing)
      return comparing
    },
    metrics: async input => (await pages()).metrics(input),
    status: () => {
      const npm = watch?.npm()
      return {
        node,
        version,
        startedAt,
        knowledge: syncState(),
        connections: server.count,
        subscriptions: server.subscriptions,
        memoryBytes: process.memoryUsage.rss(),
        backend,
        ...(npm && {npm}),
        ...(lastRead && {lastRead}),
        ...(metrics && {metrics: metrics.status}),
        ...(keys.failure !== undefined && {signaturesUnchecked: keys.failure}),
        ...(writes ? writes.seen && {writes: writes.seen} : {readOnly: true as const}),
      }
    },
  }

  const ending = Promise.withResolvers<string>()
  const end = () => ending.resolve(String(signal.reason))
  signal.addEventListener('abort', end, {once: true})
  let idle: NodeJS.Timeout | undefined
  const used = (count: number): void => {
    clearTimeout(idle)
    if (count === 0 && exitAfterIdleMs !== undefined)
      idle = setTimeout(() => (writes?.isOpen ? used(count) : ending.resolve('nobody uses it any more')), exitAfterIdleMs)
  }
  const server: AgentServer = new AgentServer({
    agent,
    signIn: (header, signal) => signIn.caller(header, signal),
    onConnections: count => {
      used(count)
      changes.tell()
    },
  })
  let openedPages: Promise<MetricsPages> | undefined
  const pages = (): Promise<MetricsPages> => {
    openedPages ??= import('../metrics/open-pages.ts').then(({openPages}) =>
      openPages({
        node,
        lite: options.lite ?? false,
        limits,
        log,
        snapshots,
        live,
        watch,
        stateDir: options.stateDir,
        readers,
        facts: () => ({
          version,
          backend,
          knowledge: knowledgeOf(syncState()),
          ...(writes && {writes: writes.tally()}),
          clients: server.count,
          subscriptions: server.subscriptions,
        }),
      }),
    )
    return openedPages
  }
  const openServedMetrics = async (how: ServedMetrics): Promise<OpenMetrics> => {
    const {openMetrics} = await import('../metrics/open-metrics.ts')
    return openMetrics(how, {limits, log, api, keys, secureContext: secureContextOf(key), pages: await pages()})
  }
  let reason = 'it failed'
  let check: NodeJS.Timeout | undefined
  try {
    await using stack = new AsyncDisposableStack()
    const sockets = stack.use(await openSockets(server, key, options))
    check = setInterval(() => void sockets.demandInPlace().catch(ending.reject), limits.socketCheckMs)
    log.info({version, socket: sockets.clients, key: key.fingerprint}, 'The agent listens')
    void readVersions(source, signal).then(versions => log.info({versions}, 'The tools of this node'))
    void keys.fetch()
    metrics = options.metrics && (await openServedMetrics(options.metrics))
    if (metrics) stack.use(metrics)
    options.onListening?.({
      clients: sockets.clients,
      rootSocket: sockets.root,
      audience: key.audience,
      metricsPort: metrics?.status.port,
    })
    used(0)
    if (signal.aborted) end()
    reason = await ending.promise
    return reason
  } finally {
    clearInterval(check)
    clearTimeout(idle)
    // First: its client may still be told how a write ended.
    await writes?.stop(limits.stopMs / 2, exitAfterIdleMs !== undefined)
    await server.stop(`the agent ends: ${reason}`)
    live.stop()
    snapshots.stop()
    await (await openedPages)?.stop()
    await watch?.stop()
  }
}
