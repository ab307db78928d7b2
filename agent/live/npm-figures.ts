import {readFile} from 'node:fs/promises'
import type {LiveSummary} from '../../core/contract/live.ts'
import type {RuleStructure} from '../../core/dataplane/rule-counters.ts'
import type {NpmPage} from '../../core/live/npm-page.ts'
import {npmSummary, type RunningNpm} from '../../core/live/npm-summary.ts'
import {parsePage} from '../../core/metrics/parse-page.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Limits} from '../limits/limits.ts'
import {hasNpmPages, NPM_PORT, npmPageReader} from '../node/npm-pages.ts'
import {npmProcess} from '../node/npm-process.ts'

/** What the node itself shows of Azure NPM. */
interface Seen {
  readonly page?: NpmPage
  readonly startedAt?: Date
}

export interface NpmFiguresOptions {
  readonly limits: Limits
  readonly port?: number
  /** Azure NPM as its pod tells, where the agent knows of pods. */
  readonly pod?: () => RunningNpm | undefined
}

/** What Azure NPM says of itself on this node, asked for in the background and not often. */
export class NpmFigures {
  private readonly options: NpmFiguresOptions
  private seen: Seen | undefined
  private readMs = -Infinity
  private reading: Promise<void> | undefined
  private first: Promise<void> | undefined

  constructor(options: NpmFiguresOptions) {
    this.options = options
  }

  /** Asks again when what is known is old. */
  look(signal: AbortSignal): void {
    if (this.reading || performance.now() - this.readMs < this.options.limits.livePageMs) return
    const isFirst = this.readMs === -Infinity
    this.readMs = performance.now()
    const reading = this.read(signal)
      .then(seen => void (this.seen = seen))
      .catch(() => {})
      .finally(() => (this.reading = undefined))
    this.reading = reading
    if (isFirst) this.first = reading
  }

  /** What is known; waits for the first answer only. */
  async current(rules: RuleStructure): Promise<LiveSummary['npm']> {
    await this.first
    const pod = this.options.pod?.()
    const {page, startedAt} = this.seen ?? {}
    const npm = startedAt ? {release: pod?.release ?? null, startedAt: startedAt.toISOString()} : pod
    return npmSummary(npm, page, rules)
  }

  private async read(signal: AbortSignal): Promise<Seen> {
    const [page, process] = await Promise.all([this.page(signal), npmProcess()])
    const startedAt = process && (await startOf(process.pid))
    return {...(page && {page}), ...(startedAt && {startedAt})}
  }

  private async page(signal: AbortSignal): Promise<NpmPage | undefined> {
    const {limits, port = NPM_PORT} = this.options
    if (!(await hasNpmPages(port))) return undefined
    const decoding = new TextDecoding()
    const pieces = npmPageReader('/node-metrics', port, limits)(signal)
    let next = await pieces.next()
    for (; !next.done; next = await pieces.next()) decoding.push(next.value)
    if (next.value.problems.length > 0) return undefined
    return parsePage(decoding.end(), '/node-metrics').samples
  }
}

/** When a process began, to the second. Source: proc(5), field 22 of stat, in ticks of 10 ms since the boot. */
async function startOf(pid: number): Promise<Date | undefined> {
  const [stat, system] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile('/proc/stat', 'utf8')])
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  const bootSeconds = Number(/^btime (\d+)/m.exec(system)?.[1])
  const seconds = Math.round(bootSeconds + ticks / 100)
  return Number.isFinite(seconds) ? new Date(seconds * 1000) : undefined
}
