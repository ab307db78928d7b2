import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {ApiServerError} from '../../../agent/kubernetes/api-server.ts'
import {audienceOf} from '../../../core/contract/agent.ts'
import {Client} from './client.ts'
import {FakeReviews, NODE, type TokenFacts} from './fake-reviews.ts'

const FROM_SOURCES = fileURLToPath(new URL('../../../bin/npm-agent.ts', import.meta.url))

/** An agent as a process of its own, whose heap has a limit: one that takes too much memory ends. */
export interface AgentProcess extends AsyncDisposable {
  readonly port: number
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
  readonly executable?: string
}

/** Needs root, as the agent does. Its API server is played in this process. */
export async function startAgentProcess({
  heapMb = 256,
  executable = FROM_SOURCES,
}: AgentProcessOptions = {}): Promise<AgentProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'npm-agent-test-'))
  const reviews = new FakeReviews()
  const api = await serveReviews(reviews)
  const kubeconfig = join(folder, 'kubeconfig')
  const clusters = [{name: 'fake', cluster: {server: api.url}}]
  const contexts = [{name: 'fake', context: {cluster: 'fake'}}]
  await writeFile(kubeconfig, JSON.stringify({'current-context': 'fake', clusters, contexts}))
  const flags = ['--no-watch', '--listen', '127.0.0.1:0', '--kubeconfig', kubeconfig, '--state-dir', join(folder, 'state')]
  const agent = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, executable, 'serve', '--node', NODE, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log: string[] = []
  const {port, key} = await listening(agent, log)
  const audience = audienceOf(key)
  const token = (facts: Partial<TokenFacts> = {}) => reviews.give({audience, ...facts})
  const isAlive = () => agent.exitCode === null && agent.signalCode === null
  return {
    port,
    reviews,
    log,
    token,
    connect: (given = token()) => Client.open(`wss://127.0.0.1:${port}/`, given),
    get isAlive() {
      return isAlive()
    },
    peakBytes: async () => Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) * 1024,
    async [Symbol.asyncDispose]() {
      if (isAlive()) {
        agent.kill('SIGKILL')
        await once(agent, 'exit')
      }
      api.close()
      await rm(folder, {recursive: true})
    },
  }
}

function listening(agent: ChildProcess, log: string[]): Promise<{port: number; key: string}> {
  return new Promise((resolve, reject) => {
    agent.once('exit', code => reject(new Error(`the agent ended with ${code}: ${log.join('\n')}`)))
    createInterface({input: agent.stdout as NodeJS.ReadableStream}).on('line', line => {
      log.push(line)
      const {msg, port, key} = JSON.parse(line) as {msg: string; port: number; key: string}
      if (msg === 'The agent listens') resolve({port, key})
    })
  })
}

/** Serves what is played in this process over HTTP. */
async function serveReviews(reviews: FakeReviews): Promise<{readonly url: string; close(): void}> {
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
