import type {MetricSample} from '../contract/metrics.ts'
import type {Problem} from '../problem/problem.ts'
import {ProblemList} from '../problem/problem-list.ts'
import {eachLine, shownLine, type Text} from '../text/lines.ts'
import {npmFamilies} from './npm-families.ts'
import {labelText, metricValue} from './series-text.ts'

const LINE = /^([A-Za-z_:][\w:]*)\s*(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/
const LABEL = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y
const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i
const PART = /_(?:sum|count|bucket)$/

/** The families of Azure NPM by the names that their samples may have. */
const familyOfSample: ReadonlyMap<string, string> = new Map(
  npmFamilies.flatMap(({name, type}) => {
    const parts = type === 'summary' ? ['', '_sum', '_count'] : type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
    return parts.map((part): [string, string] => [name + part, name])
  }),
)

/** Series of Azure NPM's metrics by family, and what was wrong with the page. */
export interface MetricPage {
  readonly samples: ReadonlyMap<string, readonly MetricSample[]>
  readonly problems: readonly Problem[]
}

const NEXT = 'The other lines are read. Take the page again.'

/**
 * Reads a page of Azure NPM. Families that are not Azure NPM's are left out. What is damaged costs a problem, and a summary or a
 * histogram of which a part is missing is left out as a whole.
 */
export function parsePage(text: Text, file: string): MetricPage {
  const problems = new ProblemList(file)
  const samples = new Map<string, MetricSample[]>()
  const seen = new Set<string>()
  const last = text.findLast(piece => piece !== '')
  let lines = 0
  eachLine(text, (piece, start, end, line) => {
    lines = line
    const content = piece.slice(start, end)
    const add = (code: 'UNKNOWN_LINE' | 'TRUNCATED_FILE', message: string): void =>
      problems.add({code, message, next: NEXT, line, text: shownLine(content)})
    // Every page ends with a line feed. Of a number that is cut off nothing tells that digits are missing.
    if (piece === last && piece.indexOf('\n', start) < 0)
      return add('TRUNCATED_FILE', 'the page ends within a line, which is left out; more may have followed')
    if (content.startsWith('#') || content.trim() === '') return
    const sample = parseSample(content)
    if (!sample) return add('UNKNOWN_LINE', "the line is not one of Prometheus' text format, and is left out")
    const family = familyOfSample.get(sample.name)
    if (family === undefined) return
    const series = sample.name + labelText(sample.labels)
    if (seen.has(series)) return add('UNKNOWN_LINE', 'the series is there twice; the first one counts')
    seen.add(series)
    const known = samples.get(family)
    if (known) known.push(sample)
    else samples.set(family, [sample])
  })
  return {samples: withoutTorn(samples, problems, lines), problems: problems.all()}
}

function parseSample(line: string): MetricSample | undefined {
  const [, name, inner, number] = LINE.exec(line) ?? []
  if (name === undefined || number === undefined || !NUMBER.test(number)) return undefined
  const labels = inner === undefined ? {} : parseLabels(inner)
  return labels && {name, labels, value: metricValue(parseNumber(number))}
}

function parseLabels(text: string): Record<string, string> | undefined {
  const labels = new Map<string, string>()
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const [, label, value] = LABEL.exec(text) ?? []
    if (label === undefined || value === undefined || labels.has(label)) return undefined
    labels.set(label, plain(value))
  }
  return Object.fromEntries(labels)
}

const plain = (text: string): string => text.replaceAll(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))

function parseNumber(text: string): number {
  if (/nan/i.test(text)) return Number.NaN
  if (/inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}

/** Leaves out summaries and histograms without their sum or their count. */
function withoutTorn(
  all: ReadonlyMap<string, readonly MetricSample[]>,
  problems: ProblemList,
  line: number,
): Map<string, MetricSample[]> {
  const whole = new Map<string, MetricSample[]>()
  for (const {name, type} of npmFamilies) {
    const samples = all.get(name)
    if (!samples) continue
    const isPlain = type === 'gauge' || type === 'counter'
    const parts = new Map<string, Set<string>>()
    for (const sample of samples)
      parts.set(keyOf(sample), (parts.get(keyOf(sample)) ?? new Set()).add(PART.exec(sample.name)?.[0] ?? ''))
    const isTorn = (sample: MetricSample) => !isPlain && (parts.get(keyOf(sample))?.size ?? 0) < 3
    const kept = samples.filter(each => !isTorn(each))
    if (kept.length < samples.length)
      problems.add({code: 'TRUNCATED_FILE', message: `${name} is not whole, and is left out`, next: NEXT, line})
    if (kept.length > 0) whole.set(name, kept)
  }
  return whole
}

const keyOf = ({labels: {le: _le, quantile: _quantile, ...labels}}: MetricSample): string => labelText(labels)
