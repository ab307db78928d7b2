import type {MetricSample} from '../contract/metrics.ts'
import type {KnownSamples} from './kernel-values.ts'
import {ownFamilies} from './own-families.ts'
import type {MetricPage} from './parse-page.ts'
import {numberText} from './series-text.ts'

/** What Azure NPM measures in milliseconds though its name says seconds, and what we call it. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['npm_linux_iptables_restore_latency_seconds', ownFamilies.restoreSeconds.name],
  ['npm_linux_iptables_delete_latency_seconds', ownFamilies.deleteSeconds.name],
])

/** More digits than a float has would be noise of the division. */
const DIGITS = 15

const seconds = (milliseconds: number): number => Number((milliseconds / 1000).toPrecision(DIGITS))

/** Azure NPM's histograms of Linux, with bounds and sums in seconds. */
export function inSeconds(pages: readonly MetricPage[]): KnownSamples {
  const known = new Map<string, readonly MetricSample[]>()
  for (const [family, name] of RENAMED) {
    const samples = pages.find(page => page.samples.has(family))?.samples.get(family)
    if (samples)
      known.set(
        name,
        samples.map(sample => secondsOf(sample, family, name)),
      )
  }
  return known
}

function secondsOf({name, labels, value}: MetricSample, family: string, own: string): MetricSample {
  const {le} = labels
  return {
    name: own + name.slice(family.length),
    labels: le === undefined || le === '+Inf' ? labels : {...labels, le: numberText(seconds(Number(le)))},
    value: name.endsWith('_sum') && typeof value === 'number' ? seconds(value) : value,
  }
}
