import {type RefusedError, refused} from '../limits/refusal.ts'

/** The refusal when the API server could not be asked: without its answer nobody is let in. */
export function reviewFailed(what: string, error: unknown): RefusedError {
  const reason = error instanceof Error && error.name !== 'TimeoutError' ? error.message : 'it did not answer in time'
  return refused(
    'REVIEW_FAILED',
    `the API server could not be asked ${what}: ${reason}`,
    'Try again. On the node itself, as root, kubectl npm --local needs no API server.',
  )
}
