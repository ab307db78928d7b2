import {createHash} from 'node:crypto'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Plan} from '../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../core/contract/writes.ts'
import {checkPlan} from '../../core/plan/check-plan.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Caller} from '../auth/caller.ts'
import {Concurrency} from '../limits/concurrency.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'
import type {WriteCaller, Writer} from '../write/writer.ts'
import {StagedPlans, type StagingClient} from './staged-plans.ts'

export interface WritesOptions {
  readonly writer: Writer
  readonly limits: Limits
  /** Something that is another whenever anybody has written to this node, `--local` too. Cheap: it is asked for every few seconds. */
  readonly mark: () => Promise<string>
  /** Called when `seen` may have changed. */
  readonly onChange: () => void
}

export interface WriteCount extends Pick<WriteResult, 'verb' | 'outcome'> {
  readonly count: number
}

/** A client, as far as writes need it. */
export interface WritingClient extends StagingClient {
  readonly caller: Caller
  /** Aborted when it is gone. */
  readonly signal: AbortSignal
}

/**
 * Writes of clients to this node, one after the other, and what is known of them. A client that goes away takes back what has not begun;
 * what has begun goes on to its end.
 */
export class Writes {
  readonly staged: StagedPlans
  private readonly options: WritesOptions
  private readonly turn: Concurrency
  private readonly underWay = new Set<Promise<unknown>>()
  private readonly recovered: Promise<void>
  private known: {readonly status: WriteStatus; readonly atMs: number} | undefined
  private mark = ''
  /** By verb and outcome. */
  private readonly counts = new Map<string, WriteCount>()
  private isStopping = false
  private readonly timer: NodeJS.Timeout

  /** Takes back what an earlier process has left half done; whoever wants to write waits for that. */
  constructor(options: WritesOptions) {
    const {writer, limits} = options
    this.options = options
    this.staged = new StagedPlans(limits)
    this.turn = new Concurrency(1, limits.waitingWrites)
    this.recovered = this.during(async () => {
      this.count(await writer.recover())
      await this.look()
    })
    // Each request that waits for it fails with its reason.
    this.recovered.catch(() => {})
    this.timer = setInterval(() => void this.check(), limits.writesCheckMs)
    this.timer.unref()
  }

  /** What was written, as far as the agent has looked; undefined before it has. */
  get seen(): WriteStatus | undefined {
    if (!this.known) return undefined
    const {status, atMs} = this.known
    const {pending} = status
    if (!pending) return status
    const secondsLeft = Math.max(0, Math.round(pending.secondsLeft - (performance.now() - atMs) / 1000))
    return {...status, pending: {...pending, secondsLeft}}
  }

  /** What was written, by whatever process. */
  async status(): Promise<WriteStatus> {
    await this.recovered
    await this.look()
    return this.seen as WriteStatus
  }

  /**
   * Runs a plan that the client has staged.
   *
   * @throws RefusedError `NO_PLAN`, `BAD_PLAN`, and `TOO_MANY` when too many writes wait
   */
  async apply(
    client: WritingClient,
    {stagedId, ...options}: {stagedId: string; confirmWithinMs?: number; endDeniedFlows?: boolean},
  ): Promise<WriteResult> {
    const plan = planOf(await this.staged.take(client, stagedId))
    return this.write(client, caller => this.options.writer.apply(plan, {...caller, ...options}))
  }

  rollback(client: WritingClient, options: {to?: string}): Promise<WriteResult> {
    return this.write(client, caller => this.options.writer.rollback({...caller, ...options}))
  }

  confirm(client: WritingClient, options: {id?: string}): Promise<WriteResult> {
    return this.write(client, caller => this.options.writer.confirm({...caller, ...options}))
  }

  /** How many writes ended how, since the agent started. */
  tally(): readonly WriteCount[] {
    return [...this.counts.values()]
  }

  /** Whether a write is under way, or awaits its confirmation: whoever keeps the time must not go. */
  get isOpen(): boolean {
    return this.underWay.size > 0 || this.known?.status.pending !== undefined
  }

  /**
   * Ends within the time that there is. What a write has not done by then is taken back by whoever starts next.
   *
   * @param isLast nobody starts next: what awaits its confirmation is taken back at once
   */
  async stop(withinMs: number, isLast: boolean): Promise<void> {
    this.isStopping = true
    clearInterval(this.timer)
    const {pending} = this.known?.status ?? {}
    if (isLast && pending) void this.during(() => this.options.writer.rollback({by: 'npm-agent', to: pending.id}))
    const ended = new AbortController()
    const late = sleep(withinMs, undefined, {signal: ended.signal}).catch(() => {})
    await Promise.race([Promise.allSettled(this.underWay), late])
    ended.abort()
    this.options.writer.stop()
  }

  private async write(client: WritingClient, work: (caller: WriteCaller) => Promise<WriteResult>): Promise<WriteResult> {
    if (this.isStopping) throw refused('TOO_MANY', 'the agent is ending', 'Try again when its successor is ready.')
    if (this.turn.isFull)
      throw refused('TOO_MANY', 'too many writes to this node wait for the one under way', 'See what it does: kubectl npm status')
    return this.turn.run(() =>
      this.during(async () => {
        await this.recovered
        client.signal.throwIfAborted()
        try {
          return this.count(await work({by: nameOf(client.caller), signal: client.signal}))
        } finally {
          await this.look().catch(() => {})
        }
      }),
    )
  }

  private count<Result extends WriteResult | undefined>(result: Result): Result {
    if (!result) return result
    const {verb, outcome} = result
    const key = `${verb} ${outcome}`
    this.counts.set(key, {verb, outcome, count: (this.counts.get(key)?.count ?? 0) + 1})
    return result
  }

  private async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const running = work()
    this.underWay.add(running)
    try {
      return await running
    } finally {
      this.underWay.delete(running)
    }
  }

  /** Looks whether another process has written, or has left something to take back. */
  private async check(): Promise<void> {
    if (this.underWay.size > 0) return
    try {
      await this.during(async () => {
        const result = this.count(await this.options.writer.recover())
        if (result !== undefined || (await this.options.mark()) !== this.mark) await this.look()
      })
    } catch {
      // Whoever asks is told why; the next look may go better.
    }
  }

  private async look(): Promise<void> {
    this.mark = await this.options.mark()
    this.known = {status: await this.options.writer.status(), atMs: performance.now()}
    this.options.onChange()
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function planOf(value: unknown): Plan {
  try {
    return checkPlan(value, 'the plan', sha256)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw refused('BAD_PLAN', error.message, error.next)
  }
}

/** Whom restore points and audit lines name: the cluster's audit log has the same credential id, and who asked for it. */
const nameOf = (caller: Caller): string => (caller.kind === 'root' ? 'root' : (caller.credential ?? caller.user.username))
