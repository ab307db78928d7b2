import type {Finding, LintCode} from '../contract/lint.ts'
import {lintRules} from './codes.ts'

/** What a check says of one place; level, platform and advice come from the list of codes. */
export interface Remark {
  readonly code: LintCode
  /** Where in the policy: `spec.ingress[0].from[1].ipBlock.cidr`. */
  readonly field: string
  /** What is there. What it means is added from the list of codes, unless `meaning` says it better. */
  readonly what: string
  readonly meaning?: string
  readonly next?: string
}

/** Makes a finding of a remark. */
export function finding(policy: string, {code, field, what, meaning, next}: Remark): Finding {
  const rule = lintRules[code]
  const message = `${sentence(what)} ${sentence(meaning ?? rule.why)}`
  return {code, level: rule.level, platform: rule.platform, policy, field, message, next: next ?? rule.next}
}

/** Text that starts with a word gets a capital letter; an address, a number or a set's name stays as it is. */
function sentence(text: string): string {
  const start = /^[a-z]+ /.test(text) ? text.slice(0, 1).toUpperCase() + text.slice(1) : text
  return /[.!?)]$/.test(start) ? start : `${start}.`
}
