/*
 * Measures how fast the bundle is, as a person would feel it: npm run bench, or npm run bench -- --quick; each size, but only
 * once: npm run bench -- --once; only compile, translate of NPM v1, trace, matrix, verify and diff: npm run bench -- --verbs; agents,
 * alone and many, as root: npm run bench -- --agents; the screen of top: npm run bench -- --screen; repairs of a node, as root: npm run bench -- --apply. What is interrupted prints what it has.
 *
 * Everything is measured in one run on one machine, beside what starting Node, starting kubectl and splitting words take
 * there: only ratios can be compared between machines. Nothing is asserted. docs/performance.md says how to read it.
 */
import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {execa} from 'execa'
import type {Scheme} from '../../core/names/hash.ts'
import {scriptOptions} from '../options/script-options.ts'
import {executableRows} from './executable.ts'
import {type Dump, dumpOf, manyMembers} from './generate.ts'
import type {Task} from './in-process.ts'
import {screenRows} from './live/screen-rows.ts'
import {type CommandLine, type Measured, measure, median, NODE, type Sink} from './measure.ts'
import {type Met, markdown, type Row} from './table.ts'
import {verbResults} from './verbs.ts'

const flag = {type: 'boolean', default: false} as const
const {values} = scriptOptions('npm run bench -- [--quick | --once] [--verbs | --agents | --apply | --screen]', {
  options: {quick: flag, once: flag, verbs: flag, agents: flag, apply: flag, screen: flag},
})
const runsOfShort = values.once ? 3 : values.quick ? 5 : 21
const runsOfLong = values.once || values.quick ? 1 : 5
const sizes = values.quick ? [1, 10] : [1, 10, 100]

const root = join(import.meta.dirname, '..', '..')
const program = join(root, 'dist', 'kubectl-npm')
const exec = promisify(execFile)

/** The aims were set where starting Node takes this long, and splitting words has this speed. */
const AIMED_NODE_SECONDS = 0.037
const AIMED_WORDS_SPEED = 290

interface Aim {
  readonly seconds: number
  readonly megabytes?: number
}
/** What translating a save may take there, by megabytes of rules. */
const translationAims: Readonly<Record<number, Aim>> = {
  1: {seconds: 0.25},
  10: {seconds: 0.8},
  100: {seconds: 6, megabytes: 800},
}
/** How much longer a megabyte may take in a text ten times as long. */
const GROWTH_AIM = 1.3

const rows: Row[] = []
const say = (text: string): void => console.error(`… ${text}`)
const inSeconds = (seconds: number): string => `${seconds.toFixed(seconds < 1 ? 3 : 2)} s`
const inMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
const times = (ratio: number): string => ratio.toFixed(ratio < 10 ? 2 : 1)

process.once('SIGINT', () => {
  console.log(markdown(rows))
  process.exit(130)
})

say('bundle')
await exec(NODE, [join(root, 'scripts', 'build.ts')])
if (values.agents) {
  for (const script of [
    'agents/one-node',
    'agents/scrape',
    'agents/run',
    'agents/first-frame',
    'watch/run',
    'watch/real-server',
    'live/run',
  ])
    await execa(NODE, [join(import.meta.dirname, `${script}.ts`)], {stdio: 'inherit'})
  process.exit()
}
if (values.apply) {
  await execa(NODE, [join(import.meta.dirname, 'apply', 'run.ts')], {stdio: 'inherit'})
  process.exit()
}
if (values.screen) {
  await screen()
  console.log(markdown(rows))
  process.exit()
}
const node = await measure([NODE, '-e', '0'], runsOfShort)
const kubectl = await measure(['kubectl', 'version', '--client'], runsOfShort).catch(() => undefined)
addTimes('node -e 0', '', node)
if (kubectl) addTimes('kubectl version --client', '', kubectl)
await startup('--version')
await startup('--help')
say('single executable')
rows.push(...(await executableRows(values.once ? 2 : values.quick ? 3 : 9)))
await verbs()
if (!values.verbs) {
  growth('time per MB', await translateAll())
  await inProcess()
  await screen()
}
console.log(markdown(rows))

