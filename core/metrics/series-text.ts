import type {MetricSample} from '../contract/metrics.ts'

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
