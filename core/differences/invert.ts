import type {Difference} from '../dataplane/difference.ts'
import {swapSides} from '../sets/set-difference.ts'

/** The difference seen from the other side: what was found is wanted, and what was wanted is found. */
export function invert<Rule>(difference: Difference<Rule>): Difference<Rule> {
  if (difference.kind === 'order') {
    const {pairs, ...rest} = difference
    return {...rest, pairs: pairs.map(({wanted, found}) => ({wanted: found, found: wanted}))}
  }
  return swapSides(difference)
}
