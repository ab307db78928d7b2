import type {IncompletePart} from '../problem/incomplete-part.ts'

/** Whether something holds. When that is not known, the part of the input that it rests on. */
export type Answer = boolean | IncompletePart

/** Whether one of the tests holds; unknown when none surely does, but one may. */
export function anyHolds<Subject extends readonly unknown[]>(
  tests: readonly ((...subject: Subject) => Answer)[],
  ...subject: Subject
): Answer {
  let result: Answer = false
  for (const test of tests) {
    const answer = test(...subject)
    if (answer === true) return true
    if (answer !== false && result === false) result = answer
  }
  return result
}

/** Conjunction: false when one is false, whatever is not known of the other. */
export const both = (first: Answer, second: Answer): Answer => (first === false || second === true ? first : second)
