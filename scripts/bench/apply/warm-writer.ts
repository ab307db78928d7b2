/*
 * What one missing member costs a process that goes on, as the agent does: node scripts/bench/apply/warm-writer.ts STATE-DIR PLAN SET MEMBER, in
 * the namespace of a node that has all it is to have. Each time somebody else takes a member away, and the plan brings it back. Prints the
 * median of what it took, this process and its tools together, as JSON.
 */
import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {openWriter} from '../../../agent/write/open-writer.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import {warmCost} from './process-cost.ts'

const [stateDir = '', file = '', set = '', member = ''] = process.argv.slice(2)
const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan
const ignore = () => undefined
const log = {info: ignore, warn: ignore, error: ignore, audit: ignore}
const writer = openWriter({stateDir, node: plan.node, version: '0.0.0', log})

const cost = await warmCost(
  {warmUp: 3, runs: 7},
  () => void execFileSync('ipset', ['del', set, member]),
  async () => {
    const {outcome, failedAt} = await writer.apply(plan, {by: 'root'})
    if (outcome !== 'applied') throw new Error(`it ended as ${outcome}: ${failedAt?.message}`)
  },
)
writer.stop()
console.log(JSON.stringify(cost))
