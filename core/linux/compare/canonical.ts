import type {Match, Target} from '../iptables/model.ts'
import {printMatch, printTarget} from '../iptables/print.ts'
import {KEPT_COMMENT_BYTES} from '../npm/limits.ts'
import type {ComparedRule} from './compared-rule.ts'

/**
 * A key that is equal for equal rules. It covers conditions and target, but not comments, counters or the order of
 * conditions: Azure NPM reads labels from an unordered map, and all conditions must hold anyway.
 */
export function ruleKey({matches, target}: Pick<ComparedRule, 'matches' | 'target'>): string {
  const conditions = matches.filter(match => match.kind !== 'comment').map(conditionKey)
  return [...conditions.toSorted(), target ? printTarget(target) : ''].join(' ')
}

/** One condition as text, with the protocol in lower case. */
function conditionKey(match: Match): string {
  if (match.kind === 'protocol') return `${match.negated ? '! ' : ''}-p ${match.protocol.toLowerCase()}`
  return printMatch(match)
}

/**
 * Whether a found rule equals the wanted one in every match, in order, up to the cut of comments. This is a fast path for the
 * usual case of equal rules: it rarely builds text.
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
 * Whether a node's rule has the wanted comment, up to the cut by iptables. The terms are compared without their order,
 * because they follow the order of the set matches, which is free.
 */
export function hasComment(real: Pick<ComparedRule, 'matches'>, wanted: Pick<ComparedRule, 'matches'>): boolean {
  const [found, asked] = [commentOf(real), commentOf(wanted)]
  if (found === asked) return true
  const isCut = found.length >= KEPT_COMMENT_BYTES
  if (isCut !== asked.length >= KEPT_COMMENT_BYTES) return false
  const parts = found.split(JOINTS)
  const left = asked.split(JOINTS)
  // The last part of a cut comment may be incomplete.
  for (const part of isCut ? parts.slice(0, -1) : parts) {
    const at = left.indexOf(part)
    if (at < 0) return false
    left.splice(at, 1)
  }
  return isCut || left.length === 0
}

/** The separators between the terms of a comment. */
const JOINTS = /-AND-|-TO-|-FROM-|-IN-|-ON-/

const commentOf = ({matches}: Pick<ComparedRule, 'matches'>): string =>
  matches.find(match => match.kind === 'comment')?.text ?? ''

/** Prints a rule as iptables-save does, without `-A CHAIN`. */
export const ruleText = ({matches, target}: Pick<ComparedRule, 'matches' | 'target'>): string =>
  [...matches.map(printMatch), ...(target ? [printTarget(target)] : [])].join(' ')
