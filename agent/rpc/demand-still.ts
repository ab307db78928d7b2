import {type Procedure, procedureRights, type Refusal} from '../../core/contract/agent.ts'
import {RefusedError} from '../limits/refusal.ts'
import type {Agent} from './agent.ts'
import type {Connection} from './connection.ts'

/** The API server could not be asked. The connection ends with its token in any case. */
const PASSING: readonly Refusal['code'][] = ['REVIEW_FAILED', 'TOO_MANY']

/**
 * Demands the right that a subscription began with. While the API server is away it goes on: what the node tells is still true then.
 *
 * @throws RefusedError `FORBIDDEN` when the right was taken away
 */
export async function demandStill(agent: Agent, {caller}: Connection, procedure: Procedure): Promise<void> {
  try {
    await agent.demand(caller, procedureRights[procedure])
  } catch (error) {
    if (!(error instanceof RefusedError && PASSING.includes(error.refusal.code))) throw error
  }
}
