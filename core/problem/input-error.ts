import type {Problem} from './problem.ts'

/** The input allows no answer at all. The user can correct it, and `next` says how. Exit code 2. */
export class InputError extends Error {
  readonly next: string
  /** Problems found while reading the input; usually they are the cause. */
  readonly problems: readonly Problem[]

  constructor(message: string, next: string, problems: readonly Problem[] = []) {
    super(message)
    this.name = 'InputError'
    this.next = next
    this.problems = problems
  }
}
