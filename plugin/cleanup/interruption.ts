import {constants} from 'node:os'
import {setImmediate} from 'node:timers/promises'

/**
 * What a signal of the person does. While nothing needs clearing away it is the system's business: the process ends at once, also in the
 * middle of a computation, in which no handler of ours would ever run. Handlers are there only while something is held.
 */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A person who presses Ctrl-C waits no longer than a second. */
const INTERRUPT_MS = 900
/** What shells say of a program that a signal has ended: this, and the signal's number. */
const SIGNALLED = 128

const controller = new AbortController()
/** In the order in which they came. */
const held = new Set<() => void>()
let computations = 0
/** Works that a signal must not cut off, and the signals that have come meanwhile. */
let finishing = 0
let ignored = 0
/** Who sends so many does not want to wait for anything. */
const MOST_IGNORED = 3
let hasHandlers = false

/** Aborted by the first signal that comes while something is held. */
export const interruption: AbortSignal = controller.signal

let signalled: number | undefined

/** The exit code of a process that a signal has ended before its work was done: 130 for Ctrl-C. Undefined when none has come. */
export const interruptedCode = (): number | undefined => signalled

/**
 * Holds something that must not be left behind. The first signal then aborts `interruption`: work that is under way gets a moment to end by
 * itself and to say what it has. The second time, and when the moment is over, the process exits.
 *
 * @param clear clears it away at once, if the process exits before it is released. It does not throw.
 * @returns to be disposed of when it has been cleared away
 */
export function hold(clear: () => void): AsyncDisposable {
  held.add(clear)
  update()
  return {
    async [Symbol.asyncDispose]() {
      // A signal that came before is not lost: its handler runs in this turn.
      await setImmediate()
      held.delete(clear)
      update()
    },
  }
}

/**
 * Computes something that may take long while something is held: a signal ends the process at once, as if nothing was. For what ends by
 * itself when this process is gone, as a guarded child does.
 *
 * @throws the reason of `interruption` when a signal came before; what `compute` throws
 */
export async function computeWhileHeld<Result>(compute: () => Result | Promise<Result>): Promise<Result> {
  await setImmediate()
  interruption.throwIfAborted()
  computations++
  update()
  try {
    return await compute()
  } finally {
    computations--
    update()
  }
}

/**
 * Does work that must not be left half done. A signal aborts `interruption`, and the process goes on until the work is through; the third
 * one ends it at once.
 *
 * @param onSignal called at the first signal: a person wants to know why nothing ends
 */
export async function finishFirst<Result>(work: () => Promise<Result>, onSignal: () => void): Promise<Result> {
  finishing++
  ignored = 0
  interruption.addEventListener('abort', onSignal)
  update()
  try {
    return await work()
  } finally {
    await setImmediate()
    interruption.removeEventListener('abort', onSignal)
    finishing--
    update()
  }
}

function update(): void {
  process.off('exit', clearAll)
  if (held.size > 0) process.once('exit', clearAll)
  const needsHandlers = finishing > 0 || (held.size > 0 && computations === 0)
  if (needsHandlers === hasHandlers) return
  hasHandlers = needsHandlers
  for (const signal of SIGNALS) {
    if (needsHandlers) process.on(signal, interrupt)
    else process.off(signal, interrupt)
  }
}

function interrupt(signal: (typeof SIGNALS)[number]): void {
  signalled ??= SIGNALLED + constants.signals[signal]
  const exit = () => process.exit(signalled)
  if (finishing > 0) {
    ignored++
    if (ignored >= MOST_IGNORED) exit()
    controller.abort()
    return
  }
  if (interruption.aborted) exit()
  controller.abort()
  setTimeout(exit, INTERRUPT_MS).unref()
}

/** Last in, first out: a folder goes after what writes into it has ended. */
function clearAll(): void {
  for (const clear of [...held].toReversed()) clear()
}
