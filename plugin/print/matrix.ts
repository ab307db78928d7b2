import type {MatrixChange, Probe} from '../../core/contract/matrix.ts'
import type {MatrixDiff} from '../../core/matrix/compare-probes.ts'
import {isWrong, type StreamedMatrix} from '../../core/matrix/probe-nodes.ts'
import {cellText} from './columns.ts'
import {incompleteLines} from './incomplete.ts'
import type {Paint} from './paint.ts'
import {releasesText} from './release.ts'

const SIGNS = {accept: '+', drop: '-', unknown: '?'} as const
const LEGEND = 'one sign each. + passes, - is dropped, ? unknown, ! not what the policies say'

const sign = (probe: Probe): string => SIGNS[probe.verdict] + (isWrong(probe) ? '!' : '')

/** Stands over answers about a node that nobody read. */
const FORETOLD = 'From the policies; no node was read: what Azure NPM will do, beside what the policies mean.'

/** Pods that are not there. */
function* standInLines(standIns: StreamedMatrix['standIns'] = [], paint: Paint): Generator<string> {
  if (standIns.length === 0) return
  const shown = standIns.slice(0, SHOWN_MEMBERS).map(({name}) => cellText(name))
  const more = standIns.length > shown.length ? ` and ${standIns.length - shown.length} more` : ''
  yield paint(
    `Stand-ins for pods that are not there: ${shown.join(', ')}${more}. Their addresses are made up; of all blocks only 0.0.0.0/0 contains them.`,
    'dim',
  )
}

type Departures = NonNullable<StreamedMatrix['departures']>

/** Why Azure NPM does not do what the policies mean. */
function* departureLines(departures: Departures, paint: Paint): Generator<string> {
  for (const {code, sentence, objects} of departures) yield paint(`  ${code} in ${objects.join(', ')}: ${sentence}.`)
}

/** A whole answer: what it rests on, a table, and the known reasons of what is wrong in it. */
export function* matrixAnswer(
  {
    nodes = [],
    releases,
    foretold,
    standIns,
    departures = [],
    incomplete,
  }: Pick<StreamedMatrix, 'nodes' | 'releases' | 'foretold' | 'standIns' | 'departures' | 'incomplete'>,
  probes: Iterable<Probe>,
  table: (probes: Iterable<Probe>) => Iterable<string>,
  paint: Paint,
): Generator<string> {
  if (foretold) yield paint(FORETOLD, 'bold')
  if (nodes.length > 0)
    yield paint(`${nodes.length} nodes: each packet by the rules of its sender's node, then of its receiver's.`, 'bold')
  const told = releasesText(releases)
  if (told !== undefined) yield paint(told, 'dim')
  yield* standInLines(standIns, paint)
  let isAnyWrong = false
  function* noted(): Generator<Probe> {
    for (const probe of probes) {
      isAnyWrong ||= isWrong(probe)
      yield probe
    }
  }
  yield* table(noted())
  // It is known when the probes are decided.
  yield* incompleteLines('Not in the input: what rests on these parts is not known', incomplete, paint)
  if (!isAnyWrong || departures.length === 0) return
  yield ''
  yield paint('Why not as the policies say', 'bold')
  yield* departureLines(departures, paint)
}

const DONE = {accept: 'passes', drop: 'is dropped', unknown: 'is unknown'} as const
const MEANT = {accept: 'allow it', drop: 'do not allow it'} as const

