import {readFile} from 'node:fs/promises'
import type {LiveSummary} from '../../core/contract/live.ts'
import {type NpmPage, npmFigures} from '../../core/live/npm-page.ts'
import {parsePage} from '../../core/metrics/parse-page.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Limits} from '../limits/limits.ts'
import {hasNpmPages, NPM_PORT, npmPageReader} from '../node/npm-pages.ts'
import {npmProcess} from '../node/npm-process.ts'

type Npm = LiveSummary['npm']

/** What Azure NPM says of itself on this node, asked for in the background and not often. */
export class NpmFigures {
  private readonly limits: Limits
  private readonly port: number
  private figures: Npm = null
  private readMs = -Infinity
  private reading: Promise<void> | undefined

  constructor(limits: Limits, port = NPM_PORT) {
    this.limits = limits
    this.port = port
  }

  /** What is known, once something is. Asks again when that is old, and waits for the first answer only. */
  async current(signal: AbortSignal): Promise<Npm> {
    const isFirst = this.readMs === -Infinity
    if (!this.reading && performance.now() - this.readMs >= this.limits.livePageMs) {
      this.readMs = performance.now()
      this.reading = this.read(signal)
        .then(figures => void (this.figures = figures))
        .catch(() => {})
        .finally(() => (this.reading = undefined))
    }
    if (isFirst) await this.reading
    return this.figures
  }

  private async read(signal: AbortSignal): Promise<Npm> {
    const [page, process] = await Promise.all([this.page(signal), npmProcess()])
    const startedAt = process && (await startOf(process.pid))
    if (!page && !process) return null
    return {
      release: null,
      startedAt: startedAt ? startedAt.toISOString() : null,
      ...(page ? npmFigures(page) : {addPolicyMs: null, failures: null}),
    }
  }

  private async page(signal: AbortSignal): Promise<NpmPage | undefined> {
    if (!(await hasNpmPages(this.port))) return undefined
    const decoding = new TextDecoding()
    const pieces = npmPageReader('/node-metrics', this.port, this.limits)(signal)
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
