import {setImmediate as turn} from 'node:timers/promises'
import type {FoundFlows} from '../../core/flows/find-denied.ts'
import type {DeniedFlows} from './denied-flows.ts'

/** Connections that are listed while the node is read again behind a write. Who leaves it without a node waits for none. */
export interface FlowsBeside extends Pick<DeniedFlows, 'find' | 'end'>, Disposable {
  /** To be called when all lines are in force: new connections are judged by them. */
  begin(): void
}

/** Lists connections before it is known what to judge them by; `find` begins now what was not begun before. */
export function flowsBeside(flows: DeniedFlows): FlowsBeside {
  type Open = Parameters<DeniedFlows['find']>[0]
  const known = Promise.withResolvers<Open>()
  known.promise.catch(() => undefined)
  let found: Promise<FoundFlows> | undefined
  const begin = (): Promise<FoundFlows> => {
    // Behind the tools that read the node: to start one more takes this process some milliseconds, and they take longer.
    found ??= turn().then(() => flows.find(async () => (await known.promise)()))
    // Whoever asks for it is told.
    found.catch(() => undefined)
    return found
  }
  return {
    begin,
    find(open) {
      known.resolve(open)
      return begin()
    },
    end: denied => flows.end(denied),
    [Symbol.dispose]: () => known.reject(new Error('there is no node to judge them by')),
  }
}
