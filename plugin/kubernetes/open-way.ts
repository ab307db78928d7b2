import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterFlags} from './flags.ts'
import {sharedWay} from './kept-way.ts'
import {hasKubectl} from './kubectl.ts'
import type {Way, WayOptions} from './way.ts'

/**
 * Opens the way that `--via` says. Without it kubectl's where there is a kubectl, as it knows most; else our own. Each is loaded only when it
 * is taken. Where one is kept, it is that one.
 *
 * @throws InputError when the way is not open
 */
export const openWay = (flags: ClusterFlags, signal: AbortSignal, options: WayOptions): Promise<Way> =>
  sharedWay(() => openOwnWay(flags, signal, options))

async function openOwnWay(flags: ClusterFlags, signal: AbortSignal, options: WayOptions): Promise<Way> {
  const {via} = flags
  if (via === 'kubectl' || (via === undefined && hasKubectl())) {
    const {openKubectlWay} = await import('./kubectl-way.ts')
    return openKubectlWay(flags, signal, options)
  }
  const {openLibraryWay} = await import('./library/library-way.ts')
  try {
    return await openLibraryWay(flags, signal, options)
  } catch (error) {
    if (via !== undefined || !(error instanceof InputError)) throw error
    throw new InputError(`there is no kubectl, and without it: ${error.message}`, [
      ...error.steps,
      'Or install kubectl, or put it on PATH (KUBECTL=/path/to/kubectl names one).',
    ])
  }
}
