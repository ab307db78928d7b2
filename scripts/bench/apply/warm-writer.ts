/*
 * What one missing member costs a process that goes on, as the agent does: node scripts/bench/apply/warm-writer.ts STATE-DIR PLAN SET MEMBER, in
 * the namespace of a node that has all it is to have. Each time somebody else takes a member away, and the plan brings it back. Prints the
 * median of what it took, this process and its tools together, as JSON.
 */
import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {openWriter} from '../../../agent/write/open-writer.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import {median} from '../measure.ts'

const [stateDir = '', file = '', set = '', member = ''] = process.argv.slice(2)
const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan
const ignore = () => undefined
const log = {info: ignore, warn: ignore, error: ignore, audit: ignore}
const writer = openWriter({stateDir, node: plan.node, version: '0.0.0', log})

/** In hundredths of a second. Source: proc_pid_stat(5), utime, stime, cutime, cstime */
function processorTicks(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0)
}

/** The first ones run in code that is not compiled yet, and read what the later ones know. */
const WARM_UP = 3
const RUNS = 7

const costs: {seconds: number; processorSeconds: number}[] = []
for (let run = 0; run < WARM_UP + RUNS; run++) {
  execFileSync('ipset', ['del', set, member])
  const [ticks, startedAt] = [processorTicks(), performance.now()]
  const {outcome, failedAt} = await writer.apply(plan, {by: 'root'})
  if (outcome !== 'applied') throw new Error(`it ended as ${outcome}: ${failedAt?.message}`)
  if (run >= WARM_UP)
    costs.push({seconds: (performance.now() - startedAt) / 1000, processorSeconds: (processorTicks() - ticks) / 100})
}
writer.stop()
console.log(
  JSON.stringify({
    seconds: median(costs.map(({seconds}) => seconds)),
    processorSeconds: median(costs.map(({processorSeconds}) => processorSeconds)),
  }),
)
