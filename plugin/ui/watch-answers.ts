import {setTimeout as sleep} from 'node:timers/promises'
import {InputError} from '../../core/problem/input-error.ts'

/** An answer as it is shown. */
export interface ShownAnswer {
  readonly lines: readonly string[]
  /** The same in a form in which answers are compared: without the moments at which they were found. */
  readonly key: string
  /** What is said beside it: warnings, nodes that cannot be asked. */
  readonly told: readonly string[]
}

export interface AnswerWatch {
  /** Asks once more. @throws InputError for what may be over the next time */
  readonly ask: () => Promise<ShownAnswer>
  readonly show: (answer: ShownAnswer) => Promise<void>
  /** Called after an InputError: what the next question needs may have to be opened anew. */
  readonly onFailure: () => Promise<void>
  /** Milliseconds between an answer and the next question, at least. */
  readonly pauseMs: number
}

/** Asking may take this part of the time at most: it costs nodes something. */
const SHARE = 4
const LONGEST_PAUSE_MS = 60_000

/**
 * Asks again and again until `signal` is aborted, and shows each answer. Where one cannot be had any more, the last one stays, with why.
 *
 * @throws InputError when there is no first answer
 */
export async function watchAnswers({ask, show, onFailure, pauseMs}: AnswerWatch, signal: AbortSignal): Promise<void> {
  let last: ShownAnswer | undefined
  while (!signal.aborted) {
    const begun = performance.now()
    try {
      last = await ask()
      if (signal.aborted) return
      await show(last)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof InputError) || !last) throw error
      await show({...last, told: [`error: ${error.message}`, ...error.steps.map(step => `  ${step}`)]})
      await onFailure()
    }
    const took = performance.now() - begun
    const pause = Math.min(LONGEST_PAUSE_MS, Math.max(pauseMs, took * (SHARE - 1)))
    await sleep(pause, undefined, {signal}).catch(() => {})
  }
}
