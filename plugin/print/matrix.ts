import type {MatrixChange, Probe} from '../../core/contract/matrix.ts'
import {cellText} from './columns.ts'
import type {Paint} from './paint.ts'

const SIGNS = {accept: '+', drop: '-', unknown: '?'} as const
const LEGEND = 'one sign each. + passes, - is dropped, ? unknown, ! not what the policies say'

const sign = ({verdict, expected}: Probe): string =>
  SIGNS[verdict] + (expected !== undefined && verdict !== 'unknown' && expected !== verdict ? '!' : '')

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

/** A compact table: senders down, receivers across by number, one sign a port. */
export function* matrixTable(
  probes: Iterable<Probe>,
  ends: readonly string[],
  ports: readonly string[],
  paint: Paint,
): Generator<string> {
  yield paint(`ports ${ports.join(', ')}: ${LEGEND}`, 'dim')
  const width = ends.reduce((widest, end) => Math.max(widest, cellText(end).length), 'FROM \\ TO'.length)
  const columnWidth = Math.max(ports.length * 2, String(ends.length).length) + 1
  yield paint(`${'FROM \\ TO'.padEnd(width)} ${ends.map((_, index) => String(index + 1).padStart(columnWidth)).join('')}`, 'bold')
  const padded = padding(columnWidth)
  for (const {source, cells} of rows(probes, ends)) yield paint(`${cellText(source).padEnd(width)} ${cells.map(padded).join('')}`)
  yield ''
  for (const [index, end] of ends.entries()) yield paint(`${String(index + 1).padStart(4)}  ${cellText(end)}`)
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
export function* matrixCsv(probes: Iterable<Probe>, ends: readonly string[], paint: Paint): Generator<string> {
  const fields = new Map(ends.map(end => [end, csvField(paint(end))]))
  yield 'source,destination,protocol,port,verdict,expected'
  for (const {source, destination, protocol, port, verdict, expected = ''} of probes)
    yield `${fields.get(source)},${fields.get(destination)},${protocol},${port},${verdict},${expected}`
}

/** What would open and what would close. */
export function* matrixChanges(
  diff: {opens: readonly MatrixChange[]; closes: readonly MatrixChange[]; unknown: readonly MatrixChange[]},
  paint: Paint,
): Generator<string> {
  const {opens, closes, unknown} = diff
  if (opens.length + closes.length + unknown.length === 0) yield 'Nothing changes.'
  for (const [changes, words, style] of [
    [opens, 'would open', 'red'],
    [closes, 'would close', 'yellow'],
    [unknown, 'not known on one side', 'dim'],
  ] as const) {
    if (changes.length === 0) continue
    yield paint(`${changes.length} ${words}`, style)
    for (const {source, destination, protocol, port} of changes) yield paint(`  ${source} -> ${destination} ${protocol}/${port}`)
  }
}
