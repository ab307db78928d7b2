import type {NetworkPolicy} from '../../kubernetes/objects.ts'
import type {SetCondition} from '../../policy/named-set.ts'
import {npmPolicyOf} from '../../policy/npm-policy.ts'
import type {CheckPolicy, Dialect, NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {CompileOptions} from '../../policy/program.ts'
import type {UnsupportedList} from '../../policy/unsupported.ts'
import {LONGEST_WORD_BYTES} from './limits.ts'
import {byteLength, jumpComment, ruleComment, type SpellSet} from './print-comment.ts'
import {linuxReleaseFacts} from './release-facts.ts'

/**
 * Translates one policy as NPM v2 on Linux does. It refuses a policy if the comment of a rule is too long for
 * iptables-restore.
 *
 * @returns a refused policy has no chains. It has sets only if Azure NPM creates them before it fails.
 */
export const linuxPolicyOf = (object: NetworkPolicy, options: CompileOptions): NpmPolicy => npmPolicyOf(object, options, dialect)

const spellName: SpellSet = ({set}) => set.name

/** One comment that is too long makes iptables-restore refuse the whole file, and so the whole policy. */
const checkComments: CheckPolicy = ({policy, target, chains}, {semantics, release}, refusals) => {
  if (semantics !== 'npm' || !linuxReleaseFacts(release).hasRuleComments) return
  for (const {direction, blocks} of chains) {
    const ofJump = (): string => jumpComment(policy, direction, target, spellName)
    if (mayBeLong(target) && isRefused(ofJump(), 'spec.podSelector', refusals)) return
    for (const {peers, ports} of blocks)
      for (const peer of peers) {
        if (!mayBeLong(peer.peer)) continue
        for (const port of ports) if (isRefused(ruleComment({...peer, port}, direction, spellName), peer.field, refusals)) return
      }
  }
}

const dialect: Dialect = {check: checkComments}

function isRefused(comment: string, field: string, refusals: UnsupportedList): boolean {
  const bytes = byteLength(comment)
  if (bytes <= LONGEST_WORD_BYTES) return false
  const reason = `its terms make a comment of ${bytes} bytes, and iptables-restore takes ${LONGEST_WORD_BYTES}`
  refusals.add('COMMENT_TOO_LONG', field, reason)
  return true
}

/** The length of a comment without its terms: names of at most 253 and twice 63 characters, and fixed words. */
const MOST_BYTES_BESIDES_TERMS = 450

/** Whether terms may exceed the limit: at most three bytes for each character, and `-AND-!` before each term. */
const mayBeLong = (terms: readonly SetCondition[]): boolean =>
  terms.reduce((sum, {set}) => sum + 3 * set.name.length + 6, 0) > LONGEST_WORD_BYTES - MOST_BYTES_BESIDES_TERMS
