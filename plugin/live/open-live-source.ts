import {InputError} from '../../core/problem/input-error.ts'
import type {SourceFlags} from '../source/open-source.ts'
import type {LiveSource} from './live-source.ts'
import {isRecording, openRecording} from './recording-source.ts'

/**
 * Opens what the flags name: a recording, a dump, this machine or the nodes of a cluster.
 *
 * @returns to be disposed of when nobody watches any more
 * @throws InputError when it cannot be opened
 */
export async function openLiveSource(flags: SourceFlags, _signal: AbortSignal): Promise<LiveSource & AsyncDisposable> {
  const [path, ...others] = flags.from ?? []
  if (path !== undefined && (await isRecording(path))) {
    if (others.length > 0) throw new InputError('a recording is shown alone', 'Give --from once.')
    return {...(await openRecording(path)), async [Symbol.asyncDispose]() {}}
  }
  throw new InputError('only recordings can be watched so far', 'Give one: --from FILE.')
}
