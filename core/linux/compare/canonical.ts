import type {Match, Target} from '../iptables/model.ts'
import {printMatch, printTarget} from '../iptables/print.ts'
import {KEPT_COMMENT_BYTES} from '../npm/limits.ts'
import type {ComparedRule} from './compared-rule.ts'

/**
 * What makes two rules the same rule: conditions and target. Counters do not count, nor does the order of set matches:
 * Azure NPM reads labels from an unordered map, and all conditions must hold anyway.
 */
export function ruleKey({matches, target}: Pick<ComparedRule, 'matches' | 'target'>): string {
  const conditions = matches.filter(match => match.kind !== 'comment').map(conditionKey)
  return [...conditions.toSorted(), target ? printTarget(target) : ''].join(' ')
}

/** Ports of a protocol imply it, and iptables prints both. */
function conditionKey(match: Match): string {
  if (match.kind === 'protocol') return `${match.negated ? '! ' : ''}-p ${match.protocol.toLowerCase()}`
  return printMatch(match)
}

/**
 * Whether a rule is what is asked for, word for word as far as iptables keeps it. Nearly all rules of nearly all nodes are, and
 * this is asked without making a text of either.
 */
export function isSameRule(real: ComparedRule, wanted: ComparedRule): boolean {
  if (real.matches.length !== wanted.matches.length || !isSameTarget(real.target, wanted.target)) return false
  for (const [at, match] of wanted.matches.entries()) if (!isSameMatch(real.matches[at] as Match, match)) return false
  return true
}

function isSameMatch(real: Match, wanted: Match): boolean {
  if (real.kind === 'set' && wanted.kind === 'set')
    return real.set === wanted.set && real.sides === wanted.sides && real.negated === wanted.negated
  if (real.kind === 'comment' && wanted.kind === 'comment')
    return real.text === wanted.text || real.text === wanted.text.slice(0, KEPT_COMMENT_BYTES)
  if (real.kind !== wanted.kind) return false
  return printMatch(real) === printMatch(wanted)
}

function isSameTarget(real: Target | undefined, wanted: Target | undefined): boolean {
  if (!real || !wanted) return real === wanted
  if (real.kind === 'jump' && wanted.kind === 'jump') return real.chain === wanted.chain && real.goto === wanted.goto
  return printTarget(real) === printTarget(wanted)
}

/**
 * Whether a node's rule has the comment that is asked for, as far as iptables keeps it. Its terms follow the order of the set
 * matches, which is free, so only what they are counts.
 */
export function hasComment(real: Pick<ComparedRule, 'matches'>, wanted: Pick<ComparedRule, 'matches'>): boolean {
  const [found, asked] = [commentOf(real), commentOf(wanted)]
  if (found === asked) return true
  const isCut = found.length >= KEPT_COMMENT_BYTES
  if (isCut !== asked.length >= KEPT_COMMENT_BYTES) return false
  const parts = found.split(JOINTS)
  const left = asked.split(JOINTS)
  // The last one of a comment that was cut may be a piece of a term.
  for (const part of isCut ? parts.slice(0, -1) : parts) {
    const at = left.indexOf(part)
    if (at < 0) return false
    left.splice(at, 1)
  }
  return isCut || left.length === 0
}

/** What stands between the terms of a comment. */
const JOINTS = /-AND-|-TO-|-FROM-|-IN-|-ON-/

const commentOf = ({matches}: Pick<ComparedRule, 'matches'>): string =>
  matches.find(match => match.kind === 'comment')?.text ?? ''

/** A rule as iptables-save prints it, from its conditions on. */
export const ruleText = ({matches, target}: Pick<ComparedRule, 'matches' | 'target'>): string =>
  [...matches.map(printMatch), ...(target ? [printTarget(target)] : [])].join(' ')