async function screen(): Promise<void> {
  for await (const row of screenRows()) {
    say(`${row.what}, ${row.size}`)
    rows.push(row)
  }
}

function addTimes(
  what: string,
  size: string,
  {seconds, peakMegabytes, processorSeconds}: Measured,
  aim = '',
  met: Met = '',
): void {
  rows.push({
    what,
    size,
    median: inSeconds(seconds),
    ...(processorSeconds !== undefined && {processors: inSeconds(processorSeconds)}),
    ...(peakMegabytes !== undefined && {memory: `${peakMegabytes.toFixed(0)} MB`}),
    ratio: `${times(seconds / node.seconds)} × node`,
    aim,
    met,
  })
}

/** A whole process against what it may take. */
function addAimed(what: string, size: string, measured: Measured, {seconds, megabytes}: Aim): void {
  const ratio = seconds / AIMED_NODE_SECONDS
  const isSmall = megabytes === undefined || (measured.peakMegabytes ?? 0) <= megabytes
  const met = metBy(isSmall && measured.seconds <= ratio * node.seconds, isSmall && measured.seconds <= seconds)
  const memory = megabytes === undefined ? '' : `, ${megabytes} MB`
  addTimes(what, size, measured, `${times(ratio)} × node (${seconds} s)${memory}`, met)
}

function metBy(asRatio: boolean, asNumber: boolean): Met {
  if (asRatio) return 'yes'
  return asNumber ? 'not as a ratio' : 'no'
}

async function startup(flag: string): Promise<void> {
  say(`kubectl-npm ${flag}`)
  const measured = await measure([NODE, program, flag], runsOfShort)
  addTimes(`kubectl-npm ${flag}`, '', measured, '2.4 × node', measured.seconds <= 2.4 * node.seconds ? 'yes' : 'no')
  if (kubectl) addCompared(`kubectl-npm ${flag}`, measured.seconds, kubectl.seconds, 'kubectl', 1.5)
}

/** A whole process against another one. */
function addCompared(what: string, seconds: number, others: number, name: string, aim: number, size = ''): void {
  const ratio = seconds / others
  rows.push({
    what,
    size,
    median: inSeconds(seconds),
    ratio: `${times(ratio)} × ${name}`,
    aim: `${times(aim)} × ${name}`,
    met: ratio <= aim ? 'yes' : 'no',
  })
}

interface Grown {
  readonly bytes: number
  readonly seconds: number
}

/** @returns those of rules alone, from the smallest to the largest */
async function translateAll(): Promise<Grown[]> {
  const done: Grown[] = []
  for (const megabytes of sizes) {
    const dump = await dumpOf(megabytes, 'sha256')
    const {seconds} = await translate('rules', megabytes, dump, [dump.rules])
    done.push({bytes: dump.rulesBytes, seconds})
    await translate('rules, into a pipe', megabytes, dump, [dump.rules], 'pipe')
    await translate('rules and sets', megabytes, dump, [dump.rules, dump.sets])
  }
  const scheme: Scheme = 'fnv32a'
  const dump = await dumpOf(10, scheme)
  await translate('rules, decimal names', 10, dump, [dump.rules])
  return done
}

async function translate(
  what: string,
  megabytes: number,
  dump: Dump,
  files: readonly string[],
  sink: Sink = 'null',
): Promise<Measured> {
  say(`translate ${what}, ${megabytes} MB`)
  const command: CommandLine = [NODE, program, 'translate', '--all', '-o', 'table', ...files.flatMap(file => ['--from', file])]
  const measured = await measure(command, megabytes < 10 ? runsOfShort : runsOfLong, sink)
  const aim = translationAims[megabytes]
  const size = files.includes(dump.sets)
    ? `${inMegabytes(dump.rulesBytes)} + ${inMegabytes(dump.setsBytes)}`
    : inMegabytes(dump.rulesBytes)
  if (!aim) throw new Error(`no aim for ${megabytes} MB`)
  addAimed(`translate: ${what}`, size, measured, aim)
  return measured
}

