/**
 * What one agent takes: `node scripts/bench/agents/one-node.ts`, as root. The bundle serves this machine; first it does nothing, then
 * `kubectl npm dump` reads 50,000 rules and their sets, which the kernel holds in a network namespace, through a real API server and
 * a port-forward. Beside it stand the raw tools alone.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {startControlPlane} from '../../../test/cluster/lab/control-plane.ts'
import {startKwok} from '../../../test/cluster/lab/kwok.ts'
import {openRelay} from '../../../test/support/agent/relay.ts'
import {clusterFile} from '../cluster-file.ts'
import {median} from '../measure.ts'
import {ProcessCost} from '../watch/process-cost.ts'

/** Compiled, they are 50,000 rules. */
const SIZE = {pods: 20_000, policies: 6000}
const ROUNDS = 5
const IDLE_SECONDS = 60
const NETNS = `kubectl-npm-bench-${process.pid}`
const TOOLS = ['iptables-nft-save', 'ipset'] as const
const dist = join(import.meta.dirname, '..', '..', '..', 'dist')
const manifests = join(import.meta.dirname, '..', '..', '..', 'manifests', 'base')

const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-bench-node-'))
await using stack = new AsyncDisposableStack()
stack.defer(() => rm(folder, {recursive: true}))
await execa('ip', ['netns', 'add', NETNS])
stack.defer(async () => void (await execa('ip', ['netns', 'delete', NETNS])))

const objects = await clusterFile(SIZE)
for (const [output, program, args] of [
  ['ipset', 'ipset', ['restore']],
  ['iptables', 'iptables-nft-restore', ['-w', '60', '-T', 'filter', '--noflush']],
] as const) {
  const file = join(folder, output)
  await execa(process.execPath, [join(dist, 'kubectl-npm'), 'compile', '-f', objects, '-o', output], {stdout: {file}})
  await execa('ip', ['netns', 'exec', NETNS, program, ...args], {stdin: {file}})
}
// The agent's tools look into the namespace; kwok forwards to this machine's loopback only.
for (const tool of TOOLS) {
  await writeFile(join(folder, tool), `#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec ip netns exec ${NETNS} ${tool} "$@"\n`)
  await chmod(join(folder, tool), 0o755)
}

await using cluster = await startControlPlane()
await cluster.kubectl(['apply', '-k', manifests])
const socket = join(folder, 'run', 'clients.sock')
const flags = ['--socket', socket, '--kubeconfig', cluster.kubeconfig, '--node', 'sim-1', '--state-dir', join(folder, 'state')]
const env = {...process.env, PATH: folder + delimiter + process.env['PATH']}

const idle = await startAgent('--no-watch')
console.log(`idle, before it watches: ${await inIdleness(idle.cost)}`)
await idle.end()
const agent = await startAgent()
stack.defer(agent.end)
console.log(`idle, a small cluster watched: ${await inIdleness(agent.cost)}`)

await using relay = await openRelay(socket)
await using _kwok = await startKwok(cluster, {nodes: 1, agentPort: () => relay.port})
const rules = (await readFile(join(folder, 'iptables'), 'utf8')).match(/^-A/gm)?.length ?? 0
const raw = await inRounds(['sh', '-c', 'iptables-nft-save -c > save; ipset save > sets; ipset list -t > list'])
const bytes = await Promise.all(['save', 'sets', 'list'].map(async name => (await stat(join(folder, name))).size))
console.log(`${rules} rules, ${(bytes.reduce((sum, each) => sum + each, 0) / 1e6).toFixed(0)} MB`)
console.log(`raw tools, one after the other: ${raw.toFixed(2)} s`)
const before = agent.cost.cpuSeconds()
const dump = await inRounds([
  process.execPath,
  join(dist, 'kubectl-npm'),
  'dump',
  '--node',
  'sim-1',
  '--force',
  '-o',
  join(folder, 'dump.tgz'),
])
const cpu = (agent.cost.cpuSeconds() - before) / (ROUNDS + 1)
console.log(`kubectl npm dump: ${dump.toFixed(2)} s, ${(dump / raw).toFixed(2)} × the raw tools`)
console.log(
  `  the agent: ${cpu.toFixed(2)} s of processors each, ${agent.cost.rssMegabytes().toFixed(0)} MB, peak ${agent.cost.peakMegabytes().toFixed(0)} MB`,
)

/** Median seconds of a command that is run several times after once. */
async function inRounds([program, ...args]: readonly [string, ...string[]]): Promise<number> {
  const seconds: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now()
    await execa(program, args, {cwd: folder, env: {...env, ...cluster.env}})
    if (round > 0) seconds.push((performance.now() - start) / 1000)
  }
  return median(seconds)
}

async function inIdleness(cost: ProcessCost): Promise<string> {
  await sleep(5000)
  const {cpuSeconds} = await cost.during(() => sleep(IDLE_SECONDS * 1000))
  return `${cost.rssMegabytes().toFixed(0)} MB, peak ${cost.peakMegabytes().toFixed(0)} MB, ${((cpuSeconds / IDLE_SECONDS) * 100).toFixed(2)} % of a core`
}

async function startAgent(...more: string[]): Promise<{cost: ProcessCost; end: () => Promise<void>}> {
  const child = spawn(process.execPath, [join(dist, 'npm-agent'), 'serve', ...flags, ...more], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the agent ended with ${code}`)))
    createInterface(child.stdout).on('line', line => {
      if ((JSON.parse(line) as {msg: string}).msg === 'The agent listens') resolve()
    })
  })
  const end = async () => {
    child.kill()
    if (child.exitCode === null) await once(child, 'exit')
  }
  return {cost: new ProcessCost(child.pid ?? 0), end}
}
