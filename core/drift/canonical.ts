import type {Match, Rule} from '../iptables/model.ts'
import {printMatch, printTarget} from '../iptables/print.ts'
import type {ProgramRule} from '../policy/program.ts'

/** iptables keeps this many bytes of a comment. */
const COMMENT_BYTES = 255

/**
 * What makes two rules the same rule: conditions and target. Counters do not count, nor does the order of set matches:
 * Azure NPM reads labels from an unordered map, and all conditions must hold anyway.
 */
export function ruleKey({matches, target}: Pick<Rule | ProgramRule, 'matches' | 'target'>): string {
  const conditions = matches.filter(match => match.kind !== 'comment').map(conditionKey)
  return [...conditions.toSorted(), target ? printTarget(target) : ''].join(' ')
}

/** Ports of a protocol imply it, and iptables prints both. */
function conditionKey(match: Match): string {
  if (match.kind === 'protocol') return `${match.negated ? '! ' : ''}-p ${match.protocol.toLowerCase()}`
  return printMatch(match)
}

/** A rule's comment as far as iptables keeps it, its terms in one order. */
export function commentKey({matches}: Pick<Rule | ProgramRule, 'matches'>): string {
  const comment = matches.find(match => match.kind === 'comment')?.text ?? ''
  if (comment.length >= COMMENT_BYTES) return comment.slice(0, COMMENT_BYTES)
  // Terms follow the order of the set matches, which is free; a bag of fragments is equal where it matters.
  return comment
    .split(/-AND-|-TO-|-FROM-|-IN-|-ON-/)
    .toSorted()
    .join(' ')
}

/** A rule as iptables-save prints it, from its conditions on. */
export const ruleText = ({matches, target}: Pick<Rule | ProgramRule, 'matches' | 'target'>): string =>
  [...matches.map(printMatch), ...(target ? [printTarget(target)] : [])].join(' ')
