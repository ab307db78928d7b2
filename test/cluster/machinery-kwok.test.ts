import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Server} from 'node:net'
import {expect, test} from 'vitest'
import {RELAY_PORT} from '../../core/contract/agent.ts'
import {describeKwok} from '../support/cluster/describe.ts'
import {type ControlPlane, startControlPlane} from './lab/control-plane.ts'
import {startKwok} from './lab/kwok.ts'

describeKwok('simulated nodes', () => {
  test('are Ready, each with an agent that runs, and lead to the port that was said for it', async () => {
    await using cluster = await startControlPlane()
    const greeters = await Promise.all(['first', 'second', 'third'].map(listen))
    try {
      await using kwok = await startKwok(cluster, {nodes: 3, agentPort: (_, index) => greeters[index]?.port ?? 0})
      expect(kwok.nodes.map(({name}) => name)).toEqual(['sim-1', 'sim-2', 'sim-3'])
      await cluster.kubectl(['wait', 'nodes', '--all', '--for', 'condition=Ready', '--timeout', '60s'])
      const ready = ['wait', 'pods', '--all', '--namespace', 'kubectl-npm', '--for', 'condition=Ready', '--timeout', '60s']
      expect((await cluster.kubectl(ready)).stdout.match(/condition met/g)).toHaveLength(3)
      const said = await Promise.all(kwok.nodes.map(({pod}) => readThrough(cluster, pod)))
      expect(said).toEqual(['first', 'second', 'third'])

      // Without anybody who finishes it, a deleted pod would stay.
      await cluster.kubectl(['delete', 'pods', '--all', '--namespace', 'kubectl-npm', '--timeout', '60s'])
    } finally {
      for (const {server} of greeters) server.close()
    }
  })
})

interface Greeter {
  readonly port: number
  readonly server: Server
}

async function listen(greeting: string): Promise<Greeter> {
  const server = createServer(socket => socket.end(greeting)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {server, port: (server.address() as AddressInfo).port}
}

/** What is heard at the relay's port of a pod, by `kubectl port-forward`. */
async function readThrough(cluster: ControlPlane, pod: string): Promise<string> {
  const args = ['port-forward', '--namespace', 'kubectl-npm', `pod/${pod}`, `:${RELAY_PORT}`]
  const forward = spawn('kubectl', args, {env: {...process.env, ...cluster.env}, stdio: ['ignore', 'pipe', 'inherit']})
  try {
    const [said] = (await once(forward.stdout, 'data')) as [Buffer]
    const port = /127\.0\.0\.1:(\d+)/.exec(said.toString())?.[1]
    const socket = connect(Number(port), '127.0.0.1')
    // kwok does not pass on that the other end has ended.
    const [heard] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return heard.toString()
  } finally {
    forward.kill('SIGKILL')
    await once(forward, 'exit')
  }
}
