import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import type {ControlPlane} from '../../cluster/lab/control-plane.ts'
import {openRelay} from '../agent/relay.ts'
import {npmAgent} from '../built-programs.ts'

/** An agent that runs as a process of this machine, as its own account at the API server. */
export interface AgentProcess extends AsyncDisposable {
  /** On the loopback: a relay to its socket for clients. */
  readonly port: number
  readonly process: ChildProcess
  readonly stateDir: string
  /** Its log so far. */
  log(): string
}

/** @param more flags of `serve` */
export async function startAgent(controlPlane: ControlPlane, node: string, more: readonly string[] = []): Promise<AgentProcess> {
  const token = (await controlPlane.kubectl(['create', 'token', 'npm-agent', '-n', 'kubectl-npm-node'])).stdout.trim()
  const config = JSON.parse((await controlPlane.kubectl(['config', 'view', '--raw', '-o', 'json'])).stdout)
  config.users[0].user = {token}
  const kubeconfig = join(controlPlane.folder, `${node}.kubeconfig`)
  await writeFile(kubeconfig, JSON.stringify(config))
  const stateDir = join(controlPlane.folder, `${node}-state`)
  const socket = join(controlPlane.folder, `${node}-run`, 'clients.sock')
  const flags = ['--socket', socket, '--kubeconfig', kubeconfig, '--node', node, '--state-dir', stateDir, ...more]
  const agent = spawn(process.execPath, [npmAgent, 'serve', '--namespace', 'kubectl-npm', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  await new Promise<void>((resolve, reject) => {
    agent.once('exit', code => reject(new Error(`the agent ended with ${code}: ${lines.join('\n')}`)))
    createInterface(agent.stdout).on('line', line => {
      lines.push(line)
      if ((JSON.parse(line) as {msg: string}).msg === 'The agent listens') resolve()
    })
  })
  const relay = await openRelay(socket)
  return {
    port: relay.port,
    process: agent,
    stateDir,
    log: () => lines.join('\n'),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]()
      if (agent.exitCode !== null || agent.signalCode !== null) return
      agent.kill('SIGKILL')
      await once(agent, 'exit')
    },
  }
}
