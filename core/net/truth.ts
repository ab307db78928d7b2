/** Whether a condition holds; `unknown` when the model cannot decide. It is never rounded to true or false. */
export type Truth = true | false | 'unknown'

/** Negation; unknown stays unknown. */
const not = (truth: Truth): Truth => (truth === 'unknown' ? truth : !truth)

/** Applies the negation of a rule's condition. */
export const negatedIf = (negated: boolean, truth: Truth): Truth => (negated ? not(truth) : truth)

/** Conjunction: false if one is false, even if others are unknown. */
export function all(truths: Iterable<Truth>): Truth {
  let result: Truth = true
  for (const truth of truths) {
    if (truth === false) return false
    if (truth === 'unknown') result = 'unknown'
  }
  return result
}
