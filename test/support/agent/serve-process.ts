import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {AGENT_SOCKET} from '../../../core/contract/agent.ts'
import {npmAgent} from '../built-programs.ts'
import {NODE} from './fake-reviews.ts'

/** `npm-agent serve` as a process of its own. */
export interface ServeProcess extends AsyncDisposable {
  readonly process: ChildProcess
  /** Its unix socket for clients. */
  readonly socket: string
  readonly rootSocket: string
  /** Lines of its log so far, and what it says at its end. */
  readonly log: readonly string[]
  /** SHA-256 of the key of its TLS, base64url. */
  readonly key: string
}

export interface ServeProcessOptions {
  /** For its sockets; they stay when it is killed. */
  readonly folder: string
  /** What the program is started by, for example `['ip', 'netns', 'exec', NAME]`. */
  readonly within?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where its API server is. It is away unless that is given. */
  readonly apiServer?: string
  readonly nodeOptions?: readonly string[]
  /** Further flags of `serve`. */
  readonly serveFlags?: readonly string[]
}

/** @throws Error with what it said when it ends before it listens */
export async function startServe(options: ServeProcessOptions): Promise<ServeProcess> {
  const {folder, within = [], env = {}, apiServer = 'http://127.0.0.1:1', nodeOptions = [], serveFlags = []} = options
  const kubeconfig = join(folder, 'kubeconfig')
  const clusters = [{name: 'given', cluster: {server: apiServer}}]
  const contexts = [{name: 'given', context: {cluster: 'given'}}]
  await writeFile(kubeconfig, JSON.stringify({'current-context': 'given', clusters, contexts}))
  const socket = join(folder, 'run', 'clients.sock')
  const stateDir = join(folder, 'state')
  const flags = ['--no-watch', '--node', NODE, '--kubeconfig', kubeconfig, '--socket', socket, '--state-dir', stateDir]
  const [program = process.execPath, ...args] = [
    ...within,
    process.execPath,
    ...nodeOptions,
    npmAgent,
    'serve',
    ...flags,
    ...serveFlags,
  ]
  const agent = spawn(program, args, {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...env}})
  const log: string[] = []
  const lines = [agent.stdout, agent.stderr].map(stream => createInterface(stream).on('line', line => void log.push(line)))
  const key = await new Promise<string>((resolve, reject) => {
    agent.once('close', code => reject(new Error(`the agent ended with ${code}: ${log.join('\n')}`)))
    lines[0]?.on('line', line => {
      const entry = JSON.parse(line) as {msg: string; key: string}
      if (entry.msg === 'The agent listens') resolve(entry.key)
    })
  })
  return {
    process: agent,
    socket,
    rootSocket: join(stateDir, AGENT_SOCKET),
    log,
    key,
    async [Symbol.asyncDispose]() {
      if (agent.exitCode !== null || agent.signalCode !== null) return
      agent.kill('SIGKILL')
      await once(agent, 'exit')
    },
  }
}
