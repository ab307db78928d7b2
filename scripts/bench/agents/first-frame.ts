/**
 * How soon people see something: `node scripts/bench/agents/first-frame.ts [NODES…]`. A real API server, nodes that kwok simulates, an agent
 * for each, and the bundle on a terminal; beside it `kubectl get pods -A` there, in turns. All share this machine.
 */
import {fork, spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {stripVTControlCharacters} from 'node:util'
import {startControlPlane} from '../../../test/cluster/lab/control-plane.ts'
import {startKwok} from '../../../test/cluster/lab/kwok.ts'
import {median} from '../measure.ts'

const given = process.argv.slice(2).map(Number)
const ROUNDS = 7
const PATIENCE_MS = 30_000
/** A row of a node, which has been counted. Before it, the screen says what it waits for. */
const ROW = /sim-\d+[^\n]*in force/
const root = join(import.meta.dirname, '..', '..', '..')
const program = join(root, 'dist', 'kubectl-npm')

for (const count of given.length > 0 ? given : [2, 250]) {
  await using cluster = await startControlPlane()
  await cluster.kubectl(['apply', '-k', join(root, 'manifests', 'base')])
  const names = Array.from({length: count}, (_, index) => `sim-${index + 1}`)
  const agents = fork(join(import.meta.dirname, 'simulated-agents.ts'), [cluster.kubeconfig, '0', ...names], {execArgv: []})
  try {
    const [ports] = (await once(agents, 'message')) as [number[]]
    await using _kwok = await startKwok(cluster, {nodes: count, agentPort: (_, index) => ports[index] ?? 0})
    const env = {...process.env, ...cluster.env, TERM: 'xterm-256color', CI: ''}
    const seconds = {top: [] as number[], any: [] as number[], kubectl: [] as number[]}
    // The first warms the caches.
    for (let round = 0; round <= ROUNDS; round++) {
      const {row, any} = await top(env)
      const kubectl = await getPods(env)
      if (round === 0) continue
      seconds.top.push(row)
      seconds.any.push(any)
      seconds.kubectl.push(kubectl)
    }
    const [row, any, kubectl] = [median(seconds.top), median(seconds.any), median(seconds.kubectl)]
    console.log(
      `${count} nodes: top draws after ${any.toFixed(2)} s, with a node after ${row.toFixed(2)} s; kubectl get pods -A takes ${kubectl.toFixed(2)} s: ${(any / kubectl).toFixed(2)} x and ${(row / kubectl).toFixed(2)} x`,
    )
  } finally {
    agents.kill()
    await once(agents, 'exit')
  }
}

/** Seconds until the screen is drawn, and until a node is in it. */
async function top(env: NodeJS.ProcessEnv): Promise<{readonly any: number; readonly row: number}> {
  const start = performance.now()
  const command = `stty cols 100 rows 30; exec ${process.execPath} ${program} top`
  const child = spawn('script', ['-qfec', command, '/dev/null'], {env, stdio: ['pipe', 'pipe', 'inherit']})
  let text = ''
  let any: number | undefined
  const tooLate = setTimeout(() => child.kill(), PATIENCE_MS)
  for await (const piece of child.stdout) {
    text += stripVTControlCharacters(String(piece))
    if (text.includes('kubectl npm top')) any ??= (performance.now() - start) / 1000
    if (ROW.test(text)) break
  }
  clearTimeout(tooLate)
  const row = (performance.now() - start) / 1000
  if (any === undefined || !ROW.test(text)) throw new Error(`top has shown no node: ${text.slice(-2000)}`)
  child.stdin.end('q')
  await once(child, 'exit')
  return {any, row}
}

async function getPods(env: NodeJS.ProcessEnv): Promise<number> {
  const start = performance.now()
  const child = spawn('kubectl', ['get', 'pods', '-A'], {env, stdio: ['ignore', 'ignore', 'inherit']})
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`kubectl get pods ended with ${code}`)
  return (performance.now() - start) / 1000
}
