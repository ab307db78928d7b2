import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import type {ControlPlane} from '../../cluster/lab/control-plane.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** An agent that runs as a process of this machine, as its own account at the API server. */
export interface AgentProcess extends AsyncDisposable {
  readonly port: number
  readonly process: ChildProcess
  readonly stateDir: string
  /** Its log so far. */
  log(): string
}

export async function startAgent(controlPlane: ControlPlane, node: string): Promise<AgentProcess> {
  const token = (await controlPlane.kubectl(['create', 'token', 'npm-agent', '-n', 'kubectl-npm'])).stdout.trim()
  const config = JSON.parse((await controlPlane.kubectl(['config', 'view', '--raw', '-o', 'json'])).stdout)
  config.users[0].user = {token}
  const kubeconfig = join(controlPlane.folder, `${node}.kubeconfig`)
  await writeFile(kubeconfig, JSON.stringify(config))
  const stateDir = join(controlPlane.folder, `${node}-state`)
  const flags = ['--listen', '127.0.0.1:0', '--kubeconfig', kubeconfig, '--node', node, '--state-dir', stateDir]
  const agent = spawn(process.execPath, [join(ROOT, 'bin/npm-agent.ts'), 'serve', '--namespace', 'kubectl-npm', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const port = await new Promise<number>((resolve, reject) => {
    agent.once('exit', code => reject(new Error(`the agent ended with ${code}: ${lines.join('\n')}`)))
    createInterface(agent.stdout).on('line', line => {
      lines.push(line)
      const entry = JSON.parse(line) as {msg: string; port?: number}
      if (entry.msg === 'The agent listens' && entry.port !== undefined) resolve(entry.port)
    })
  })
  return {
    port,
    process: agent,
    stateDir,
    log: () => lines.join('\n'),
    async [Symbol.asyncDispose]() {
      if (agent.exitCode !== null || agent.signalCode !== null) return
      agent.kill('SIGKILL')
      await once(agent, 'exit')
    },
  }
}
