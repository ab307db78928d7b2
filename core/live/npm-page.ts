import type {LiveSummary} from '../contract/live.ts'
import type {MetricSample} from '../contract/metrics.ts'

/** Azure NPM's page `/node-metrics`, by family. */
export type NpmPage = ReadonlyMap<string, readonly MetricSample[]>

type Npm = NonNullable<LiveSummary['npm']>

/** What Azure NPM's page tells of how it does. */
export const npmFigures = (page: NpmPage): Pick<Npm, 'addPolicyMs' | 'failures'> => ({
  addPolicyMs: {p50: quantile(page, '0.5'), p99: quantile(page, '0.99')},
  failures: failuresOn(page),
})

/** Of additions that went well; those with an error say little of the node. Null before the first. */
function quantile(page: NpmPage, of: string): number | null {
  const found = page
    .get('npm_add_policy_exec_time')
    ?.find(({labels}) => labels['quantile'] === of && labels['had_error'] === 'false')?.value
  return typeof found === 'number' ? found : null
}

/** All that Azure NPM counts as failed: runs of iptables-restore and the like, and handled events that had an error. */
function failuresOn(page: NpmPage): number {
  let failures = 0
  for (const [family, samples] of page)
    for (const {name, labels, value} of samples) {
      if (typeof value !== 'number') continue
      if (family.endsWith('_failure_total') || (name.endsWith('_count') && labels['had_error'] === 'true')) failures += value
    }
  return failures
}
