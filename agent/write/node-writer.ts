import {setTimeout as sleep} from 'node:timers/promises'
import type {Plan} from '../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../core/contract/writes.ts'
import type {Log} from '../log.ts'
import {KEEP_TEXTS_MS, ReadTexts, textsOfProcess} from '../node/read-texts.ts'
import {applyPlan} from './apply.ts'
import {confirmWrite} from './confirm.ts'
import type {DeniedFlows} from './denied-flows.ts'
import {Journal} from './journal.ts'
import type {Lock} from './lock.ts'
import {isOver, isRecoveryNeeded, openWrite, type Recovery, recover} from './recover.ts'
import {RestorePoints, type WholePoints} from './restore-points.ts'
import {type ResultFacts, refusedResult, writeResult} from './results.ts'
import {rollBack} from './roll-back.ts'
import {Session, type SessionOptions} from './session.ts'
import {takeLock} from './take-lock.ts'
import {WriteFailure, writeFailureOf} from './write-failure.ts'
import {writeStatus} from './write-status.ts'
import type {ApplyOptions, ConfirmOptions, RollbackOptions, StatusOptions, WriteCaller, Writer} from './writer.ts'

export interface NodeWriterOptions extends SessionOptions {
  readonly log: Log
  readonly deniedFlows: DeniedFlows
}

type Verb = WriteResult['verb']

/** How often it is looked whether what awaits its confirmation has got it, by whatever process, or its time is over. */
const LOOK_MS = 200
const TRY_AGAIN_MS = 30_000

const STATUS = 'See what was written: kubectl npm rollback --list'

/** Takes the lock for each verb, finishes what an earlier writer has left, does the verb, and writes its audit line. */
export class NodeWriter implements Writer {
  private readonly options: NodeWriterOptions
  private timer: NodeJS.Timeout | undefined
  private isLooking = false
  private readonly wholePoints: WholePoints = new Map()
  /** What this process has read of the node last, and when it forgets it. */
  private texts: ReadTexts | undefined
  private forgetting: NodeJS.Timeout | undefined
  /** A way back that failed, and when it is tried again without anybody who writes. */
  private stuck: {readonly result: WriteResult; readonly untilMs: number} | undefined

  constructor(options: NodeWriterOptions) {
    this.options = options
  }

  apply(plan: Plan, options: ApplyOptions): Promise<WriteResult> {
    const {deniedFlows} = this.options
    return this.write('apply', options, plan.digest, (session, found) =>
      applyPlan(session, found, plan, {...options, deniedFlows}),
    )
  }

  rollback(options: RollbackOptions): Promise<WriteResult> {
    const {deniedFlows} = this.options
    return this.write('rollback', options, undefined, (session, found) => rollBack(session, found, {...options, deniedFlows}))
  }

  confirm(options: ConfirmOptions): Promise<WriteResult> {
    const {deniedFlows} = this.options
    return this.write('confirm', options, undefined, (session, found) => confirmWrite(session, found, {...options, deniedFlows}))
  }

  async status({withoutPoints = false}: StatusOptions = {}): Promise<WriteStatus> {
    const {stateDir, clock} = this.options
    const recovered = await this.recover()
    const stuck = recovered?.outcome === 'failed' ? recovered.failedAt?.message : undefined
    const points = withoutPoints ? undefined : new RestorePoints(stateDir, this.wholePoints)
    return writeStatus({stateDir, clock, points}, stuck)
  }

  async recover(): Promise<WriteResult | undefined> {
    const startedAt = performance.now()
    const {stateDir, node, clock} = this.options
    let lock: Lock | undefined
    try {
      const journal = new Journal(stateDir)
      const open = openWrite(await journal.read())
      if (open?.pending) this.watchPending()
      if (this.stuck && performance.now() < this.stuck.untilMs) return this.stuck.result
      if (!(await isRecoveryNeeded({journal, points: new RestorePoints(stateDir), clock}))) return undefined
      lock = await this.lock('recover', {by: 'npm-agent'}, 0)
      if (!lock) return undefined
      await using held = lock
      const found = await this.finishEarlier(new Session(this.options, held))
      const facts = recoveryFacts(found)
      const result = facts && writeResult(node, 'recover', startedAt, facts)
      if (found.kind === 'stuck' && result) this.stuck = {result, untilMs: performance.now() + TRY_AGAIN_MS}
      return result
    } catch (error) {
      const facts = refusedResult(writeFailureOf('the journal', stateDir, error), 'unknown')
      return writeResult(node, 'recover', startedAt, facts)
    }
  }

