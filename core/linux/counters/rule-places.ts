import type {RuleStructure} from '../../dataplane/rule-counters.ts'
import type {Text} from '../../text/lines.ts'
import {policyChain} from '../npm/policy-chain.ts'
import {chainOf, targetOf} from './read-counters.ts'

/** Where the rules of a chain of table filter stand among Azure NPM's rules. */
export interface ChainPlaces {
  readonly chain: string
  /** The number of each rule in the structure; -1 for one of another program. */
  readonly numbers: readonly number[]
  /**
   * The numbers of the rules that lead to the chain, where it is a policy's and these are rules of other chains: while they have counted
   * nothing, nothing in it has. Empty for all other chains.
   */
  readonly jumps: readonly number[]
}

const RULE = /^(?:\[\d+:\d+\] )?(-A (\S+).*?)\r?$/
const FILTER = '*filter'

/**
 * Finds the rules of a structure again, by chain and place in it, as the kernel knows them.
 *
 * @param text of `iptables-save`, of which the structure was read
 * @returns all chains of table filter that have rules
 */
export function rulePlaces(text: Text, {rules}: RuleStructure): ChainPlaces[] {
  const chains = new Map<string, number[]>()
  let next = 0
  let isFilter = true
  for (const piece of text)
    for (const line of piece.split('\n')) {
      if (line.startsWith('*')) isFilter = line.startsWith(FILTER)
      const [, rule = '', chain = ''] = isFilter ? (RULE.exec(line) ?? []) : []
      if (chain === '') continue
      const numbers = chains.get(chain) ?? []
      chains.set(chain, numbers)
      numbers.push(rule.trimEnd() === rules[next] ? next++ : -1)
    }
  const jumps = Map.groupBy(rules.keys(), number => targetOf(rules[number] as string))
  return [...chains].map(([chain, numbers]) => {
    const leading = policyChain(chain) ? (jumps.get(chain) ?? []) : []
    const isBehindOthers = leading.every(number => !policyChain(chainOf(rules[number] as string)))
    return {chain, numbers, jumps: isBehindOthers ? leading : []}
  })
}
