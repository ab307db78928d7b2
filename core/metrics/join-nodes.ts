import type {MetricFamily, Metrics} from '../contract/metrics.ts'

/**
 * The families of several nodes as one exposition, in which a family may stand once only: each series has the label `node`, and its help is
 * that of the first node which has it.
 */
export function joinNodes(all: readonly Metrics[]): MetricFamily[] {
  const joined = new Map<string, MetricFamily>()
  for (const {node, families} of all)
    for (const family of families) {
      const samples = family.samples.map(({name, labels, value}) => ({name, labels: {node, ...labels}, value}))
      const known = joined.get(family.name)
      if (known) for (const sample of samples) known.samples.push(sample)
      else joined.set(family.name, {...family, samples})
    }
  return [...joined.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