  async settled(id: string, signal?: AbortSignal): Promise<WriteResult> {
    const startedAt = performance.now()
    const {node, stateDir, clock} = this.options
    for (;;) {
      signal?.throwIfAborted()
      const write = (await new Journal(stateDir).read()).writes.find(({begin}) => begin.id === id)
      if (!write) throw new RangeError(`there is no write ${id}`)
      const {begin, end} = write
      const {verb, planDigest} = begin
      if (end) {
        const state = end.outcome === 'rolledBack' ? 'before' : end.outcome === 'failed' ? 'unknown' : 'after'
        const {outcome, reason} = end
        const failedAt = outcome === 'failed' && {failedAt: {step: 0, operation: '', message: reason ?? '', next: STATUS}}
        return writeResult(node, verb, startedAt, {
          id,
          outcome,
          state,
          ...(planDigest !== undefined && {planDigest}),
          ...failedAt,
        })
      }
      const recovered = isOver(write, clock) ? await this.recover() : undefined
      if (recovered?.id === id && recovered.outcome === 'failed') return recovered
      await sleep(LOOK_MS, undefined, signal && {signal})
    }
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
    clearTimeout(this.forgetting)
    this.texts = undefined
  }

  private async write(
    verb: Verb,
    caller: WriteCaller,
    planDigest: string | undefined,
    body: (session: Session, found: Recovery) => Promise<ResultFacts>,
  ): Promise<WriteResult> {
    const startedAt = performance.now()
    const {node, stateDir, bounds} = this.options
    let facts: ResultFacts
    let state: WriteResult['state'] = 'before'
    try {
      await using lock = await this.lock(verb, caller, bounds.lockMs)
      if (!lock) throw new WriteFailure('another write is going on', 'Try again when it has ended.')
      const session = new Session(this.options, lock, this.textsForNow())
      const found = await this.finishEarlier(session)
      if (found.kind === 'stuck') state = 'unknown'
      facts = await body(session, found)
    } catch (error) {
      facts = refusedResult(writeFailureOf('the state of writes', stateDir, error), state)
    }
    const result = writeResult(node, verb, startedAt, {...(planDigest !== undefined && {planDigest}), ...facts})
    this.audit(caller.by, result)
    if (result.outcome === 'awaitingConfirmation') this.watchPending()
    return result
  }

  private textsForNow(): ReadTexts {
    clearTimeout(this.forgetting)
    this.forgetting = setTimeout(() => (this.texts = undefined), KEEP_TEXTS_MS).unref()
    return (this.texts ??= new ReadTexts(textsOfProcess))
  }

  private lock(verb: Verb, {by, signal}: WriteCaller, waitMs: number): Promise<Lock | undefined> {
    const {stateDir, clock} = this.options
    return takeLock({stateDir, clock, by, verb, waitMs, signal})
  }

  /** What was finished has an audit line of its own. */
  private async finishEarlier(session: Session): Promise<Recovery> {
    const startedAt = performance.now()
    const found = await recover(session)
    this.stuck = undefined
    const facts = recoveryFacts(found)
    if (found.kind === 'pending') this.watchPending()
    if (facts && (found.kind === 'finished' || found.kind === 'stuck'))
      this.audit(found.write.by, writeResult(this.options.node, 'recover', startedAt, facts), found.reason)
    return found
  }

  /** Takes a write back when its time is over: this process's own, and what it found when it started. */
  private watchPending(): void {
    this.timer ??= setInterval(() => void this.look(), LOOK_MS).unref()
  }

  private async look(): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    try {
      const open = openWrite(await new Journal(this.options.stateDir).read())
      if (!open) this.stop()
      else if (isOver(open, this.options.clock)) await this.recover()
    } catch (error) {
      this.options.log.error({error: (error as Error).message}, 'What awaits its confirmation cannot be looked at')
    } finally {
      this.isLooking = false
    }
  }

  private audit(by: string, {verb, id, planDigest, outcome, state, failedAt}: WriteResult, why?: string): void {
    const reason = why !== undefined && !failedAt && {reason: why}
    const fields = {by, verb, id, plan: planDigest, outcome, state, ...reason, ...(failedAt && {failed: failedAt.message})}
    this.options.log.audit(fields, outcome === 'failed' ? 'A write failed' : 'A write')
  }
}

function recoveryFacts(found: Recovery): ResultFacts | undefined {
  if (found.kind === 'nothing' || found.kind === 'pending') return undefined
  const {id, planDigest} = found.write
  const facts = {id, ...(planDigest !== undefined && {planDigest})}
  if (found.kind === 'stuck') return {...facts, ...refusedResult({message: found.reason, next: found.next}, 'unknown')}
  const {state, operations, reason} = found
  if (state === 'unknown') return {...facts, ...refusedResult({message: reason, next: 'Plan again: kubectl npm diff'}, state)}
  return {...facts, outcome: state === 'before' ? 'rolledBack' : 'applied', state, operations}
}