/** Only what is not as the policies say, a line for each pair. */
export function* wrongLines(probes: Iterable<Probe>, incomplete: StreamedMatrix['incomplete'], paint: Paint): Generator<string> {
  let last: {ends: string; ports: string[]; verdict: Probe['verdict']; expected: keyof typeof MEANT} | undefined
  const line = ({ends, ports, verdict, expected}: NonNullable<typeof last>) =>
    paint(
      `${ends} ${ports.join(', ')} ${DONE[verdict]}, and the policies ${MEANT[expected]}`,
      verdict === 'accept' ? 'red' : 'yellow',
    )
  for (const {source, destination, protocol, port, verdict, expected} of probes) {
    if (expected === undefined || !isWrong({verdict, expected})) continue
    const ends = `${source} -> ${destination}`
    if (last?.ends === ends && last.verdict === verdict) last.ports.push(`${protocol}/${port}`)
    else {
      if (last) yield line(last)
      last = {ends, ports: [`${protocol}/${port}`], verdict, expected}
    }
  }
  if (last) yield line(last)
  // What was not given is known when all probes are decided.
  else yield incomplete.length > 0 ? 'What is known is as the policies say.' : 'Everything is as the policies say.'
}

/**
 * One row for each sender, as the probes come: the cells of its receivers, a sign for each port.
 *
 * @param probes sender by sender, and their receivers in the order of the ends
 */
function* rows(probes: Iterable<Probe>, ends: readonly string[]): Generator<{source: string; cells: string[]}> {
  const empty = () => ends.map(() => '')
  let row: {source: string; cells: string[]} | undefined
  let at = 0
  for (const probe of probes) {
    if (row?.source !== probe.source) {
      if (row) yield row
      row = {source: probe.source, cells: empty()}
      at = 0
    }
    // To look each one up takes longer than all the rest.
    while (at < ends.length - 1 && ends[at] !== probe.destination) at++
    row.cells[at] += sign(probe)
  }
  if (row) yield row
}

/** Pads cells to one width. They are millions, of a few kinds. */
function padding(width: number): (cell: string) => string {
  const known = new Map<string, string>()
  let last = ''
  let lastPadded = ''.padStart(width)
  return cell => {
    if (cell === last) return lastPadded
    last = cell
    lastPadded = known.get(cell) ?? cell.padStart(width)
    known.set(cell, lastPadded)
    return lastPadded
  }
}

/** Of ends that behave alike so many are named. */
const SHOWN_MEMBERS = 12

/**
 * A compact table: senders down, receivers across by number, one sign a port.
 *
 * @param members all ends of each row, for the list below the table
 */
export function* matrixTable(
  probes: Iterable<Probe>,
  ends: readonly string[],
  ports: readonly string[],
  paint: Paint,
  members: readonly (readonly string[])[] = ends.map(end => [end]),
): Generator<string> {
  yield paint(`ports ${ports.join(', ')}: ${LEGEND}`, 'dim')
  const width = ends.reduce((widest, end) => Math.max(widest, cellText(end).length), 'FROM \\ TO'.length)
  const columnWidth = Math.max(ports.length * 2, String(ends.length).length) + 1
  yield paint(`${'FROM \\ TO'.padEnd(width)} ${ends.map((_, index) => String(index + 1).padStart(columnWidth)).join('')}`, 'bold')
  const padded = padding(columnWidth)
  for (const {source, cells} of rows(probes, ends)) yield paint(`${cellText(source).padEnd(width)} ${cells.map(padded).join('')}`)
  yield ''
  for (const [index, names] of members.entries()) {
    const more = names.length > SHOWN_MEMBERS ? ` and ${names.length - SHOWN_MEMBERS} more` : ''
    yield paint(`${String(index + 1).padStart(4)}  ${names.slice(0, SHOWN_MEMBERS).map(cellText).join(', ')}${more}`)
  }
}

