import type {Problem} from './problem.ts'

/** The input allows no answer at all. The user can correct it, and `next` says how. Exit code 2. */
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
