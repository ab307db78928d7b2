/*
 * What the screen of top costs while nodes send a sample a second: node screen-cost.ts NODES RULES COLUMNS ROWS, NODE_ENV=production
 *
 * Prints, as JSON, milliseconds of a processor for one frame drawn, and the share of a processor and the memory of a process that parses the
 * samples, checks them, reduces them to the view and draws it as the program does: once a second, onto a terminal that takes all.
 */
import {setTimeout as sleep} from 'node:timers/promises'
import {wireSampleSchema} from '../../../core/contract/live.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import type {LiveSource} from '../../../plugin/live/live-source.ts'
import {clockText} from '../../../plugin/ui/top/clock-text.ts'
import {glyphsOf} from '../../../plugin/ui/top/glyphs.ts'
import {Rows} from '../../../plugin/ui/top/rows.ts'
import {TopSession} from '../../../plugin/ui/top/session.ts'
import {paintLine} from '../../../plugin/ui/top/spans.ts'
import {median} from '../measure.ts'
import {liveOf, wireOf} from './made-samples.ts'

const [nodes = 250, rules = 0, columns = 80, rows = 24] = process.argv.slice(2).map(Number)
const FRAMES = 7
const SECONDS = 20

const source: LiveSource = {
  kind: 'cluster',
  // Samples are given to the session as they come due.
  async *events() {},
  request() {},
  members: async () => undefined,
  differences: () => Promise.reject(new Error('nothing is compared')),
}
const session = new TopSession(
  source,
  {
    intervalMs: 1000,
    theme: 'dark',
    glyphs: glyphsOf(false),
    now: Date.now,
    clock: clockText,
    yamlOf: () => [],
    ...(nodes === 1 && {node: 'aks-0'}),
  },
  new AbortController().signal,
)
const names = Array.from({length: nodes}, (_, index) => `aks-${index}`)
/** Made before they are measured: nodes make them. */
const wires = new Map(
  [
    0,
    1,
    ...Array.from({length: FRAMES}, (_, frame) => 2 + frame),
    ...Array.from({length: SECONDS}, (_, second) => 100 + second),
  ].map(second => [second, wireOf(second, rules)]),
)
const take = (node: string, second: number): void => {
  const sample = wireSampleSchema.parse(JSON.parse(wires.get(second) ?? ''))
  session.take({apiVersion: API_VERSION, kind: 'LiveSample', node, ...sample, at: new Date().toISOString()})
}
if (rules > 0) for (const node of names) session.take(liveOf(node, rules))
for (const second of [0, 1]) for (const node of names) take(node, second)

let drawn = 0
let characters = 0
const screen = new Rows(text => {
  characters += text.length
})
session.subscribe(() => {
  drawn++
  const {lines} = session.frame({columns, rows})
  screen.show(lines.map(line => paintLine(line, 'dark')))
})
await sleep(500)

const cpuMs = (): number => {
  const {user, system} = process.cpuUsage()
  return (user + system) / 1000
}
const frames: number[] = []
// The first frames come sooner than the others.
await sleep(3000)
for (let frame = 0; frame < FRAMES; frame++) {
  // Later than the frame for what came behind the one before, and the pause after it: the first sample is drawn at once.
  await sleep(2300)
  const before = cpuMs()
  for (const node of names.slice(0, 3)) take(node, 2 + frame)
  await sleep(100)
  frames.push(cpuMs() - before)
}

const startMs = performance.now()
const usedMs = cpuMs()
const drawnBefore = drawn
for (let second = 0; second < SECONDS; second++)
  for (const [index, node] of names.entries()) {
    const dueMs = startMs + (second + index / nodes) * 1000
    const waitMs = dueMs - performance.now()
    if (waitMs > 1) await sleep(waitMs)
    take(node, 100 + second)
    if (index === nodes >> 1) session.tick()
  }
const tookMs = performance.now() - startMs
console.log(
  JSON.stringify({
    frameMs: median(frames),
    share: (cpuMs() - usedMs) / tookMs,
    framesPerSecond: ((drawn - drawnBefore) / tookMs) * 1000,
    memoryBytes: process.memoryUsage.rss(),
    characters,
  }),
)
process.exit()
