import type {MetricFamily, MetricSample, MetricSource} from '../contract/metrics.ts'
import type {FamilyFacts} from './npm-families.ts'

/** End of a family's help: where the value comes from. */
export const sourceWords: Readonly<Record<MetricSource, string>> = {
  kernel: 'Read from rules and sets of the node',
  objects: "Counted in the cluster's objects",
  npm: "Relayed from Azure NPM's page",
  own: 'Found by kubectl npm',
}

/** A family with its series, as documents and expositions have it. */
export function familyOf(facts: FamilyFacts, source: MetricSource, samples: readonly MetricSample[]): MetricFamily {
  const {name, type, unit, meaning} = facts
  return {name, type, unit, help: `${meaning}. ${sourceWords[source]}.`, source, samples: [...samples]}
}
