import type {SyncState} from '../../core/contract/agent.ts'
import type {Problem} from '../../core/problem/problem.ts'

/** The problem of an answer that uses cluster objects which are out of date. None while they are current, or are not watched. */
export function staleProblems({state, asOf, failure}: SyncState): Problem[] {
  if (state === 'live' || state === 'off') return []
  const reason = failure === undefined ? '' : `: ${failure}`
  const message =
    asOf === undefined
      ? `the agent has not yet read all objects of the cluster${reason}`
      : `the cluster objects are those of ${asOf}: the agent cannot follow the API server since then${reason}`
  return [{code: 'OLD_OBJECTS', message, next: 'What has changed since then is not in the answer.'}]
}
