import type {MetricFamily} from '../contract/metrics.ts'
import {npmFamilies} from './npm-families.ts'

const ofCluster: ReadonlySet<string> = new Set(npmFamilies.filter(({page}) => page === 'cluster').map(({name}) => name))

/** The families of one page: Azure NPM's as it has them; our own are about a node, and stand on its page. */
export const pageFamilies = (families: readonly MetricFamily[], page: 'node' | 'cluster'): MetricFamily[] =>
  families.filter(({name}) => ofCluster.has(name) === (page === 'cluster'))