/** Characters that are marks in Markdown, HTML, or a cell's end. An underscore within a word, as in many names, is none. */
const MARKS = /[\\`*[\]~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g
const ENTITIES = /[&<>|@]|(?<=:)\/(?=\/)|(?<=www)\./gi

/** Text for a cell of a Markdown table, of which nothing becomes a mark, an element or a link. */
export const markdownCell = (text: string): string =>
  text.replaceAll(MARKS, String.raw`\$&`).replaceAll(ENTITIES, mark => `&#${mark.charCodeAt(0)};`)

/** A table for a page. */
export function* matrixMarkdown(
  probes: Iterable<Probe>,
  ends: readonly string[],
  ports: readonly string[],
  paint: Paint,
): Generator<string> {
  const named = new Map(ends.map(end => [end, markdownCell(paint(cellText(end)))]))
  yield paint(`Ports ${ports.join(', ')}: ${LEGEND}.`)
  yield ''
  yield `| from \\ to | ${ends.map(end => named.get(end)).join(' | ')} |`
  yield `| --- |${' --- |'.repeat(ends.length)}`
  for (const {source, cells} of rows(probes, ends))
    yield `| ${named.get(source)} | ${cells.map(cell => (cell === '' ? '' : `\`${cell}\``)).join(' | ')} |`
}

/** What a spreadsheet takes for a formula. Source: OWASP, CSV Injection; the wide forms too. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/
/** Needs no quotes, whatever character separates fields where the file is opened. */
const PLAIN_FIELD = /^[\w./:()-]*$/

/** A field of CSV. What would be a formula begins with an apostrophe, which spreadsheets show and do not run. */
export function csvField(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text
  return PLAIN_FIELD.test(harmless) ? harmless : `"${harmless.replaceAll('"', '""')}"`
}

/** One line a probe. Names are made harmless once: there are many times more probes than pods. */
export function* matrixCsv(probes: Iterable<Probe>, ends: readonly string[], paint: Paint, hasHeaders = true): Generator<string> {
  const fields = new Map(ends.map(end => [end, csvField(paint(end))]))
  if (hasHeaders) yield 'source,destination,protocol,port,verdict,expected'
  for (const {source, destination, protocol, port, verdict, expected = ''} of probes)
    yield `${fields.get(source)},${fields.get(destination)},${protocol},${port},${verdict},${expected}`
}

/** What would open and what would close, and what would not although the policies say so. */
export function* matrixChanges(diff: Omit<MatrixDiff, 'apiVersion' | 'kind' | 'problems'>, paint: Paint): Generator<string> {
  const {opens, closes, unknown, withoutEffect = [], foretold, standIns, departures = [], incomplete} = diff
  if (foretold) yield paint(FORETOLD, 'bold')
  yield* standInLines(standIns, paint)
  if (opens.length + closes.length + unknown.length + withoutEffect.length === 0)
    yield incomplete.length > 0 ? 'Nothing that is known changes.' : 'Nothing changes.'
  for (const [changes, words, style] of [
    [opens, 'would open', 'red'],
    [closes, 'would close', 'yellow'],
    [withoutEffect, 'would stay as they are, and the policies say otherwise', 'red'],
    [unknown, 'not known on one side', 'dim'],
  ] as const) {
    if (changes.length === 0) continue
    yield paint(`${changes.length} ${words}`, style)
    for (const change of changes) yield paint(`  ${changeText(change)}`)
  }
  // It is known when the probes are decided.
  yield* incompleteLines('Not in the input: what rests on these parts is not known', incomplete, paint)
  const isAnyWrong = [opens, closes, withoutEffect].some(changes => changes.some(isWrongAfter))
  if (!isAnyWrong || departures.length === 0) return
  yield ''
  yield paint('Why not as the policies say', 'bold')
  yield* departureLines(departures, paint)
}

const isWrongAfter = ({after, expectedAfter}: MatrixChange): boolean =>
  isWrong({verdict: after, ...(expectedAfter && {expected: expectedAfter})})

function changeText(change: MatrixChange): string {
  const {source, destination, protocol, port, after, expectedAfter} = change
  const text = `${source} -> ${destination} ${protocol}/${port}`
  if (!expectedAfter || !isWrongAfter(change)) return text
  return `${text} ! ${DONE[after]}, and the policies ${MEANT[expectedAfter]}`
}
