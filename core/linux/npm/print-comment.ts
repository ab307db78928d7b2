import type {Direction} from '../../names/kernel-name.ts'
import type {SetCondition} from '../../policy/named-set.ts'
import type {NpmPolicyPeer, NpmPolicyRule} from '../../policy/npm-policy-model.ts'
import type {NpmPolicyPort} from '../../policy/npm-policy-ports.ts'
import {KEPT_COMMENT_BYTES, LONGEST_WORD_BYTES} from './limits.ts'

/** Returns the text that is hashed for a set: its name, or a variant if two sets must not share a kernel name. */
export type SpellSet = (term: SetCondition) => string

/** Builds the comment of a jump: `INGRESS-POLICY-shop/db-TO-podlabel-app:db-AND-ns-shop-IN-ns-shop`. It may be too long. */
export function jumpComment(policy: string, direction: Direction, target: readonly SetCondition[], spell: SpellSet): string {
  const joint = direction === 'Ingress' ? 'TO' : 'FROM'
  const namespace = policy.slice(0, policy.indexOf('/'))
  const terms = target.length === 0 ? 'all' : joined(target, spell)
  return plain(`${direction.toUpperCase()}-POLICY-${policy}-${joint}-${terms}-IN-ns-${namespace}`)
}

/** Builds the comment of a rule: `ALLOW-FROM-podlabel-app:web-AND-ns-shop-ON-TCP-TO-PORT-80`. It may be too long. */
export const ruleComment = (rule: NpmPolicyRule, direction: Direction, spell: SpellSet): string =>
  peerWords(rule, direction, spell) + portWords(rule.port, spell)

/** The start of a rule's comment, which all ports of a peer share. */
export function peerWords({action, peer}: NpmPolicyPeer, direction: Direction, spell: SpellSet): string {
  const word = action === 'allow' ? 'ALLOW' : 'DROP'
  return plain(peer.length === 0 ? `${word}-ALL` : `${word}-${direction === 'Ingress' ? 'FROM' : 'TO'}-${joined(peer, spell)}`)
}

/** The end of a rule's comment, which all peers of a port share. */
export function portWords({protocol, port, namedPort}: NpmPolicyPort, spell: SpellSet): string {
  const parts: string[] = []
  if (protocol !== undefined) parts.push(`-ON-${protocol}`)
  if (port) parts.push(port.to > port.from ? `-TO-PORT-${port.from}:${port.to}` : `-TO-PORT-${port.from}`)
  if (namedPort) parts.push(`-TO-${spell({set: namedPort, negated: false})}`)
  return plain(parts.join(''))
}

const joined = (terms: readonly SetCondition[], spell: SpellSet): string =>
  terms.map(term => (term.negated ? '!' : '') + spell(term)).join('-AND-')

/**
 * Replaces control characters. Objects from a file may contain line feeds, which would end a rule in the middle. Names in a
 * cluster have none.
 */
const plain = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f]/g, '?')

const encoder = new TextEncoder()

/** The length of a text in bytes (UTF-8), as iptables counts it. */
export const byteLength = (text: string): number => encoder.encode(text).length

/**
 * Shortens a comment that iptables-restore would refuse to the 255 bytes that iptables keeps. Never splits a character. Other
 * comments are returned unchanged.
 */
export function takenComment(text: string): string {
  // A UTF-16 code unit takes at most three bytes in UTF-8, so most comments need no count.
  if (text.length * 3 <= LONGEST_WORD_BYTES || byteLength(text) <= LONGEST_WORD_BYTES) return text
  return cut(text)
}

/** A comment as the kernel keeps it: its first 255 bytes. Never splits a character. */
export function keptComment(text: string): string {
  if (text.length * 3 <= KEPT_COMMENT_BYTES || byteLength(text) <= KEPT_COMMENT_BYTES) return text
  return cut(text)
}

function cut(text: string): string {
  const {read} = encoder.encodeInto(text, new Uint8Array(KEPT_COMMENT_BYTES))
  return text.slice(0, read)
}
