import type {ChainPlace} from '../../contract/common.ts'
import type {Rule} from '../iptables/model.ts'

/** A rule's place as documents print it. Rules that were not read from a save have no line. */
export function placeOf({chain, position, line}: Pick<Rule, 'chain' | 'position' | 'line'>): ChainPlace {
  return line > 0 ? {chain, position, line} : {chain, position}
}
