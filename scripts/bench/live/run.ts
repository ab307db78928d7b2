/*
 * What watching costs: node scripts/bench/live/run.ts, as root. The node is a network namespace with made-up rules and sets. A share is of
 * one processor, tools included.
 */
import {execFileSync} from 'node:child_process'
import {join} from 'node:path'
import {execa} from 'execa'
import {BenchNode} from '../apply/bench-node.ts'
import {NODE} from '../measure.ts'
import {markdown, type Row} from '../table.ts'
import {nodeText} from './node-text.ts'

const script = (name: string) => join(import.meta.dirname, `${name}.ts`)
const rows: Row[] = []
using node = new BenchNode()
process.once('SIGINT', () => {
  node[Symbol.dispose]()
  console.log(markdown(rows))
  process.exit(130)
})

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`

for (const policies of [200, 2000]) {
  node.renew()
  const {sets, rules} = nodeText(policies)
  const inside = (command: string, input: string) =>
    execFileSync('ip', ['netns', 'exec', node.name, command], {input, env: {...process.env, XTABLES_LOCKFILE: node.lockFile}})
  execFileSync('ip', ['netns', 'exec', node.name, 'ipset', 'restore'], {input: sets})
  inside('iptables-nft-restore', rules)
  const command = ['netns', 'exec', node.name, NODE, script('watch-here'), String(policies / 20 + 40), '1000', 'rules']
  const {stdout} = await execa('ip', command)
  const found = JSON.parse(stdout) as Record<
    'share' | 'samplesPerSecond' | 'ownMsOfSample' | 'toolsMsOfSample' | 'memoryBytes',
    number
  > & {
    rules: number
    entries: number
  }
  rows.push({
    what: 'agent that is watched at 1 Hz',
    size: `${policies.toLocaleString('en')} policies, ${found.rules.toLocaleString('en')} rules, ${found.entries.toLocaleString('en')} entries`,
    median: `a sample in ${(1 / found.samplesPerSecond).toFixed(1)} s`,
    processors: `${found.ownMsOfSample.toFixed(1)} + ${found.toolsMsOfSample.toFixed(1)} ms a sample`,
    memory: `${(found.memoryBytes / 1e6).toFixed(0)} MB`,
    ratio: percent(found.share),
    aim: '2 %',
    met: found.share <= 0.0205 ? 'yes' : 'no',
  })
  console.error(`… agent, ${policies} policies`)
}
for (const [nodes, rules] of [
  [1, 2000],
  [1, 20_000],
  [250, 0],
] as const) {
  const {stdout} = await execa(NODE, [script('view-cost'), String(nodes), String(rules)])
  const found = JSON.parse(stdout) as {msOfSecond: number; memoryBytes: number}
  const share = found.msOfSecond / 1000
  rows.push({
    what: 'view of a plugin at 1 Hz',
    size: rules > 0 ? `${nodes} node, ${rules.toLocaleString('en')} rules` : `${nodes} nodes, summaries`,
    median: '',
    processors: `${found.msOfSecond.toFixed(1)} ms a second`,
    memory: `${(found.memoryBytes / 1e6).toFixed(0)} MB`,
    ratio: percent(share),
    aim: '5 %',
    met: share <= 0.05 ? 'yes' : 'no',
  })
}
console.log(markdown(rows))
