import {join} from 'node:path'
import {keptRulesOf} from '../live/kept-rules.ts'
import type {LiveReader} from '../live/live-reader.ts'
import type {ReadStateOptions, WatchedCluster} from '../snapshots/diff.ts'
import {BackgroundComparison} from './background-comparison.ts'
import {CountedRules} from './counted-rules.ts'
import {MetricsPages, type MetricsPagesOptions, type OutsideFacts} from './metrics-pages.ts'

export interface OpenPagesOptions
  extends Pick<ReadStateOptions, 'snapshots'>,
    Pick<MetricsPagesOptions, 'node' | 'limits' | 'log' | 'lite' | 'readers' | 'facts'> {
  readonly watch: WatchedCluster | undefined
  readonly live: LiveReader
  /** Where what rules have counted is kept. */
  readonly stateDir: string
}

/** The metrics of this node, which scrapers and clients share. Nothing is read before somebody asks. */
export async function openPages(options: OpenPagesOptions): Promise<MetricsPages> {
  const {limits, live, log, watch} = options
  const comparison = watch && new BackgroundComparison({...options, watch, writes: () => sumOf(options.facts().writes)})
  const counted = await CountedRules.open({path: join(options.stateDir, 'counted-rules.json'), log, saveMs: limits.countsSaveMs})
  const kept = keptRulesOf(live)
  const isKnown = () => watch?.syncState().asOf !== undefined
  return new MetricsPages({...options, comparison, counted, kept, cluster: () => (isKnown() ? watch?.objects() : undefined)})
}

const sumOf = (writes: OutsideFacts['writes'] = []): number => writes.reduce((sum, {count}) => sum + count, 0)
