/*
 * Watches the node that it runs on as an agent does, without what the first samples may cost more: node watch-here.ts SECONDS MS DETAIL
 *
 * Prints, as JSON, the share of a processor that reading took, its tools included, how many samples came, and how long a read took.
 */
import {limits} from '../../../agent/limits/limits.ts'
import {openLiveReader} from '../../../agent/live/open-live-reader.ts'
import {childrenTimeMs} from '../../../agent/live/processor-time.ts'
import {samples} from '../../../agent/live/samples.ts'
import {run} from '../../../agent/node/run.ts'

const [seconds = '20', intervalMs = '1000', detail = 'rules'] = process.argv.slice(2)
const reader = openLiveReader({limits: {...limits, liveBurstMs: 0}, run})
const end = new AbortController()
let started: {readonly ms: number; readonly own: NodeJS.CpuUsage; readonly children: number} | undefined
let count = 0
const readMs: number[] = []
let rules = 0
let entries: number | null = 0
for await (const sample of samples(reader, {intervalMs: Number(intervalMs), detail: detail as 'rules'}, end.signal)) {
  // What comes before the first sample is the start of Node.
  if (!started) {
    started = {ms: performance.now(), own: process.cpuUsage(), children: childrenTimeMs()}
    rules = sample.summary.rules
    entries = sample.summary.entries
    setTimeout(() => end.abort(), Number(seconds) * 1000)
  } else {
    count++
    readMs.push(sample.readMs)
  }
}
reader.stop()
if (!started) throw new Error('nothing was read')
const {user, system} = process.cpuUsage(started.own)
const tookMs = performance.now() - started.ms
const ownMs = (user + system) / 1000
const toolsMs = childrenTimeMs() - started.children
console.log(
  JSON.stringify({
    share: (ownMs + toolsMs) / tookMs,
    ownMsOfSample: ownMs / Math.max(1, count),
    toolsMsOfSample: toolsMs / Math.max(1, count),
    samplesPerSecond: (count / tookMs) * 1000,
    readMs: readMs.toSorted((a, b) => a - b)[readMs.length >> 1],
    rules,
    entries,
    memoryBytes: process.memoryUsage.rss(),
  }),
)
