/**
 * How soon people see something: `node scripts/bench/agents/first-frame.ts [NODES…]`. A real API server, nodes that kwok simulates, an agent
 * for each, and the bundle on a terminal; beside it `kubectl get pods -A` there, in turns. All share this machine, so the time of processors
 * is told too, of the program with the kubectl that it has started.
 */
import {fork, spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {stripVTControlCharacters} from 'node:util'
import {startControlPlane} from '../../../test/cluster/lab/control-plane.ts'
import {startKwok} from '../../../test/cluster/lab/kwok.ts'
import {median} from '../measure.ts'
import {processorSeconds} from './processor-seconds.ts'

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
    const found: Record<'any' | 'row' | 'kubectl', Moment[]> = {any: [], row: [], kubectl: []}
    // The first warms the caches.
    for (let round = 0; round <= ROUNDS; round++) {
      const {row, any} = await top(env)
      const kubectl = await getPods(env)
      if (round === 0) continue
      found.any.push(any)
      found.row.push(row)
      found.kubectl.push(kubectl)
    }
    for (const [what, word] of [
      ['seconds', 'passed'],
      ['processors', 'of processors'],
    ] as const) {
      const [any, row, kubectl] = (['any', 'row', 'kubectl'] as const).map(of => median(found[of].map(each => each[what])))
      if (any === undefined || row === undefined || kubectl === undefined) continue
      console.log(
        `${count} nodes, time ${word}: top draws after ${any.toFixed(3)} s, with a node after ${row.toFixed(3)} s; kubectl get pods -A takes ${kubectl.toFixed(3)} s: ${(any / kubectl).toFixed(2)} x and ${(row / kubectl).toFixed(2)} x`,
      )
    }
  } finally {
    agents.kill()
    await once(agents, 'exit')
  }
}

/** Since a program was started. */
interface Moment {
  readonly seconds: number
  /** What the program has taken of all processors. */
  readonly processors: number
}

/** When the screen is drawn, and when a node is in it. */
async function top(env: NodeJS.ProcessEnv): Promise<{readonly any: Moment; readonly row: Moment}> {
  const start = performance.now()
  const command = `stty cols 100 rows 30; exec ${process.execPath} ${program} top`
  const child = spawn('script', ['-qfec', command, '/dev/null'], {env, stdio: ['pipe', 'pipe', 'inherit']})
  const now = (): Moment => ({seconds: (performance.now() - start) / 1000, processors: processorSeconds(child.pid ?? 0)})
  let text = ''
  let any: Moment | undefined
  let row: Moment | undefined
  const tooLate = setTimeout(() => child.kill(), PATIENCE_MS)
  for await (const piece of child.stdout) {
    text += stripVTControlCharacters(String(piece))
    if (text.includes('kubectl npm top')) any ??= now()
    if (!ROW.test(text)) continue
    row = now()
    break
  }
  clearTimeout(tooLate)
  if (!any || !row) throw new Error(`top has shown no node: ${text.slice(-2000)}`)
  child.stdin.end('q')
  await once(child, 'exit')
  return {any, row}
}

async function getPods(env: NodeJS.ProcessEnv): Promise<Moment> {
  const start = performance.now()
  const command = ['-c', 'time kubectl get pods -A >/dev/null']
  const child = spawn('bash', command, {env: {...env, TIMEFORMAT: '%U %S'}, stdio: ['ignore', 'ignore', 'pipe']})
  const said = (await child.stderr.toArray()).join('')
  const seconds = (performance.now() - start) / 1000
  const [user, system] = said.trim().split(' ').map(Number)
  if (!Number.isFinite(user) || !Number.isFinite(system)) throw new Error(`kubectl get pods: ${said}`)
  return {seconds, processors: (user as number) + (system as number)}
}
