import {InputError} from '../../core/problem/input-error.ts'
import {keepWay} from '../kubernetes/kept-way.ts'
import {isLive, type SourceFlags} from './source-flags.ts'

/** What is read again and again. */
export interface WatchedSource extends AsyncDisposable {
  /** Opens the way to a cluster anew with the next reading. Absent where this machine is read. */
  readonly renew?: () => Promise<void>
}

/**
 * Holds what the flags name open for many readings: the way to a cluster.
 *
 * @throws InputError where nothing can change, and where what can be read once only is to be read again
 */
export function openWatched(flags: Pick<SourceFlags, 'from' | 'local'>): WatchedSource {
  const {from = [], local} = flags
  if (!local && from.length > 0)
    throw new InputError('--watch follows nodes, and what is in a file does not change', 'Leave --watch out.')
  if (from.includes('-'))
    throw new InputError('--watch reads all again and again, and standard input can be read once', 'Give it as a file.')
  return isLive(flags) ? keepWay() : {async [Symbol.asyncDispose]() {}}
}
