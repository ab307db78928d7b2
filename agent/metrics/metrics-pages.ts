import type {MetricsPath} from '../../core/contract/agent.ts'
import type {MetricFamily} from '../../core/contract/metrics.ts'
import type {AgentFacts} from '../../core/metrics/agent-values.ts'
import type {Limits} from '../limits/limits.ts'
import type {Log} from '../log.ts'
import type {BackgroundComparison} from './background-comparison.ts'
import type {CountedRules} from './counted-rules.ts'
import {Page} from './page.ts'
import {type ScrapeOptions, scrapeNode} from './scraped-node.ts'

/** What others in the agent know of it. */
export type OutsideFacts = Pick<AgentFacts, 'version' | 'backend' | 'knowledge' | 'writes' | 'clients' | 'subscriptions'>

export interface MetricsPagesOptions extends Pick<ScrapeOptions, 'node' | 'readers' | 'cluster'> {
  readonly limits: Limits
  readonly log: Log
  readonly lite: boolean
  readonly hasSetCounts: boolean
  /** Undefined where the agent does not know what the policies ask for. */
  readonly comparison: BackgroundComparison | undefined
  readonly counted: CountedRules
  readonly facts: () => OutsideFacts
}

/** Both pages, of one read. */
type Pages = Readonly<Record<MetricsPath, Page>>

interface Read {
  readonly startedMs: number
  readonly pages: Promise<Pages>
  /** Milliseconds, when it has ended. */
  durationMs?: number
}

/** The metrics of this node as pages. Scrapes that come together share one read. */
export class MetricsPages {
  readonly scrapes = {answered: 0, refused: 0}
  private readonly options: MetricsPagesOptions
  private readonly reads = {count: 0, duration: 0, failed: 0}
  private readonly end = new AbortController()
  private last: Read | undefined

  constructor(options: MetricsPagesOptions) {
    this.options = options
  }

  async page(path: MetricsPath): Promise<Page> {
    const pages = await (this.shared() ?? this.read()).pages
    return pages[path]
  }

  async stop(): Promise<void> {
    this.end.abort()
    await this.last?.pages.catch(() => {})
    await this.options.counted.save()
  }

  private shared(): Read | undefined {
    const {sharedScrapeMs, scrapePauses} = this.options.limits
    if (!this.last) return undefined
    const {startedMs, durationMs} = this.last
    if (durationMs === undefined) return this.last
    return performance.now() - startedMs < Math.max(sharedScrapeMs, durationMs * scrapePauses) ? this.last : undefined
  }

  private read(): Read {
    const startedMs = performance.now()
    const read: Read = {startedMs, pages: this.make(startedMs)}
    this.last = read
    const forget = () => {
      if (this.last === read) this.last = undefined
    }
    read.pages.then(() => (read.durationMs = performance.now() - startedMs), forget)
    return read
  }

  private async make(startedMs: number): Promise<Pages> {
    const {limits, log, lite: isLite, hasSetCounts, comparison, facts} = this.options
    const {signal} = this.end
    const {state, hasNpmPages, problems} = await scrapeNode({...this.options, mostBytes: limits.diffBytes, signal})
    const seconds = (ms: number): number => (performance.now() - ms) / 1000
    if (problems.length > 0) {
      this.reads.failed++
      if (this.reads.failed === 1) log.warn({problems: problems.map(({message}) => message)}, 'Not all could be read for metrics')
    }
    if (state) this.options.counted.add(state)
    const {totals} = this.options.counted
    const {last, verification, counts} = comparison ?? {counts: {done: 0, failed: 0}}
    const {user, system} = process.cpuUsage()
    const agent: AgentFacts = {
      ...facts(),
      ...(state && {backend: state.translation().facts.backend}),
      memoryBytes: process.memoryUsage.rss(),
      processor: (user + system) / 1e6,
      hasNpmPages,
      readAge: seconds(startedMs),
      reads: this.reads,
      scrapes: this.scrapes,
      comparisons: counts,
      ...(totals && {counted: totals.node}),
      ...(last && {comparison: {age: seconds(last.endedMs), duration: last.durationMs / 1000}}),
      ...(verification && {verification: {...verification, age: seconds(verification.endedMs)}}),
    }
    const {nodeMetrics} = await import('../../core/metrics/node-metrics.ts')
    const {agentMetricFamilies} = await import('../../core/metrics/agent-values.ts')
    const found = {facts: agent, ...(last && {compared: last}), ...(totals && {counters: totals.policies})}
    const families = state
      ? nodeMetrics(state, {isLite, hasSetCounts, isCompared: false, agent: found}, []).families
      : agentMetricFamilies(agent)
    const pages = await pagesOf(families)
    this.reads.count++
    this.reads.duration += seconds(startedMs)
    this.options.counted.saveNowAndThen()
    comparison?.begin()
    return pages
  }
}

async function pagesOf(families: readonly MetricFamily[]): Promise<Pages> {
  const {exposition} = await import('../../core/metrics/exposition.ts')
  const {pageFamilies} = await import('../../core/metrics/page-families.ts')
  const page = async (which: 'node' | 'cluster') => new Page(await exposition(pageFamilies(families, which)))
  return {'/node-metrics': await page('node'), '/cluster-metrics': await page('cluster')}
}
