import {KEPT_COMMENT_BYTES} from '../npm/limits.ts'
import {OWN_CHAIN_NAME, OWN_SET_NAME} from './own-names.ts'

const PROTOCOL = String.raw`-p (tcp|udp|sctp) (?:-m \1 --dport (?:[1-9]\d{0,3}|[1-5]\d{4}) )?`
const SET = `-m set (?:! )?--match-set ${OWN_SET_NAME} (?:src|dst)(?:,(?:src|dst)){0,2} `
/** A word without quotes, or with them where it needs them. */
const COMMENT = String.raw`-m comment --comment (?:[\w-]{1,${KEPT_COMMENT_BYTES}}|"(?=[\w-]*[^\w"-])[ !#-&(-\[\]-~]{1,${KEPT_COMMENT_BYTES}}") `
const NUMBER = '0x(?:0|[1-9a-f][0-9a-f]{0,7})'
const TARGET = `-j (?:ACCEPT|DROP|MARK --set-xmark ${NUMBER}/${NUMBER}|(${OWN_CHAIN_NAME}))`

const USUAL = new RegExp(`^(?:${PROTOCOL})?((?:${SET})*)(?:${COMMENT})?${TARGET}$`)

/** What a rule names. */
export interface NamedByRule {
  /** One that it names twice twice. */
  readonly sets: readonly string[]
  /** The chain of Azure NPM that it leads to. */
  readonly chain: string | undefined
}

/**
 * Tells rules of the form that nearly all rules of policies have. Such a rule is written as iptables prints it, has no conditions and no
 * target but those of Azure NPM's rules, and need not be parsed to know what it names.
 *
 * @param text as iptables-save prints it, without `-A CHAIN`
 * @returns undefined for rules of another form, right ones among them
 */
export function usualRule(text: string): NamedByRule | undefined {
  const found = USUAL.exec(text)
  if (!found) return undefined
  const [, , sets = '', chain] = found
  return {sets: namesIn(sets), chain}
}

const OPTION = '--match-set '

function namesIn(conditions: string): string[] {
  const names: string[] = []
  for (let at = conditions.indexOf(OPTION); at >= 0; at = conditions.indexOf(OPTION, at)) {
    const start = at + OPTION.length
    at = conditions.indexOf(' ', start)
    names.push(conditions.slice(start, at))
  }
  return names
}

/** Whether `usualRule` knows a rule. */
export const isUsualRule = (text: string): boolean => USUAL.test(text)
