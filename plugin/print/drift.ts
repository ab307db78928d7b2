import type {Departure, Drift, DriftCause, DriftItem, DriftList, JudgedPacket} from '../../core/contract/drift.ts'
import type {Column} from './columns.ts'
import {driftItemLines, legendLines} from './drift-items.ts'
import {incompleteLines, partLines} from './incomplete.ts'
import type {Paint, Style} from './paint.ts'
import {releaseText} from './release.ts'
import {lineOf} from './where.ts'

type Heading = 'both' | DriftItem['effect'] | 'hidden'

const HEADINGS = {
  both: {title: 'OPEN AND CLOSED: some packets pass that the policies forbid, others are dropped that they allow', style: 'red'},
  open: {title: 'OPEN: packets pass that the policies forbid', style: 'red'},
  closed: {title: 'CLOSED: packets are dropped that the policies allow', style: 'red'},
  hidden: {title: 'HIDDEN: packets are judged otherwise as soon as the other causes are repaired', style: 'yellow'},
  unknown: {title: 'UNKNOWN: it is not known whether packets are judged differently', style: 'yellow'},
  none: {title: 'No packet is judged differently', style: 'yellow'},
} as const satisfies Record<Heading, {title: string; style: Style}>

const ORDER = ['both', 'open', 'closed', 'hidden', 'unknown', 'none'] as const

function headingOf({opens, closes, hidden, isUncertain}: DriftCause): Heading {
  if (opens.length > 0) return closes.length > 0 ? 'both' : 'open'
  if (closes.length > 0) return 'closed'
  if (hidden) return 'hidden'
  return isUncertain ? 'unknown' : 'none'
}

const JUDGED = {
  all: 'Rules and policies were held against each other with one packet of each kind that the sets and rules of this node tell apart.',
  some: 'Rules and policies were held against each other only with packets that differences, departures and rules of other programs touch.',
} as const

/**
 * What is wrong with a node for a person, most harmful first: each cause once, with what it does.
 *
 * @param isWide with all examples, and the differences below each cause
 * @param isOfSeveral whether nodes stand below each other: of those that are clean one line is enough
 */
export function* driftLines(drift: Drift, paint: Paint, isWide = false, isOfSeveral = false): Generator<string> {
  const {causes, departures, notes, notCompared = [], judged} = drift
  if (isUncompared(drift)) {
    yield* uncomparedLines(drift, paint)
    return
  }
  yield headLine(drift, paint)
  if (drift.release && !(isOfSeveral && drift.clean)) yield paint(releaseText(drift.release), 'dim')
  for (const heading of ORDER) {
    const group = [...causes.entries()].filter(([, cause]) => headingOf(cause) === heading)
    if (group.length === 0) continue
    yield ''
    yield paint(HEADINGS[heading].title, HEADINGS[heading].style)
    for (const [at, cause] of group) yield* causeLines(at, cause, drift, paint, isWide)
  }
  for (const item of withoutCause(drift)) yield* driftItemLines(item, paint)
  yield* repairAllLines(drift, paint)
  yield* departureLines(departures, paint, isWide)
  yield* incompleteLines(
    'Not in the input: what rests on these parts is not known, and was not compared',
    drift.incomplete,
    paint,
  )
  if (notCompared.length > 0) {
    yield ''
    yield paint('Not compared: what happens to packets of the pods that these policies select is not known', 'yellow')
    for (const {policy, reason, next} of notCompared) {
      yield paint(`  policy ${policy}: ${reason}`)
      yield paint(`      ${next}`, 'dim')
    }
  }
  if (notes.length > 0) {
    yield ''
    yield paint('To know, and not counted as differences', 'bold')
    for (const note of notes) yield paint(`  ${note}`, 'dim')
  }
  if (judged === 'none' || (!isWide && drift.clean && judged === 'all')) return
  yield ''
  yield paint(JUDGED[judged], 'dim')
}

/** Whether nothing was compared, because the input does not hold what a comparison rests on. */
const isUncompared = ({clean, items, causes, departures, notCompared = [], incomplete}: Drift): boolean =>
  !clean && items.length + causes.length + departures.length + notCompared.length === 0 && incomplete.length > 0

function* uncomparedLines({node, incomplete}: Drift, paint: Paint): Generator<string> {
  yield paint(`node ${node}: `) + paint('not compared', 'yellow') + paint(': the input does not hold all that answers rest on')
  yield* partLines(incomplete, paint)
}

/** The differences of an agent of a version that told no causes. */
const withoutCause = ({items, causes}: Drift): readonly DriftItem[] => (causes.length === 0 ? items : [])

function headLine(drift: Drift, paint: Paint): string {
  const {node, clean, causes, departures, notCompared = []} = drift
  if (clean) return paint(`node ${node}: `) + paint('clean', 'green') + paint(': what is programmed is what the policies ask for')
  const bare = withoutCause(drift).length
  const parts = [
    ...(bare > 0 ? [counted(bare, 'difference')] : []),
    ...(causes.length > 0 ? [`${counted(causes.length, 'thing')} wrong`] : []),
    ...(departures.length > 0 ? [`${counted(departures.length, 'departure')} of Azure NPM from the policies`] : []),
  ]
  if (parts.length > 0) return paint(`node ${node}: ${parts.join(', ')}`, 'bold')
  return paint(`node ${node}: no differences, but ${policies(notCompared.length)} not compared`, 'yellow')
}

