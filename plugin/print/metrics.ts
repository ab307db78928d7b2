import type {MetricFamily, MetricSample, Metrics, MetricsList} from '../../core/contract/metrics.ts'
import {labelText, numberText} from '../../core/metrics/series-text.ts'
import {type Column, columns} from './columns.ts'
import {incompleteLines} from './incomplete.ts'
import type {Paint} from './paint.ts'

/** A series of a metric. */
export interface MetricRow {
  readonly family: Pick<MetricFamily, 'unit' | 'source'>
  readonly sample: MetricSample
}

export interface MetricsLook {
  readonly isWide: boolean
  readonly sort?: (rows: readonly MetricRow[]) => MetricRow[]
  readonly hasHeaders?: boolean
}

/** The columns of series. */
export const metricColumns: readonly Column<MetricRow>[] = [
  {header: 'METRIC', value: ({sample}) => sample.name},
  {header: 'VALUE', value: ({sample}) => numberText(sample.value), align: 'right'},
  {header: 'UNIT', value: ({family}) => family.unit},
  {header: 'SOURCE', value: ({family}) => family.source},
  {header: 'LABELS', value: ({sample}) => labelCell(sample)},
]

/** The metrics of each node, and below why others could not be read. */
export function* metricsListLines({items, failures}: MetricsList, paint: Paint, look: MetricsLook): Generator<string> {
  const isOne = items.length + failures.length === 1
  for (const [index, item] of items.entries()) {
    if (index > 0) yield ''
    if (!isOne) yield paint(`Node ${item.node}`, 'bold')
    yield* metricsLines(item, paint, look)
  }
  if (items.length > 1) yield* sumLines(items, paint, look.hasHeaders ?? true)
  if (failures.length === 0) return
  yield ''
  yield paint('Could not be read', 'bold')
  for (const {node, message, next} of failures) yield* [paint(`  ${node}: ${message}`), paint(`      ${next}`)]
}

/** A metric on several nodes. */
interface Spread {
  readonly name: string
  readonly unit: string
  readonly values: {readonly node: string; readonly value: number}[]
}

/** What the nodes come to together: series without labels, which each node has once. */
function* sumLines(items: readonly Metrics[], paint: Paint, hasHeaders: boolean): Generator<string> {
  const spreads = new Map<string, Spread>()
  for (const {node, families} of items)
    for (const {unit, samples} of families)
      for (const {name, labels, value} of samples) {
        if (typeof value !== 'number' || Object.keys(labels).length > 0) continue
        const spread = spreads.get(name) ?? {name, unit, values: []}
        spreads.set(name, spread)
        spread.values.push({node, value})
      }
  const by = (a: Spread['values'][number], b: Spread['values'][number]) => a.value - b.value
  const shown = ({value, node}: Spread['values'][number], {values}: Spread) =>
    values.every(each => each.value === value) ? numberText(value) : `${numberText(value)} (${node})`
  yield ''
  yield paint(`${items.length} nodes`, 'bold')
  yield* columns(
    [...spreads.values()].filter(({values}) => values.length > 0),
    [
      {header: 'METRIC', value: ({name}) => name},
      {
        header: 'SUM',
        value: ({unit, values}) => (unit === 'ratio' ? '-' : numberText(values.reduce((sum, {value}) => sum + value, 0))),
        align: 'right',
      },
      {header: 'UNIT', value: ({unit}) => unit},
      {header: 'NODES', value: ({values}) => String(values.length), align: 'right'},
      {header: 'LEAST', value: spread => shown(spread.values.toSorted(by)[0] as Spread['values'][number], spread)},
      {header: 'MOST', value: spread => shown(spread.values.toSorted(by).at(-1) as Spread['values'][number], spread)},
    ],
    paint,
    hasHeaders,
  )
}

/** One line a series, and below what has no value and what was not given. Buckets and our own zeros by label only if it is wide. */
export function* metricsLines(
  {families, absent, incomplete}: Metrics,
  paint: Paint,
  {isWide, sort = rows => [...rows], hasHeaders = true}: MetricsLook,
): Generator<string> {
  const all = families.flatMap(({samples, ...family}) => samples.map(sample => ({family, sample})))
  const rows = isWide
    ? all
    : all.filter(({sample: {name, labels, value}}) => {
        const isZero = value === 0 && name.startsWith('npm_agent_') && Object.keys(labels).length > 0
        return !name.endsWith('_bucket') && !isZero
      })
  yield* columns(sort(rows), metricColumns, paint, hasHeaders)
  if (rows.length < all.length || absent.length > 0) yield ''
  if (rows.length < all.length)
    yield paint(`${all.length - rows.length} series are not shown: buckets, and npm_agent_… at zero (-o wide)`)
  if (absent.length > 0) {
    yield paint(`${absent.length} metrics have no value${isWide ? ':' : ' (-o wide says why)'}`)
    if (isWide) for (const {name, reason} of absent) yield paint(`  ${name}: ${reason}`)
  }
  yield* incompleteLines('Not in the input', incomplete, paint)
}

const labelCell = ({labels}: MetricSample): string => labelText(labels).slice(1, -1)
