import {procedureRights} from '../../core/contract/agent.ts'
import {type Caller, callerName} from '../auth/caller.ts'
import type {Limits} from '../limits/limits.ts'
import {LineBudget} from '../limits/line-budget.ts'
import {RefusedError} from '../limits/refusal.ts'
import type {Log} from '../log.ts'

/** A client sends text of up to 64 KiB, which comes back in messages: its beginning is enough to know what it was. */
const SHOWN = 100

const cut = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text)

/** The log of one client's connection, from its first line to its last. */
export interface ConnectionLog {
  /** A request of it failed. @param path the procedure's name as the client sent it */
  failed(error: {readonly code: string; readonly message: string; readonly cause?: unknown}, path: string | undefined): void
  /** It wanted to write and was not let. @param path the procedure's name */
  refusedWrite(path: string, error: RefusedError): void
  gone(code: number, reason: string): void
}

/**
 * What the log says of clients. Who has come and gone is always there; what else clients can cause, refusals and requests that
 * fail, is a few lines and a count, whatever they send.
 */
export class ClientLog {
  private readonly log: Log
  private readonly limits: Limits
  private readonly refusals: LineBudget
  private readonly failures: LineBudget

  constructor(log: Log, limits: Limits) {
    this.log = log
    this.limits = limits
    this.refusals = new LineBudget(limits.loggedLines, limits.loggedLinesPerSecond)
    this.failures = new LineBudget(limits.loggedLines, limits.loggedLinesPerSecond)
  }

  /** Somebody was not let in. @param error a refusal, or why the agent itself failed */
  refused(error: unknown): void {
    const count = this.refusals.take()
    if (!count) return
    if (error instanceof RefusedError)
      this.log.warn({code: error.refusal.code, reason: error.refusal.message, ...count}, 'a client was refused')
    else this.log.error({error: String(error), ...count}, 'signing in failed')
  }

  connected(caller: Caller): ConnectionLog {
    const facts = {client: callerName(caller), ...(caller.kind === 'account' && {credential: caller.credential})}
    this.log.audit(facts, 'a client has connected')
    let failed = 0
    let refusedWrites = 0
    return {
      failed: ({code, message, cause}, path) => {
        if (cause instanceof RefusedError) return
        failed++
        if (failed > this.limits.loggedFailures) return this.failures.leaveOut()
        const count = this.failures.take()
        if (!count) return
        // The name of a procedure that is not there is in the message already.
        const known = path !== undefined && Object.hasOwn(procedureRights, path)
        this.log.warn({...facts, ...(known && {path}), code, error: cut(message), ...count}, 'a request failed')
      },
      // Part of the record, which is never left out: who asks without an end is counted instead.
      refusedWrite: (path, {refusal}) => {
        refusedWrites++
        if (refusedWrites > this.limits.loggedRefusedWrites) return
        this.log.audit({...facts, path, code: refusal.code, reason: cut(refusal.message)}, 'a write was refused')
      },
      gone: (code, reason) => {
        const counts = {...(failed > 0 && {failedRequests: failed}), ...(refusedWrites > 0 && {refusedWrites})}
        this.log.audit({...facts, code, reason, ...counts}, 'a client has gone')
      },
    }
  }
}