function* causeLines(at: number, cause: DriftCause, {items, causes}: Drift, paint: Paint, isWide: boolean): Generator<string> {
  const {text, where, opens, closes, hidden} = cause
  const place = where && lineOf(where) !== undefined ? ` (line ${lineOf(where)})` : ''
  yield paint(`  ${at + 1}. ${text}${place}`)
  const both = opens.length > 0 && closes.length > 0
  yield* exampleLines(both ? 'opens' : 'for example', opens, paint, isWide)
  yield* exampleLines(both ? 'closes' : 'for example', closes, paint, isWide)
  yield* exampleLines('will open', hidden?.opens ?? [], paint, isWide)
  yield* exampleLines('will close', hidden?.closes ?? [], paint, isWide)
  const needed = new Set([...opens, ...closes].flatMap(({together = []}) => together))
  const all = [...opens, ...closes].every(({together}) => together !== undefined)
  if (needed.size > 0 && all && causes.length > 1)
    yield paint(
      `      only together with ${[...needed].map(other => other + 1).join(', ')}: repaired alone, it changes nothing`,
      'dim',
    )
  yield* repairLines(cause, paint)
  if (isWide) for (const item of cause.items) yield* driftItemLines(items[item] as DriftItem, paint)
}

/** How a cause is mended. Causes of older agents do not say it. */
function* repairLines({repair: {command, instead} = {}}: DriftCause, paint: Paint): Generator<string> {
  if (command !== undefined) yield paint(`      repair: ${command}`)
  else if (instead !== undefined) yield paint(`      ${instead}`, 'dim')
}

/** The command that mends all causes of a node that can be mended: that of one, without what it is narrowed to. */
function* repairAllLines({causes}: Drift, paint: Paint): Generator<string> {
  const commands = causes.flatMap(({repair}) => (repair?.command === undefined ? [] : [repair.command]))
  const [all] = (commands[0] ?? '').split(/ --(?:policy|cause) /)
  if (commands.length < 2) return
  yield ''
  yield paint(`To repair all ${commands.length === causes.length ? 'of them' : 'that apply can'}: ${all}`)
}

function* exampleLines(word: string, examples: readonly JudgedPacket[], paint: Paint, isWide: boolean): Generator<string> {
  for (const example of isWide ? examples : examples.slice(0, 1)) yield paint(`      ${word} ${packetWords(example)}`, 'dim')
}

/** A packet with the names of its pods: `shop/web 10.0.0.1 -> shop/db 10.0.0.2 tcp/80`. */
function packetWords({packet, source, destination}: JudgedPacket): string {
  const [from, to = ''] = packet.split(' -> ')
  const named = (name: string | undefined, rest: string | undefined) => (name === undefined ? rest : `${name} ${rest}`)
  return `${named(source, from)} -> ${named(destination, to)}`
}

function* departureLines(departures: readonly Departure[], paint: Paint, isWide: boolean): Generator<string> {
  if (departures.length === 0) return
  yield ''
  yield paint('NOT AS THE POLICIES SAY: the node is as Azure NPM programs it, and Azure NPM departs from them', 'red')
  for (const {text, policies: whose, namespaces = [], opens, closes} of departures) {
    const names = [...whose, ...namespaces.map(name => `namespace ${name}`)]
    yield paint(`  ${text.startsWith('policy ') ? '' : `${names.join(', ')}: `}${text}`)
    yield* exampleLines('opens', opens, paint, isWide)
    yield* exampleLines('closes', closes, paint, isWide)
  }
}

/** By what nodes can be sorted. */
export const driftColumns: readonly Column<Drift>[] = [
  {header: 'NODE', value: ({node}) => node},
  {header: 'CAUSES', value: ({causes}) => String(causes.length), align: 'right'},
  {header: 'DIFFERENCES', value: ({items}) => String(items.length), align: 'right'},
  {header: 'DEPARTURES', value: ({departures}) => String(departures.length), align: 'right'},
]

/** Several nodes: those that differ in full, each clean one in a line, and how many there are of each. */
export function* driftListLines({items, failures}: DriftList, paint: Paint, isWide = false): Generator<string> {
  const hasSigns = (drift: Drift) =>
    withoutCause(drift).length > 0 || (isWide && drift.causes.some(cause => cause.items.length > 0))
  if (items.some(hasSigns)) yield* legendLines(paint)
  for (const [index, drift] of items.entries()) {
    const isShort = (each: Drift | undefined) => each?.clean === true && each.notes.length === 0 && each.judged !== 'some'
    if (index > 0 && !(isShort(drift) && isShort(items[index - 1]))) yield ''
    yield* driftLines(drift, paint, isWide, items.length + failures.length > 1)
  }
  const count = items.length + failures.length
  if (count === 1) return
  const differ = items.filter(hasFindings).length
  const clean = items.filter(drift => drift.clean).length
  const partly = items.length - differ - clean
  const part = partly === 0 ? '' : ` ${partly} not wholly compared,`
  yield ''
  yield paint(`${count} nodes: ${clean} clean, ${differ} with differences,${part} ${failures.length} could not be asked`, 'bold')
}

/** Whether a node is known not to be clean. A rule of another program that only may decide is nothing that is known. */
export const hasFindings = ({items, causes, departures}: Drift): boolean =>
  items.length + departures.length > 0 || causes.some(({opens, closes}) => opens.length + closes.length > 0)

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
const policies = (count: number): string => (count === 1 ? '1 policy was' : `${count} policies were`)
