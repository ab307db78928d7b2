import type {Direction} from '../../names/kernel-name.ts'
import type {SetCondition} from '../../policy/named-set.ts'
import type {NpmPolicyRule} from '../../policy/npm-policy-model.ts'
import {KEPT_COMMENT_BYTES, LONGEST_WORD_BYTES} from './limits.ts'

/** What is hashed for a set: its name, or another where two sets must not share one. */
export type SpellSet = (term: SetCondition) => string

/** `INGRESS-POLICY-shop/db-TO-podlabel-app:db-AND-ns-shop-IN-ns-shop` */
export function jumpComment(policy: string, direction: Direction, target: readonly SetCondition[], spell: SpellSet): string {
  const joint = direction === 'Ingress' ? 'TO' : 'FROM'
  const namespace = policy.slice(0, policy.indexOf('/'))
  const terms = target.length === 0 ? 'all' : joined(target, spell)
  return plain(`${direction.toUpperCase()}-POLICY-${policy}-${joint}-${terms}-IN-ns-${namespace}`)
}

/** `ALLOW-FROM-podlabel-app:web-AND-ns-shop-ON-TCP-TO-PORT-80` */
export function ruleComment(rule: NpmPolicyRule, direction: Direction, spell: SpellSet): string {
  const {action, peer} = rule
  const {protocol, port, namedPort} = rule.port
  const parts = [action === 'allow' ? 'ALLOW' : 'DROP']
  parts.push(peer.length === 0 ? '-ALL' : `-${direction === 'Ingress' ? 'FROM' : 'TO'}-${joined(peer, spell)}`)
  if (protocol !== undefined) parts.push(`-ON-${protocol}`)
  if (port) parts.push(port.to > port.from ? `-TO-PORT-${port.from}:${port.to}` : `-TO-PORT-${port.from}`)
  if (namedPort) parts.push(`-TO-${spell({set: namedPort, negated: false})}`)
  return plain(parts.join(''))
}

const joined = (terms: readonly SetCondition[], spell: SpellSet): string =>
  terms.map(term => (term.negated ? '!' : '') + spell(term)).join('-AND-')

/**
 * Objects that never met an API server may hold line feeds, which would end a rule in the middle. No name that is in force
 * has any.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
const plain = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f]/g, '?')

const encoder = new TextEncoder()

/** The length of a text as iptables counts it. */
export const byteLength = (text: string): number => encoder.encode(text).length

/** A comment that iptables-restore takes. Of one that it would refuse, as much as it would keep; never half a character. */
export function takenComment(text: string): string {
  // In UTF-8 a character is three bytes at most, so most need no counting.
  if (text.length * 3 <= LONGEST_WORD_BYTES || byteLength(text) <= LONGEST_WORD_BYTES) return text
  const {read} = encoder.encodeInto(text, new Uint8Array(KEPT_COMMENT_BYTES))
  return text.slice(0, read)
}
