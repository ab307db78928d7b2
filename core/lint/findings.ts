import type {Finding, LintCode} from '../contract/lint.ts'
import {lintRules} from './codes.ts'

/** What a check reports about one field. Level, platform and advice are added from `lintRules`. */
export interface Remark {
  readonly code: LintCode
  /** Where in the policy: `spec.ingress[0].from[1].ipBlock.cidr`. */
  readonly field: string
  /** What was found. Its meaning is added from `lintRules`, unless `meaning` is more specific. */
  readonly what: string
  readonly meaning?: string
  readonly next?: string
}

/** Completes a remark to a finding. */
export function finding(policy: string, {code, field, what, meaning, next}: Remark): Finding {
  const rule = lintRules[code]
  const message = `${sentence(what)} ${sentence(meaning ?? rule.why)}`
  return {code, level: rule.level, platform: rule.platform, policy, field, message, next: next ?? rule.next}
}

/** Makes text a sentence: a full stop at the end, and a capital if it starts with a word. Addresses and names stay unchanged. */
function sentence(text: string): string {
  const start = /^[a-z]+ /.test(text) ? text.slice(0, 1).toUpperCase() + text.slice(1) : text
  return /[.!?]\)?$/.test(start) ? start : `${start}.`
}
