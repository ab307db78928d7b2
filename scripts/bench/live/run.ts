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
import {percent} from './screen-rows.ts'

const script = (name: string) => join(import.meta.dirname, `${name}.ts`)
const rows: Row[] = []
using node = new BenchNode()
process.once('SIGINT', () => {
  node[Symbol.dispose]()
  console.log(markdown(rows))
  process.exit(130)
})

for (const [policies, areMet, backend] of [
  [200, false, 'nft'],
  [200, true, 'nft'],
  [2000, false, 'nft'],
  [2000, true, 'nft'],
  // The kernel gives all of them each time, whether packets meet them or not.
  [200, true, 'legacy'],
  [2000, true, 'legacy'],
] as const) {
  node.renew()
  const {sets, rules} = nodeText(policies)
  const inside = (command: string, input: string) =>
    execFileSync('ip', ['netns', 'exec', node.name, command], {input, env: {...process.env, XTABLES_LOCKFILE: node.lockFile}})
  execFileSync('ip', ['netns', 'exec', node.name, 'ipset', 'restore'], {input: sets})
  inside(`iptables-${backend}-restore`, rules)
  const within = ['netns', 'exec', node.name, NODE]
  const sender = areMet ? meetPolicies(within, backend) : undefined
  const {stdout} = await execa('ip', [...within, script('watch-here'), String(policies / 20 + 40), '1000', 'rules'])
  sender?.kill()
  const found = JSON.parse(stdout) as Record<
    'share' | 'samplesPerSecond' | 'ownMsOfSample' | 'toolsMsOfSample' | 'memoryBytes',
    number
  > & {
    rules: number
    entries: number
  }
  rows.push({
    what: `agent that is watched at 1 Hz${backend === 'legacy' ? ', legacy' : ''}`,
    size: `${policies.toLocaleString('en')} policies${areMet ? ', a packet a second for each' : ''}, ${found.rules.toLocaleString('en')} rules, ${found.entries.toLocaleString('en')} entries`,
    median: `a sample in ${(1 / found.samplesPerSecond).toFixed(1)} s`,
    processors: `${found.ownMsOfSample.toFixed(1)} + ${found.toolsMsOfSample.toFixed(1)} ms a sample`,
    memory: `${(found.memoryBytes / 1e6).toFixed(0)} MB`,
    ratio: percent(found.share),
    aim: '2 %',
    met: found.share <= 0.0205 ? 'yes' : 'no',
  })
  console.error(`… agent, ${policies} policies${areMet ? ' that packets meet' : ''}`)
}
/** Sends a packet a second to an address of each set, through the rules. */
function meetPolicies(within: readonly string[], backend: 'nft' | 'legacy') {
  const inside = ['netns', 'exec', node.name]
  execFileSync('ip', [...inside, 'ip', 'route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo'])
  // What the node sends itself takes the way of what it forwards.
  execFileSync('ip', [...inside, `iptables-${backend}`, '-A', 'OUTPUT', '-d', '10.0.0.0/8', '-j', 'AZURE-NPM'])
  const sender = execa('ip', [...within, script('send-packets')])
  sender.catch(() => {})
  return sender
}

console.log(markdown(rows))
