/**
 * How long many nodes take to answer: `node scripts/bench/agents/run.ts [NODES] [SLOWEST_SECONDS]`. A real API server, nodes
 * that kwok simulates, an agent for each that needs up to so many seconds to compare, and the bundle as a person runs it. All of
 * them share this machine, so the processors are told too: a fleet brings its own.
 */
import {fork, spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {startControlPlane} from '../../../test/cluster/lab/control-plane.ts'
import {startKwok} from '../../../test/cluster/lab/kwok.ts'
import {median} from '../measure.ts'
import {ProcessCost} from '../watch/process-cost.ts'

const count = Number(process.argv[2] ?? 250)
const slowestSeconds = Number(process.argv[3] ?? 5)
const ROUNDS = 5
const program = join(import.meta.dirname, '..', '..', '..', 'dist', 'kubectl-npm')

await using cluster = await startControlPlane()
await cluster.kubectl(['apply', '-k', join(import.meta.dirname, '..', '..', '..', 'manifests', 'base')])
const names = Array.from({length: count}, (_, index) => `sim-${index + 1}`)
const script = join(import.meta.dirname, 'simulated-agents.ts')
const agents = fork(script, [cluster.kubeconfig, String(slowestSeconds * 1000), ...names], {execArgv: []})
try {
  const [ports] = (await once(agents, 'message')) as [number[]]
  await using _kwok = await startKwok(cluster, {nodes: count, agentPort: (_, index) => ports[index] ?? 0})
  const server = ProcessCost.ofChild('kube-apiserver')
  const kwok = ProcessCost.ofChild('kwok')
  const costs: Record<'seconds' | 'plugin' | 'agents' | 'server' | 'kwok', number>[] = []
  console.log(`${count} nodes, the slowest needs ${slowestSeconds} s`)
  // The first warms the caches.
  for (let round = 0; round <= ROUNDS; round++) {
    const before = {agents: await agentsCpu(), server: server.cpuSeconds(), kwok: kwok.cpuSeconds()}
    const {seconds, plugin} = await diff()
    if (round === 0) continue
    costs.push({
      seconds,
      plugin,
      agents: (await agentsCpu()) - before.agents,
      server: server.cpuSeconds() - before.server,
      kwok: kwok.cpuSeconds() - before.kwok,
    })
  }
  const middle = (what: keyof (typeof costs)[number]) => median(costs.map(each => each[what])).toFixed(2)
  console.log(
    `whole command: ${middle('seconds')} s: the slowest and ${(Number(middle('seconds')) - slowestSeconds).toFixed(2)} s`,
  )
  console.log(
    `processor time: plugin ${middle('plugin')} s, agents ${middle('agents')} s, API server ${middle('server')} s, kwok ${middle('kwok')} s`,
  )
} finally {
  agents.kill()
  await once(agents, 'exit')
}

async function agentsCpu(): Promise<number> {
  agents.send('cpu')
  const [seconds] = (await once(agents, 'message')) as [number]
  return seconds
}

/** @throws Error unless every node has answered */
async function diff(): Promise<{seconds: number; plugin: number}> {
  const start = performance.now()
  // Its children are counted with it.
  const child = spawn('bash', ['-c', 'time "$0" "$1" diff', process.execPath, program], {
    env: {...process.env, ...cluster.env, TIMEFORMAT: '%U %S'},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map(async stream => (await stream.toArray()).join('')))
  const seconds = (performance.now() - start) / 1000
  if (!stdout?.includes(`${count} nodes: ${count} clean`)) throw new Error(`not all have answered: ${stdout}\n${stderr}`)
  const [user = 0, system = 0] = (stderr?.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return {seconds, plugin: user + system}
}
