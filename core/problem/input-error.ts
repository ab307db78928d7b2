import type {Problem} from './problem.ts'

/** The input allows no answer at all. The user can correct it, and `next` says how. Exit code 2, unless it is a `NotFoundError`. */
export class InputError extends Error {
  /** All steps in one line. */
  readonly next: string
  /** What to do, a line for each step. */
  readonly steps: readonly string[]
  /** Problems found while reading the input; usually they are the cause. */
  readonly problems: readonly Problem[]

  constructor(message: string, next: string | readonly string[], problems: readonly Problem[] = []) {
    super(message)
    this.name = 'InputError'
    this.steps = typeof next === 'string' ? [next] : next
    this.next = this.steps.join(' ')
    this.problems = problems
  }
}

/** A name that nothing has: the input is whole where it would stand. Exit code 1. */
export class NotFoundError extends InputError {}

/**
 * The error for a name that is not in the input.
 *
 * @param isWhole whether the input is all that there is: else nobody knows whether something has the name
 */
export function unknownName(
  isWhole: boolean,
  message: string,
  steps: readonly string[],
  problems?: readonly Problem[],
): InputError {
  return isWhole ? new NotFoundError(message, steps, problems) : new InputError(message, steps, problems)
}
