import {ruleText} from '../compare/canonical.ts'
import {FORWARD_CHAIN, NPM_CHAIN} from '../npm/chain-names.ts'
import type {RuleDifferences} from './rule-differences.ts'

const JUMP = `the jump from ${FORWARD_CHAIN} to ${NPM_CHAIN}`

/** What is wrong with the jump to Azure NPM, in a sentence. */
export function jumpSentence(differences: readonly RuleDifferences[]): string {
  const jumps = differences.filter(each => each.kind === 'jump')
  const parts = jumps.map(({wanted, found, around}) => {
    if (!found) return `${JUMP} is missing: no policy is enforced`
    if (!wanted) return `rule ${found.position} of ${FORWARD_CHAIN} is a second jump to ${NPM_CHAIN}`
    if (around)
      return `${JUMP} is rule ${found.position} and should be rule ${wanted.position}: ${passedBefore(found.position, wanted.position)}`
    return `${JUMP} has other conditions: ${ruleText(found.rule)} in place of ${ruleText(wanted.rule)}`
  })
  return parts.join('; ')
}

const passedBefore = (found: number, wanted: number): string =>
  found > wanted ? 'rules that should come later stand before it' : 'it comes before rules that should be first'
