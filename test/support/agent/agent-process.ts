import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {ApiServerError} from '../../../agent/kubernetes/api-server.ts'
import {audienceOf} from '../../../core/contract/agent.ts'
import {temporaryFolder} from '../temporary-folder.ts'
import {Client} from './client.ts'
import {FakeReviews, type TokenFacts} from './fake-reviews.ts'
import {startServe} from './serve-process.ts'

/** An agent as a process of its own, whose heap has a limit: one that takes too much memory ends. */
export interface AgentProcess extends AsyncDisposable {
  /** Its unix socket for clients. */
  readonly socket: string
  readonly audience: string
  readonly reviews: FakeReviews
  /** All that it has written to its log. */
  readonly log: readonly string[]
  token(facts?: Partial<TokenFacts>): string
  connect(token?: string): Promise<Client>
  /** Whether it is running. */
  readonly isAlive: boolean
  /** The most memory it had so far, in bytes. */
  peakBytes(): Promise<number>
}

export interface AgentProcessOptions {
  /** In MB. In its container of 512 MiB Node takes half of that by itself. */
  readonly heapMb?: number
}

/** Needs root, as the agent does. Its API server is played in this process. */
export async function startAgentProcess({heapMb = 256}: AgentProcessOptions = {}): Promise<AgentProcess> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder())
  const reviews = new FakeReviews()
  const api = await serveReviews(reviews)
  stack.defer(() => api.close())
  const nodeOptions = [`--max-old-space-size=${heapMb}`]
  const agent = stack.use(await startServe({folder: folder.path, apiServer: api.url, nodeOptions}))
  const {socket, log, process} = agent
  const audience = audienceOf(agent.key)
  const token = (facts: Partial<TokenFacts> = {}) => reviews.give({audience, ...facts})
  const opened = stack.move()
  return {
    socket,
    audience,
    reviews,
    log,
    token,
    connect: (given = token()) => Client.open(socket, given),
    get isAlive() {
      return process.exitCode === null && process.signalCode === null
    },
    peakBytes: async () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${process.pid}/status`, 'utf8'))?.[1]) * 1024,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Serves what is played in this process over HTTP. */
export async function serveReviews(reviews: FakeReviews): Promise<{readonly url: string; close(): void}> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    try {
      const path = request.url ?? ''
      const answer = request.method === 'POST' ? await reviews.post(path, JSON.parse(body)) : await reviews.get(path)
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer))
    } catch (error) {
      response.writeHead(error instanceof ApiServerError ? error.status : 500).end(String(error))
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
