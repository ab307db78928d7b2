/*
 * What it takes to repair a node: node scripts/bench/apply/run.ts, as root, with the bundle there. The node is a network namespace. Beside
 * it stand the raw tools with the content that it has then. The aims are about what passes, on a machine that does nothing else. The ratio of the
 * time of processors, which other programs on the machine change least, stands beside it.
 */
import {execFile} from 'node:child_process'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {promisify} from 'node:util'
import {type ClusterSize, clusterFile} from '../cluster-file.ts'
import {NODE} from '../measure.ts'
import {markdown, type Row} from '../table.ts'
import {BenchNode, type Cost, sum} from './bench-node.ts'
import {longestHold} from './longest-hold.ts'

const program = join(import.meta.dirname, '..', '..', '..', 'dist', 'kubectl-npm')
const exec = promisify(execFile)
const rows: Row[] = []
using node = new BenchNode()
const sets = join(node.folder, 'sets')
const rules = join(node.folder, 'rules')
const plan = join(node.folder, 'plan.json')

process.once('SIGINT', () => {
  node[Symbol.dispose]()
  console.log(markdown(rows))
  process.exit(130)
})

const verb = (name: string, ...args: readonly string[]) => [NODE, program, name, '--local', '--state-dir', node.stateDir, ...args]
const inSeconds = (seconds: number): string => `${seconds.toFixed(seconds < 1 ? 3 : 2)} s`

function add(
  what: string,
  size: string,
  {seconds, processorSeconds}: Cost,
  beside?: {cost: Cost; name: string; aim: number},
): void {
  const ratio = beside && seconds / beside.cost.seconds
  const ofProcessors = beside && processorSeconds / beside.cost.processorSeconds
  rows.push({
    what,
    size,
    median: inSeconds(seconds),
    processors: inSeconds(processorSeconds),
    ratio: ratio === undefined ? '' : `${ratio.toFixed(2)} × ${beside?.name}, processors ${ofProcessors?.toFixed(2)} ×`,
    aim: beside ? `${beside.aim} × ${beside.name}` : '',
    met: ratio === undefined ? '' : ratio <= (beside?.aim ?? 0) ? 'yes' : 'no',
  })
  console.error(`… ${what}, ${size}`)
}

/**
 * A kept plan is made and then applied. The second process is told what to do, as the raw tools are: it starts, reads the node,
 * checks the plan, keeps a restore point, writes, and reads the node again.
 */
async function transaction(objects: string): Promise<Cost> {
  // It ends with 1 where there is something to do.
  const planning = verb('apply', '-f', objects, '--dry-run', '-o', 'json')
  await node.cost(['sh', '-c', `"$@" >${plan}; [ $? = 1 ]`, 'sh', ...planning])
  return node.cost(verb('apply', '--plan', plan, '--yes'))
}

/** The same transaction where the process has started, has run its code before, and has read the node. It is no start that is measured. */
async function inWarmProcess<Costs>(script: string, ...args: readonly string[]): Promise<Costs> {
  const file = join(import.meta.dirname, script)
  const {stdout} = await exec('ip', ['netns', 'exec', node.name, NODE, file, node.stateDir, plan, ...args], {
    env: {...process.env, XTABLES_LOCKFILE: node.lockFile},
  })
  return JSON.parse(stdout) as Costs
}

async function ofSize({pods, policies}: ClusterSize): Promise<void> {
  const objects = await clusterFile({pods, policies})
  node.renew()
  const appliedPlan = await transaction(objects)
  const filledWarm = await inWarmProcess<{known: Cost; received: Cost}>('warm-filler.ts')
  node.renew()
  const applied = await node.cost(verb('apply', '-f', objects, '--yes'))
  const read = await rawSave()
  const size = `${pods.toLocaleString('en')} pods, ${policies.toLocaleString('en')} policies: ${await contentSize()}`
  const [, set = '', member = ''] = /^add (\S+) (\d\S+)$/m.exec(await readFile(sets, 'utf8')) ?? []
  await node.cost(['ipset', 'del', set, member])
  const repaired = await node.cost(verb('apply', '-f', objects, '--yes'))
  await node.cost(['ipset', 'del', set, member])
  const repairedPlan = await transaction(objects)
  const warm = await inWarmProcess<Cost>('warm-writer.ts', set, member)
  node.renew()
  const filled = await rawRestore()
  const [restored, saved] = [
    {cost: filled, name: 'raw restore', aim: 1.3},
    {cost: read, name: 'raw save', aim: 1.5},
  ]
  add('raw restore of sets and rules', size, filled)
  add('apply, into an empty node', size, applied, restored)
  add('the same of a kept plan: the transaction', size, appliedPlan, restored)
  add('the same in a process that goes on, as the agent', size, filledWarm.known, restored)
  add('the same, and the plan comes packed from a client', size, filledWarm.received, restored)
  add('raw save of sets and rules', size, read)
  add('apply, one member missing', size, repaired, saved)
  add('the same of a kept plan: the transaction', size, repairedPlan, saved)
  add('the same in a process that goes on, as the agent', size, warm, saved)
  add('what the next one does after a kill', size, await recovery(objects))
  const held = await legacyHold(objects)
  rows.push({what: 'longest hold of the xtables lock, legacy', size, median: inSeconds(held), ratio: '', aim: '', met: ''})
}

/** What the node has, into files. */
async function rawSave(): Promise<Cost> {
  return sum(
    await node.cost(['sh', '-c', `ipset save >${sets}`]),
    await node.cost(['sh', '-c', `iptables-nft-save -c -t filter >${rules}`]),
  )
}

async function contentSize(): Promise<string> {
  const count = async (file: string, mark: RegExp) =>
    ((await readFile(file, 'utf8')).match(mark)?.length ?? 0).toLocaleString('en')
  return `${await count(sets, /^add /gm)} members, ${await count(rules, /^\[\d+:\d+\] -A /gm)} rules`
}

const rawRestore = async (): Promise<Cost> =>
  sum(
    await node.cost(['ipset', 'restore'], sets),
    await node.cost(['iptables-nft-restore', '-w', '60', '-T', 'filter', '--noflush', '-c'], rules),
  )

/** An apply into an empty node is killed when its first step has begun, and the next one takes it back. */
async function recovery(objects: string): Promise<Cost> {
  node.renew()
  const child = node.start(verb('apply', '-f', objects, '--yes'))
  const ended = once(child, 'close')
  const hasBegun = async () => (await readFile(join(node.stateDir, 'journal.jsonl'), 'utf8').catch(() => '')).includes('"step"')
  while (!(await hasBegun())) await sleep(5)
  await exec('bash', ['-c', `for process in $(ip netns pids ${node.name}); do kill -9 "$process"; done`])
  await ended
  return node.cost(verb('rollback', '--list'))
}

async function legacyHold(objects: string): Promise<number> {
  node.renew()
  // What makes a node one of the legacy back end.
  await node.cost(['iptables-legacy', '-w', '60', '-N', 'KUBE-IPTABLES-HINT', '-t', 'mangle'])
  await node.cost(['iptables-legacy', '-w', '60', '-L', '-n'])
  return longestHold(node.lockFile, () => node.cost(verb('apply', '-f', objects, '--yes')))
}

// 20,000 members and 2,000 rules are on the node: sets that no rule uses are left out.
await ofSize({pods: 6300, policies: 206})
await ofSize({pods: 20_000, policies: 2000})
console.log(markdown(rows))
