/**
 * What it costs an agent to watch a large cluster: `node scripts/bench/watch/run.ts [PODS]`. The API server is made up; the
 * watch is the agent's own, bundled as it is shipped, in a process of its own.
 */
import {fork} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {build} from 'rolldown'
import {startSyntheticServer} from './synthetic-server.ts'
import type {Report} from './watcher.ts'

const pods = Number(process.argv[2] ?? 20_000)
const size = {pods, policies: pods / 10, nodes: 250}
const folder = await mkdtemp(join(tmpdir(), 'kubectl-npm-bench-watch-'))
try {
  await using server = await startSyntheticServer(size)
  const kubeconfig = join(folder, 'config')
  const config = {
    'current-context': 'c',
    contexts: [{name: 'c', context: {cluster: 'c'}}],
    clusters: [{name: 'c', cluster: {server: server.url}}],
  }
  await writeFile(kubeconfig, JSON.stringify(config))
  const file = join(folder, 'watcher.js')
  await build({
    input: join(import.meta.dirname, 'watcher.ts'),
    platform: 'node',
    logLevel: 'warn',
    output: {dir: folder, format: 'esm', minify: true},
  })
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')

  const child = fork(file, [kubeconfig], {execArgv: []})
  const order = async (name: string): Promise<Report> => {
    child.send(name)
    const [report] = (await once(child, 'message')) as [Report]
    return report
  }
  const row = (what: string, {rssMegabytes, peakMegabytes, cpuSeconds, seconds}: Report) =>
    console.log(
      `${what.padEnd(44)} ${rssMegabytes.toFixed(0).padStart(5)} MB ${peakMegabytes.toFixed(0).padStart(5)} MB peak ` +
        `${cpuSeconds.toFixed(2).padStart(7)} s CPU ${(seconds * 1000).toFixed(0).padStart(6)} ms`,
    )
  console.log(`${pods} pods, ${size.policies} policies, ${size.nodes} nodes\n`)
  row('started', await order('report'))
  let report: Report
  do {
    await sleep(100)
    report = await order('report')
  } while (report.state !== 'live' || server.watches() < 4)
  row('all listed', report)
  const {plain, sent} = server.listBytes
  console.log(`  lists: ${(plain / 1e6).toFixed(1)} MB, ${(sent / 1e6).toFixed(1)} MB on the wire`)
  row('two programs made', await order('programs'))
  row('cluster.json written', await order('json'))
  row('programs again, nothing changed', await order('programs'))
  for (let round = 0; round < 10; round++) {
    server.churn(200, 10)
    await sleep(100)
  }
  row('after 4,000 status events, 100 label changes', await order('programs'))
  await sleep(30_000)
  row('half a minute later', await order('report'))
  child.send('end')
  await once(child, 'exit')
} finally {
  await rm(folder, {recursive: true})
}
