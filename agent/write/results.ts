import {API_VERSION} from '../../core/contract/version.ts'
import type {WriteResult} from '../../core/contract/writes.ts'
import type {WriteFailure} from './write-failure.ts'

/** What a verb tells of itself; the rest is the same for all. */
export type ResultFacts = Pick<WriteResult, 'outcome' | 'state'> & Partial<WriteResult>

export function writeResult(node: string, verb: WriteResult['verb'], startedAt: number, facts: ResultFacts): WriteResult {
  return {
    apiVersion: API_VERSION,
    kind: 'WriteResult',
    node,
    id: '',
    verb,
    operations: 0,
    durationMs: performance.now() - startedAt,
    problems: [],
    ...facts,
  }
}

/** Refused: nothing has begun. */
export const refusedResult = (
  {message, next}: Pick<WriteFailure, 'message' | 'next'>,
  state: WriteResult['state'],
): ResultFacts => ({
  outcome: 'failed',
  state,
  failedAt: {step: 0, operation: '', message, next},
})
