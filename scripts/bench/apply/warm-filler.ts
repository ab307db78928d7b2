/*
 * What it costs a process that goes on, as the agent does, to fill an empty node: node scripts/bench/apply/warm-filler.ts STATE-DIR PLAN, in the
 * namespace of a node, which is emptied each time. Prints two medians as JSON: of a plan that the process has, and of one that came packed
 * from a client, which is unpacked and checked first.
 */
import {execFileSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'
import {gzipSync} from 'node:zlib'
import {limits} from '../../../agent/limits/limits.ts'
import {Writes} from '../../../agent/rpc/writes.ts'
import {openWriter} from '../../../agent/write/open-writer.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteResult} from '../../../core/contract/writes.ts'
import {warmCost} from './process-cost.ts'

const [stateDir = '', file = ''] = process.argv.slice(2)
const text = readFileSync(file, 'utf8')
const plan = JSON.parse(text) as Plan
// As clients send it, without the blanks of -o json.
const packed = gzipSync(JSON.stringify(plan))
const ignore = () => undefined
const log = {info: ignore, warn: ignore, error: ignore, audit: ignore}
const writer = openWriter({stateDir, node: plan.node, version: '0.0.0', log})
const writes = new Writes({writer, limits, mark: async () => '', onChange: ignore})
const client = {caller: {kind: 'root'}, tokenHash: undefined, signal: new AbortController().signal} as const

async function empty(): Promise<void> {
  for (const option of ['-F', '-X']) execFileSync('iptables-nft', ['-w', '60', option])
  execFileSync('ipset', ['flush'])
  // The kernel lets go of rules, and with them of sets, a moment later.
  for (let tries = 0; ; tries++)
    try {
      return void execFileSync('ipset', ['destroy'], {stdio: 'ignore'})
    } catch (error) {
      if (tries === 100) throw error
      await sleep(100)
    }
}

async function done(result: Promise<WriteResult>): Promise<void> {
  const {outcome, failedAt} = await result
  if (outcome !== 'applied') throw new Error(`it ended as ${outcome}: ${failedAt?.message}`)
}

const times = {warmUp: 2, runs: 3}
const known = await warmCost(times, empty, () => done(writer.apply(plan, {by: 'root'})))
let stagedId = ''
const received = await warmCost(
  times,
  async () => {
    await empty()
    stagedId = writes.staged.add(client, undefined, 0, packed).stagedId
  },
  () => done(writes.apply(client, {stagedId})),
)
await writes.stop(1000, false)
console.log(JSON.stringify({known, received}))