/** Starting Node is no part of what grows. */
function growth(what: string, measured: readonly Grown[]): void {
  const perMegabyte = ({seconds, bytes}: Grown) => (seconds - node.seconds) / (bytes / 1e6)
  for (const [index, larger] of measured.entries()) {
    const smaller = measured[index - 1]
    if (!smaller) continue
    const factor = perMegabyte(larger) / perMegabyte(smaller)
    rows.push({
      what: `growth: ${what} against the smaller size`,
      size: `${(smaller.bytes / 1e6).toFixed(0)} → ${(larger.bytes / 1e6).toFixed(0)} MB`,
      median: `${(perMegabyte(larger) * 1000).toFixed(1)} ms/MB`,
      ratio: times(factor),
      aim: times(GROWTH_AIM),
      met: factor <= GROWTH_AIM ? 'yes' : 'no',
    })
  }
}

async function inProcess(): Promise<void> {
  const megabytes = sizes.at(-1) as number
  const {rules, rulesBytes} = await dumpOf(megabytes, 'sha256')
  const words = await speed('words', rules, rulesBytes)
  const size = inMegabytes(rulesBytes)
  addSpeed('in process: bare word splitter', size, words, words)
  addSpeed('in process: index of a save', size, await speed('index', rules, rulesBytes), words, 300)
  addSpeed('in process: all rules parsed and kept', size, await speed('parse', rules, rulesBytes), words, 80)
  const members = await manyMembers(1_000_000)
  addSpeed(
    'in process: ipset save, 1,000,000 members',
    inMegabytes(members.bytes),
    await speed('ipset', members.path, members.bytes),
    await speed('words', members.path, members.bytes),
  )
}

/** In megabytes a second. */
async function speed(task: Task, file: string, bytes: number): Promise<number> {
  say(`${task} in process`)
  const seconds: number[] = []
  for (let run = 0; run < (values.once ? 1 : Math.max(3, runsOfLong)); run++) {
    const {stdout} = await exec(NODE, [join(import.meta.dirname, 'in-process.ts'), task, file])
    seconds.push(Number(stdout))
  }
  return bytes / 1e6 / median(seconds)
}

function addSpeed(what: string, size: string, speed: number, words: number, aim?: number): void {
  const ratio = speed / words
  rows.push({
    what,
    size,
    median: `${speed.toFixed(0)} MB/s`,
    ratio: `${times(ratio)} × words`,
    aim: aim === undefined ? '' : `${times(aim / AIMED_WORDS_SPEED)} × words (${aim} MB/s)`,
    met: aim === undefined ? '' : metBy(ratio >= aim / AIMED_WORDS_SPEED, speed >= aim),
  })
}

async function verbs(): Promise<void> {
  const grown = new Map<string, Grown[]>()
  for await (const {what, size, measured, aim, beside, growth: grows} of verbResults(Math.min(runsOfLong, 5), values.quick)) {
    say(`${what}, ${size}`)
    if (aim) addAimed(what, size, measured, aim)
    else addTimes(what, size, measured)
    if (beside) {
      if (!beside.isTold) addTimes(`${beside.name} alone`, size, beside.measured)
      addCompared(what, measured.seconds, beside.measured.seconds, beside.name, beside.aim, size)
    }
    if (grows) grown.set(grows.what, [...(grown.get(grows.what) ?? []), {bytes: grows.bytes, seconds: measured.seconds}])
  }
  for (const [what, results] of grown) growth(`${what}, time per MB`, results)
}
