/**
 * Prometheus' text format 0.0.4.
 *
 * Our own writer. `@prometheus-io/client` 0.16.1 can be given the quantiles and sums of Azure NPM's page, through a registry that takes any
 * object with `get()`. But it writes `Nan` where Azure NPM writes `NaN`, and brings 2 MB of `@opentelemetry/api` for what is a line of text
 * for each value.
 */
import type {MetricFamily, MetricSample} from '../contract/metrics.ts'

/** One exposition: HELP, TYPE and the series of each family, in the order given. As with Azure NPM, a family without series is absent. */
export function* expositionLines(families: Iterable<MetricFamily>): Generator<string> {
  for (const {name, help, type, samples} of families) {
    if (samples.length === 0) continue
    yield `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`
    yield `# TYPE ${name} ${type}`
    for (const sample of samples) yield sampleLine(sample)
  }
}

export function sampleLine({name, labels, value}: MetricSample): string {
  return `${name}${labelText(labels)} ${numberText(value)}`
}

/** `{kind="rule"}`; empty without labels. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** A number as Go's client library prints it: `1e+06`, `0.000125`, `1.5e-05`. */
export function numberText(value: MetricSample['value']): string {
  if (typeof value === 'string') return value
  const [digits = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(value)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** A value as a document has it: JSON has no NaN and no infinity. Zero has no sign. */
export function metricValue(value: number): MetricSample['value'] {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return value + 0
}
