import {describe, expect, test} from 'vitest'
import type {MetricFamily} from '../../../core/contract/metrics.ts'
import {exposition} from '../../../core/metrics/exposition.ts'
import {parsePage} from '../../../core/metrics/parse-page.ts'

const family = (name: string, type: MetricFamily['type'], samples: MetricFamily['samples']): MetricFamily => ({
  name,
  type,
  unit: 'ms',
  help: 'What it is',
  source: 'npm',
  samples,
})
const sample = (name: string, value: MetricFamily['samples'][number]['value'], labels: Record<string, string> = {}) => ({
  name,
  labels,
  value,
})

describe('the exposition', () => {
  test('has the quantiles, sums and buckets that were read, in their order', async () => {
    const summary = 'npm_add_policy_exec_time'
    const histogram = 'npm_linux_iptables_delete_latency_seconds'
    const labels = {had_error: 'true'}
    const page = await exposition([
      family(summary, 'summary', [
        sample(summary, 0.7, {...labels, quantile: '0.5'}),
        sample(summary, 'NaN', {...labels, quantile: '0.99'}),
        sample(`${summary}_sum`, 2.1, labels),
        sample(`${summary}_count`, 6, labels),
      ]),
      family(histogram, 'histogram', [
        sample(`${histogram}_bucket`, 1, {le: '0.016'}),
        sample(`${histogram}_bucket`, 2, {le: '+Inf'}),
        sample(`${histogram}_sum`, 300.5),
        sample(`${histogram}_count`, 2),
      ]),
    ])
    expect(page).toBe(`# HELP ${summary} What it is
# TYPE ${summary} summary
${summary}{had_error="true",quantile="0.5"} 0.7
${summary}{had_error="true",quantile="0.99"} NaN
${summary}_sum{had_error="true"} 2.1
${summary}_count{had_error="true"} 6
# HELP ${histogram} What it is
# TYPE ${histogram} histogram
${histogram}_bucket{le="0.016"} 1
${histogram}_bucket{le="+Inf"} 2
${histogram}_sum 300.5
${histogram}_count 2
`)
  })

  test('lacks a family that was not used yet', async () => {
    const unused = family('npm_linux_iptables_restore_failure_total', 'counter', [])
    expect(await exposition([unused, family('npm_num_ipsets', 'gauge', [sample('npm_num_ipsets', 0)])])).toBe(
      '# HELP npm_num_ipsets What it is\n# TYPE npm_num_ipsets gauge\nnpm_num_ipsets 0\n',
    )
    expect(await exposition([])).toBe('')
  })

  test('gives every number and label back when it is read', async () => {
    const name = 'npm_ipset_counts'
    const texts = ['a"b', 'c\\d\ne', 'Nan', ' Nan', '{x="y"} Nan']
    const values = [1_000_000, 1.5e-7, 0.000_015, 1e21, 'NaN', '+Inf', '-Inf', 0] as const
    const samples = values.flatMap((value, index) =>
      texts.map(text => sample(name, value, {set_hash: `azure-npm-${index}`, set_name: text})),
    )
    const page = await exposition([family(name, 'gauge', samples)])
    expect(parsePage([page], 'page')).toEqual({samples: new Map([[name, samples]]), problems: []})
    expect(page.split('\n').filter(line => line.endsWith(' Nan'))).toEqual([])
  })
})
