import {TRPCClientError} from '@trpc/client'
import {refusalSchema} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'

/** An agent refused or failed; the message is its own. */
export class AgentError extends InputError {
  /** Code of the refusal; `OTHER` when there is none. */
  readonly code: string

  constructor(message: string, next: string, code: string) {
    super(message, next)
    this.name = 'AgentError'
    this.code = code
  }
}

const tolerantRefusal = refusalSchema.extend({code: refusalSchema.shape.code.or(refusalSchema.shape.message)})

/** The error of a call to an agent, for a person. What is no error of tRPC is returned as it is. */
export function agentErrorOf(error: unknown, node: string): unknown {
  if (!(error instanceof TRPCClientError)) return error
  // tRPC wraps errors that our own link throws.
  if (error.cause instanceof InputError || error.cause?.name === 'AbortError') return error.cause
  const refusal = tolerantRefusal.safeParse((error.data as {refusal?: unknown} | undefined)?.refusal)
  if (refusal.success) return new AgentError(`node ${node}: ${refusal.data.message}`, refusal.data.next, refusal.data.code)
  return new AgentError(
    `node ${node}: ${error.message}`,
    'The log of the agent may tell more: kubectl logs -n kubectl-npm-node -l app.kubernetes.io/name=npm-agent',
    'OTHER',
  )
}
