import {Gauge, Registry} from '@prometheus-io/client'
import type {MetricFamily, MetricSample} from '../contract/metrics.ts'

/** A family as the library's metrics are: asked for its series when it is printed. Its type and its series are those that were read. */
class ReadFamily extends Gauge<string> {
  private readonly family: MetricFamily

  constructor(family: MetricFamily) {
    super({name: family.name, help: family.help, registers: []})
    this.family = family
  }

  override get(): ReturnType<Gauge<string>['get']> {
    const {name, help, type, samples} = this.family
    const values = samples.map(sample => ({metricName: sample.name, labels: sample.labels, value: numberOf(sample.value)}))
    return Promise.resolve({...ownFields, name, help, type, values})
  }
}

/** What the library's type of a metric has besides. Neither is used for printing. */
const ownFields = {aggregator: 'sum', collect: () => {}} as const

/**
 * The families in Prometheus' text format 0.0.4, in the order given. As with Azure NPM, a family without series is absent, and there are
 * no empty lines. Numbers are JavaScript's (`1000000`, not `1e+06`), which are the same to whoever reads them.
 */
export async function exposition(families: Iterable<MetricFamily>): Promise<string> {
  const registry = new Registry()
  let text = ''
  for (const family of families)
    if (family.samples.length > 0) text += `${await registry.getMetricsAsString(new ReadFamily(family))}\n`
  // The library writes `Nan`. Prometheus reads it, other readers of pages may not.
  return text.replaceAll(/ Nan$/gm, ' NaN')
}

/** What documents say as text: JSON has no NaN and no infinity. */
const numberOf = (value: MetricSample['value']): number =>
  typeof value === 'number' ? value : Number(value === 'NaN' ? value : `${value}inity`)
