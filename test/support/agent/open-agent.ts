import {join} from 'node:path'
import type {ApiServer} from '../../../agent/kubernetes/api-server.ts'
import {type Limits, limits as usualLimits} from '../../../agent/limits/limits.ts'
import type {ServedMetrics} from '../../../agent/metrics/open-metrics.ts'
import type {NodeSource} from '../../../agent/node/node-source.ts'
import type {Run, Start} from '../../../agent/node/run.ts'
import {type ListeningAt, serve} from '../../../agent/serve/serve.ts'
import type {ClusterWatch} from '../../../agent/watch/cluster-watch.ts'
import type {Writer} from '../../../agent/write/writer.ts'
import {temporaryFolder} from '../temporary-folder.ts'
import {Client} from './client.ts'
import {FakeReviews, NAMESPACE, NODE, type TokenFacts} from './fake-reviews.ts'
import {FakeWriter} from './fake-writer.ts'

/** Tools that answer nothing; for tests that are not about reading. */
const noTools: Run = async (command, args) => ({
  command: [command, ...args].join(' '),
  end: 'missing',
  failure: `${command} is not installed`,
  durationMs: 0,
  stdout: new Uint8Array(),
})

export interface OpenAgent extends AsyncDisposable {
  /** The unix socket for clients. */
  readonly socket: string
  /** The one for root of the node. Undefined where the disk has no room for it. */
  readonly rootSocket: string | undefined
  readonly audience: string
  readonly metricsPort: number | undefined
  readonly reviews: FakeReviews
  readonly log: readonly string[]
  /** A token for this agent. */
  token(facts?: Partial<TokenFacts>): string
  /** Signed in as the viewer, unless a token is given. */
  connect(token?: string): Promise<Client>
  /** As root, through the unix socket. */
  connectAsRoot(): Promise<Client>
  /** Resolves with why it ended. */
  end(reason?: string): Promise<string>
  readonly ended: Promise<string>
}

export interface OpenAgentOptions {
  readonly limits?: Partial<Limits>
  readonly reviews?: FakeReviews
  readonly run?: Run
  /** Names of the legacy tables that the kernel has. */
  readonly legacyTables?: () => Promise<string>
  readonly start?: Start
  /** The node's name. */
  readonly node?: string
  /** Of a Windows node. */
  readonly hns?: NodeSource['hns'] & {}
  readonly watch?: ClusterWatch
  readonly npmPort?: number
  readonly exitAfterIdleMs?: number
  readonly stateDir?: string
  readonly socket?: string
  /** By default one that writes nothing. */
  readonly writer?: Writer
  readonly readOnly?: boolean
  readonly lite?: boolean
  /** On a port of loopback that is free. */
  readonly metrics?: Partial<ServedMetrics>
}

/** A real server on sockets in a folder of its own, with an API server that is played. */
export async function openAgent(options: OpenAgentOptions = {}): Promise<OpenAgent> {
  const {limits = {}, reviews = new FakeReviews(), run = noTools, watch, npmPort = 1, exitAfterIdleMs} = options
  const {legacyTables, writer = new FakeWriter(), readOnly = false, lite = false, metrics, hns, start, node = NODE} = options
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const {stateDir = join(folder.path, 'state'), socket = join(folder.path, 'run', 'clients.sock')} = options
  const log: string[] = []
  const note = (level: string) => (fields: object, message: string) => void log.push(JSON.stringify({level, message, ...fields}))
  const end = new AbortController()
  let ended: Promise<string> = Promise.resolve('')
  const at = await new Promise<ListeningAt>((resolve, reject) => {
    ended = serve({
      version: '1.2.3',
      node,
      namespace: NAMESPACE,
      socket,
      stateDir,
      api: reviews satisfies ApiServer,
      watch,
      log: {info: note('info'), warn: note('warn'), error: note('error'), audit: note('audit')},
      signal: end.signal,
      onListening: resolve,
      limits: {...usualLimits, ...limits},
      source: {
        run,
        ...(hns && {hns}),
        ...(legacyTables && {legacyTables}),
        ...(start && {start, legacyTables: async () => undefined}),
      },
      npmPort,
      readOnly,
      lite,
      openWriter: () => writer,
      ...(metrics && {metrics: {host: '127.0.0.1', port: 0, auth: 'token', hasSetCounts: true, ...metrics}}),
      ...(exitAfterIdleMs !== undefined && {exitAfterIdleMs}),
    })
    ended.catch(reject)
  })
  const folders = stack.move()
  const token = (facts: Partial<TokenFacts> = {}) => reviews.give({audience: at.audience, ...facts})
  return {
    socket: at.clients,
    rootSocket: at.rootSocket,
    audience: at.audience,
    metricsPort: at.metricsPort,
    reviews,
    log,
    token,
    ended,
    connect: (given = token()) => Client.open(at.clients, given),
    connectAsRoot: () => Client.openAsRoot(String(at.rootSocket)),
    end: (reason = 'the test is over') => {
      end.abort(reason)
      return ended
    },
    async [Symbol.asyncDispose]() {
      end.abort('the test is over')
      await ended.catch(() => {})
      await folders.disposeAsync()
    },
  }
}
