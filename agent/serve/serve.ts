import {setMaxListeners} from 'node:events'
import type {AgentStatus, Knowledge} from '../../core/contract/agent.ts'
import {Rights} from '../auth/rights.ts'
import {SignIn} from '../auth/sign-in.ts'
import {openApiServer} from '../kubernetes/api-server.ts'
import {diffNode} from '../read/diff.ts'
import {documentReaders} from '../read/documents.ts'
import {run} from '../read/run.ts'
import {Snapshots} from '../read/snapshots.ts'
import {type ClusterWatch, watchCluster} from '../watch/cluster-watch.ts'
import type {Agent} from './agent.ts'
import {Changes} from './changes.ts'
import {makeKey} from './key.ts'
import {limits} from './limits.ts'
import {type ListenAddress, listenTls, listenUnix, portOf} from './listen.ts'
import type {Log} from './log.ts'
import {AgentServer} from './server.ts'

export interface ServeOptions {
  readonly version: string
  readonly node: string
  /** Of the accounts whose tokens are taken, and of the rights that are asked for. */
  readonly namespace: string
  readonly listen: ListenAddress
  /** A file for who runs outside of a pod. */
  readonly kubeconfig: string | undefined
  readonly stateDir: string
  /** Without it the agent reads its node and knows nothing of the cluster. */
  readonly isWatching: boolean
  /** Ends by itself when no client has been connected for so long. */
  readonly exitAfterIdleMs: number | undefined
  readonly log: Log
  /** Ends the agent. */
  readonly signal: AbortSignal
  readonly onListening?: (port: number) => void
}

const NOTHING_KNOWN: Knowledge = {state: 'off', pods: 0, namespaces: 0, policies: 0}

/**
 * Runs the agent until it is told to end, or nobody has used it for long enough.
 *
 * @returns why it ended
 * @throws InputError when the address, the state folder or the API server's address cannot be used
 */
export async function serve(options: ServeOptions): Promise<string> {
  const {version, node, namespace, log, signal, exitAfterIdleMs} = options
  setMaxListeners(0, signal)
  const api = await openApiServer({kubeconfig: options.kubeconfig})
  const key = await makeKey()
  const startedAt = new Date().toISOString()
  const changes = new Changes()
  const watch: ClusterWatch | undefined = options.isWatching ? watchCluster({api, node, log}) : undefined
  watch?.onChange(() => changes.tell())
  const knowledge = () => watch?.knowledge() ?? NOTHING_KNOWN

  let backend: AgentStatus['backend'] = 'unknown'
  let lastRead: AgentStatus['lastRead']
  const snapshots = new Snapshots({
    node,
    limits,
    readers: asked => documentReaders(asked, {version, cluster: watch, limits, run}),
    onRead: read => {
      if (read.backend !== 'unknown') backend = read.backend
      lastRead = {at: read.at, durationMs: read.durationMs, problems: read.problems.length}
      log.info({documents: read.documents, durationMs: read.durationMs, problems: read.problems}, 'The node was read')
      changes.tell()
    },
  })
  const rights = new Rights({api, namespace, node, limits})
  const signIn = new SignIn({api, audience: key.audience, namespace, node, limits})
  const agent: Agent = {
    version,
    node,
    log,
    limits,
    snapshots,
    changes,
    knowledge,
    demand: (caller, resource) => rights.demand(caller, resource),
    diff: ({lite = false}) =>
      diffNode({
        node,
        lite,
        snapshots,
        limits,
        desired: watch ?? {knowledge, objects: unknownCluster, programFor: unknownCluster},
      }),
    status: () => ({
      node,
      version,
      startedAt,
      knowledge: knowledge(),
      connections: server.count,
      subscriptions: server.subscriptions,
      memoryBytes: process.memoryUsage.rss(),
      backend,
      ...(lastRead && {lastRead}),
    }),
  }

  const ending = Promise.withResolvers<string>()
  signal.addEventListener('abort', () => ending.resolve('it was told to end'), {once: true})
  let idle: NodeJS.Timeout | undefined
  const used = (count: number): void => {
    clearTimeout(idle)
    if (count === 0 && exitAfterIdleMs !== undefined)
      idle = setTimeout(() => ending.resolve('nobody uses it any more'), exitAfterIdleMs)
  }
  let isReady = false
  const server: AgentServer = new AgentServer({
    agent,
    signIn: header => signIn.caller(header),
    isReady: () => isReady,
    onConnections: count => {
      used(count)
      changes.tell()
    },
  })
  try {
    const port = await listenTls(options.listen, key, limits)
    server.serveTls(port)
    server.serveRoot((await listenUnix(options.stateDir, limits)).server)
    isReady = true
    used(0)
    log.info({node, version, port: portOf(port), key: key.fingerprint}, 'The agent listens')
    options.onListening?.(portOf(port))
    if (signal.aborted) ending.resolve('it was told to end')
    return await ending.promise
  } finally {
    isReady = false
    clearTimeout(idle)
    await server.stop('the agent ends')
    snapshots.stop()
    await watch?.stop()
  }
}

/** Never asked: a comparison first demands knowledge. */
function unknownCluster(): never {
  throw new Error('the agent does not watch the cluster')
}
