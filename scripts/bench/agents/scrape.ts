/**
 * What a scrape takes: `node scripts/bench/agents/scrape.ts [POLICIES] [PODS]`, as root. A real kernel in a network namespace holds what the
 * policies compile to, and the agent's own code reads it in this process, with its tools in that namespace. The processor time is that of
 * this process and its tools, also while somebody watches the node; what passes while the raw tools run stands beside it.
 */
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {limits} from '../../../agent/limits/limits.ts'
import {keptRulesOf} from '../../../agent/live/kept-rules.ts'
import {openLiveReader} from '../../../agent/live/open-live-reader.ts'
import {childrenTimeMs} from '../../../agent/live/processor-time.ts'
import {silentLog} from '../../../agent/log.ts'
import {CountedRules} from '../../../agent/metrics/counted-rules.ts'
import {MetricsPages} from '../../../agent/metrics/metrics-pages.ts'
import {generationOf} from '../../../agent/netlink/generation.ts'
import {documentReaders} from '../../../agent/node/documents.ts'
import {run} from '../../../agent/node/run.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../../core/linux/compile/print.ts'
import {openNamespace} from '../../../test/support/kernel/namespace.ts'
import {toolsInside} from '../../../test/support/live/inside.ts'
import {temporaryFolder} from '../../../test/support/temporary-folder.ts'
import {clusterFile} from '../cluster-file.ts'
import {median} from '../measure.ts'

const policies = Number(process.argv[2] ?? 200)
const pods = Number(process.argv[3] ?? 2000)
const ROUNDS = 20

await using namespace = await openNamespace()
await using folder = await temporaryFolder()
const {objects} = readClusterObjects(JSON.parse(await readFile(await clusterFile({pods, policies}), 'utf8')) as unknown)
const program = compile(objects, {scheme: 'sha256', semantics: 'npm'})
const text = (lines: Iterable<string>): string => [...lines, ''].join('\n')
const sets = text(printIpsetRestore(program))
const rules = text(printIptablesRestore(program))
await namespace.run('ipset', ['restore'], {stdin: sets})
await namespace.run('iptables-nft-restore', ['-w', '60', '--noflush'], {stdin: rules})
const held = (await namespace.run('ipset', ['save'])).stdout
const counts = [rules.match(/^-A/gm)?.length, held.match(/^create/gm)?.length, held.match(/^add/gm)?.length]
console.log(`${policies} policies, ${counts[0]} rules, ${counts[1]} sets, ${counts[2]} entries`)

const inside = (command: string, args: readonly string[]) => ['netns', 'exec', namespace.name, command, ...args]
const tools = ['iptables-nft-save -c', 'ipset list -t'].map(tool => tool.split(' ') as [string, ...string[]])
const {start: startTool} = await import('../../../agent/node/run.ts')
const watching = await toolsInside(namespace)
const live = openLiveReader({...watching, limits: {...limits, liveShare: 1e6}})
const generation = async () => {
  using socket = (await watching.netlink())()
  return generationOf(socket)
}
const pages = new MetricsPages({
  node: 'bench',
  limits: {...limits, sharedScrapeMs: 0, scrapePauses: 0},
  log: silentLog,
  lite: false,
  comparison: undefined,
  counted: await CountedRules.open({path: join(folder.path, 'counted'), log: silentLog, saveMs: 60_000}),
  cluster: () => objects,
  kept: keptRulesOf(live, generation),
  readers: asked =>
    documentReaders(asked, {
      version: '',
      cluster: undefined,
      limits,
      run,
      start: (command, args, options) => startTool('ip', inside(command, args), options),
      legacyTables: async () => undefined,
      npmPort: 1,
    }),
  facts: () => ({version: '', backend: 'nft', knowledge: {state: 'live'}, clients: 0, subscriptions: 0}),
})
const raw: number[] = []
for (const isWatched of [false, true]) {
  using viewer = isWatched ? live.watch(limits.longestLiveMs) : undefined
  await viewer?.due(new AbortController().signal)
  const own: number[] = []
  let bytes = 0
  // The first rounds warm up.
  for (let round = -5; round < ROUNDS; round++) {
    const [before, toolsBefore] = [process.cpuUsage(), childrenTimeMs()]
    const page = await pages.page('/node-metrics', true)
    const {user, system} = process.cpuUsage(before)
    const toolsMs = childrenTimeMs() - toolsBefore
    bytes = page.plain.length + (await pages.page('/cluster-metrics', true)).plain.length
    const start = performance.now()
    for (const [tool, ...args] of tools) await execa('ip', inside(tool, args), {stdout: 'ignore'})
    if (round >= 0) {
      own.push((user + system) / 1000 + toolsMs)
      raw.push(performance.now() - start)
    }
  }
  const each = median(own)
  console.log(
    `a scrape${isWatched ? ' while somebody watches' : ''}: ${each.toFixed(0)} ms of a processor with its tools, ${(each / 150).toFixed(2)} % of one at a scrape in 15 s; ${(bytes / 1000).toFixed(0)} KB`,
  )
}
live.stop()
console.log(`the raw tools alone: ${median(raw).toFixed(0)} ms, by the clock`)
