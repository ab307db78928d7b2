import {TRPCClientError} from '@trpc/client'
import {refusalSchema} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'

/** What an agent could not do, in its own words. */
export class AgentError extends InputError {
  /** The refusal's code; `OTHER` for what this version does not know. */
  readonly code: string

  constructor(message: string, next: string, code: string) {
    super(message, next)
    this.name = 'AgentError'
    this.code = code
  }
}

const wireRefusal = refusalSchema.extend({code: refusalSchema.shape.code.or(refusalSchema.shape.message)})

/** What went wrong with a call to an agent, as a person reads it. */
export function agentErrorOf(error: unknown, node: string): unknown {
  if (!(error instanceof TRPCClientError)) return error
  // Ours, handed through by tRPC.
  if (error.cause instanceof InputError || error.cause?.name === 'AbortError') return error.cause
  const refusal = wireRefusal.safeParse((error.data as {refusal?: unknown} | undefined)?.refusal)
  if (refusal.success) return new AgentError(`node ${node}: ${refusal.data.message}`, refusal.data.next, refusal.data.code)
  return new AgentError(
    `node ${node}: ${error.message}`,
    'The log of the agent may tell more: kubectl logs -n kubectl-npm -l app.kubernetes.io/name=npm-agent',
    'OTHER',
  )
}
