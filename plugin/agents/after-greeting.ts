import {TRPCClientError, type TRPCLink} from '@trpc/client'
import {observable} from '@trpc/server/observable'
import type {AgentRouter} from '../../agent/rpc/router.ts'

/**
 * Lets calls go to the agent at once, and gives their answers when the two sides know that they understand each other. Where they do not, that is the
 * answer.
 */
export const afterGreeting =
  (greeting: Promise<unknown>): TRPCLink<AgentRouter> =>
  () =>
  ({op, next}) =>
    observable(observer => {
      const then = (tell: () => void) => void greeting.then(tell, (error: Error) => observer.error(TRPCClientError.from(error)))
      return next(op).subscribe({
        next: value => then(() => observer.next(value)),
        error: error => then(() => observer.error(error)),
        complete: () => then(() => observer.complete()),
      })
    })
