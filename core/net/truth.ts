/** Whether a condition holds; `unknown` when the model does not tell. It is never rounded to yes or no. */
export type Truth = true | false | 'unknown'

export const not = (truth: Truth): Truth => (truth === 'unknown' ? truth : !truth)

/** Negation as a rule states it. */
export const negatedIf = (negated: boolean, truth: Truth): Truth => (negated ? not(truth) : truth)

/** All must hold: one that does not decides, whatever is unknown beside it. */
export function all(truths: Iterable<Truth>): Truth {
  let result: Truth = true
  for (const truth of truths) {
    if (truth === false) return false
    if (truth === 'unknown') result = 'unknown'
  }
  return result
}

/** One is enough: one that holds decides. */
export function any(truths: Iterable<Truth>): Truth {
  let result: Truth = false
  for (const truth of truths) {
    if (truth === true) return true
    if (truth === 'unknown') result = 'unknown'
  }
  return result
}
