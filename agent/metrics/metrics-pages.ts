import type {MetricsPath} from '../../core/contract/agent.ts'
import type {MetricFamily, Metrics, MetricsInput} from '../../core/contract/metrics.ts'
import type {AgentFacts} from '../../core/metrics/agent-values.ts'
import type {Problem} from '../../core/problem/problem.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import type {Log} from '../log.ts'
import type {BackgroundComparison} from './background-comparison.ts'
import type {CountedRules} from './counted-rules.ts'
import {Page} from './page.ts'
import {type ScrapeOptions, scrapeNode} from './scraped-node.ts'

/** What others in the agent know of it. */
export type OutsideFacts = Pick<AgentFacts, 'version' | 'backend' | 'knowledge' | 'writes' | 'clients' | 'subscriptions'>

export interface MetricsPagesOptions extends Pick<ScrapeOptions, 'node' | 'readers' | 'cluster' | 'kept'> {
  readonly limits: Limits
  readonly log: Log
  readonly lite: boolean
  /** Undefined where the agent does not know what the policies ask for. */
  readonly comparison: BackgroundComparison | undefined
  readonly counted: CountedRules
  readonly facts: () => OutsideFacts
}

const SET_COUNTS = 'npm_ipset_counts'

/** What one read of the node has told. */
interface Found {
  readonly families: readonly MetricFamily[]
  /** All that a client is told; undefined where the node could not be read. */
  readonly metrics: Metrics | undefined
  readonly hasSetCounts: boolean
  readonly problems: readonly Problem[]
  /** Pages that were made of it. */
  readonly pages: Map<string, Promise<Page>>
}

interface Read {
  readonly startedMs: number
  readonly found: Promise<Found>
  /** Milliseconds, when it has ended. */
  durationMs?: number
}

/**
 * The metrics of this node, for scrapers as pages. Who comes together shares one read, and there is never more than one: what rules have
 * counted is added up in the order of reads.
 */
export class MetricsPages {
  readonly scrapes = {answered: 0, refused: 0}
  private readonly options: MetricsPagesOptions
  private readonly reads = {count: 0, duration: 0, failed: 0}
  private readonly end = new AbortController()
  private last: Read | undefined

  constructor(options: MetricsPagesOptions) {
    this.options = options
  }

  /** @param hasSetCounts whether each set has a series */
  async page(path: MetricsPath, hasSetCounts: boolean): Promise<Page> {
    const found = await this.current(hasSetCounts)
    this.options.comparison?.begin()
    const key = `${path} ${hasSetCounts}`
    const page = found.pages.get(key) ?? pageOf(found, path, hasSetCounts)
    found.pages.set(key, page)
    return page
  }

  /**
   * The metrics of both pages, for a client.
   *
   * @throws RefusedError when the node cannot be read
   */
  async metrics({setCounts, compare}: MetricsInput): Promise<Metrics> {
    const {comparison} = this.options
    if (compare) await comparison?.refresh()
    const {metrics, problems} = await this.current(setCounts, compare ? comparison?.last?.endedMs : undefined)
    if (metrics) return setCounts ? metrics : withoutSeries(metrics)
    throw refused(
      'READ_FAILED',
      ['nothing of this node could be read', ...problems.map(({message}) => message)].join(': '),
      problems[0]?.next ?? 'Look at the log of the agent.',
    )
  }

  async stop(): Promise<void> {
    this.end.abort()
    await this.last?.found.catch(() => {})
    await this.options.counted.save()
  }

  /** @param sinceMs what was read before is too old */
  private async current(needsSetCounts: boolean, sinceMs = Number.NEGATIVE_INFINITY): Promise<Found> {
    for (let shared = this.shared(); shared; shared = this.shared()) {
      const found = await shared.found
      if (shared.startedMs >= sinceMs && (found.hasSetCounts || !needsSetCounts)) return found
      if (this.last === shared) this.last = undefined
    }
    return this.read(needsSetCounts).found
  }

  private shared(): Read | undefined {
    const {sharedScrapeMs, scrapePauses} = this.options.limits
    if (!this.last) return undefined
    const {startedMs, durationMs} = this.last
    if (durationMs === undefined) return this.last
    return performance.now() - startedMs < Math.max(sharedScrapeMs, durationMs * scrapePauses) ? this.last : undefined
  }

  private read(hasSetCounts: boolean): Read {
    const startedMs = performance.now()
    const read: Read = {startedMs, found: this.find(startedMs, hasSetCounts)}
    this.last = read
    const forget = () => {
      if (this.last === read) this.last = undefined
    }
    read.found.then(() => (read.durationMs = performance.now() - startedMs), forget)
    return read
  }

  private async find(startedMs: number, hasSetCounts: boolean): Promise<Found> {
    const {limits, log, lite: isLite, comparison, facts} = this.options
    const {signal} = this.end
    const {state, counters, hasNpmPages, problems} = await scrapeNode({...this.options, mostBytes: limits.diffBytes, signal})
    const seconds = (ms: number): number => (performance.now() - ms) / 1000
    if (problems.length > 0) {
      this.reads.failed++
      if (this.reads.failed === 1) log.warn({problems: problems.map(({message}) => message)}, 'Not all could be read for metrics')
    }
    if (state) this.options.counted.add(state, counters)
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
    const metrics = state && nodeMetrics(state, {isLite, hasSetCounts, isCompared: false, agent: found}, problems)
    this.reads.count++
    this.reads.duration += seconds(startedMs)
    this.options.counted.saveNowAndThen()
    return {
      families: metrics?.families ?? agentMetricFamilies(agent),
      metrics,
      hasSetCounts,
      problems,
      pages: new Map(),
    }
  }
}

const withoutSetCounts = (families: readonly MetricFamily[]): MetricFamily[] => families.filter(({name}) => name !== SET_COUNTS)

function withoutSeries(metrics: Metrics): Metrics {
  const families = withoutSetCounts(metrics.families)
  if (families.length === metrics.families.length) return metrics
  return {...metrics, families, absent: [...metrics.absent, {name: SET_COUNTS, reason: 'switched off by --no-ipset-counts'}]}
}

async function pageOf({families}: Found, path: MetricsPath, hasSetCounts: boolean): Promise<Page> {
  const {exposition} = await import('../../core/metrics/exposition.ts')
  const {pageFamilies} = await import('../../core/metrics/page-families.ts')
  const its = pageFamilies(families, path === '/node-metrics' ? 'node' : 'cluster')
  return new Page(await exposition(hasSetCounts ? its : withoutSetCounts(its)))
}
