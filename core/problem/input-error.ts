import type {Problem} from './problem.ts'

/** What stops an answer altogether: a person can do something about it, and `next` says what. Exit code 2. */
export class InputError extends Error {
  readonly next: string
  /** What was found wrong on the way; it usually says why. */
  readonly problems: readonly Problem[]

  constructor(message: string, next: string, problems: readonly Problem[] = []) {
    super(message)
    this.name = 'InputError'
    this.next = next
    this.problems = problems
  }
}
