import type {LintCode} from '../../contract/lint.ts'
import {KEPT_COMMENT_BYTES, LONGEST_WORD_BYTES} from '../../linux/npm/limits.ts'
import {linuxPolicyOf} from '../../linux/npm/linux-policy.ts'
import {byteLength, jumpComment, ruleComment, type SpellSet} from '../../linux/npm/print-comment.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {Unsupported} from '../../policy/program.ts'
import type {Check} from '../check.ts'
import {refusedRules} from '../codes/refused.ts'
import type {Remark} from '../findings.ts'
import {type PolicyView, peersOf} from '../policy-view.ts'

const options = {scheme: 'sha256', semantics: 'npm'} as const

/** What Azure NPM on Linux refuses, what NPM Lite would, and comments that iptables cuts. */
export const checkLinux: Check = function* (view) {
  const draft = linuxPolicyOf(view.object, options)
  yield* draft.refusals.flatMap(refused)
  yield* cutComments(draft)
  yield* checkLite(view, draft)
}

const isRefusedCode = (code: Unsupported['code']): code is keyof typeof refusedRules => code in refusedRules

function refused({code, field, reason, consequence}: Unsupported): Remark[] {
  if (!isRefusedCode(code)) return []
  // Both say what happens; the compiler knows the moment, the list of codes more of the circumstances.
  const meaning = code === 'TOO_MANY_RULES' ? undefined : consequence
  return [{code, field, what: reason, ...(meaning !== undefined && {meaning})}]
}

const spell: SpellSet = ({set}) => set.name

/** One remark for each place of the policy whose rules have a long comment. */
function* cutComments({policy, target, chains}: NpmPolicy): Generator<Remark> {
  const longest = new Map<string, number>()
  const note = (comment: string, field: string): void => {
    const bytes = byteLength(comment)
    if (bytes > KEPT_COMMENT_BYTES && bytes <= LONGEST_WORD_BYTES) longest.set(field, Math.max(longest.get(field) ?? 0, bytes))
  }
  for (const {direction, rules} of chains) {
    note(jumpComment(policy, direction, target, spell), 'spec.podSelector')
    for (const rule of rules) note(ruleComment(rule, direction, spell), rule.field)
  }
  for (const [field, bytes] of longest) yield {code: 'COMMENT_CUT', field, what: `its terms make a comment of ${bytes} bytes`}
}

/** NPM Lite is asked for once, not for each of a policy's peers. */
function* checkLite(view: PolicyView, {refusals}: NpmPolicy): Generator<Remark> {
  const known = new Set<LintCode>(refusals.map(({code}) => code))
  const lite = linuxPolicyOf(view.object, {...options, isLite: true}).refusals
  for (const code of ['LITE_PEER', 'LITE_NAMED_PORT'] as const) {
    const all = lite.filter(refusal => refusal.code === code)
    const [first] = all
    if (!first || known.has(code)) continue
    const more = all.length > 1 ? ` (${all.length} places)` : ''
    yield {code, field: first.field, what: (code === 'LITE_PEER' ? 'the peer selects by labels' : 'the port has a name') + more}
  }
  const block = [...peersOf(view)].find(({item}) => item.ipBlock)
  if (block && lite.length === 0)
    yield {code: 'LITE_BLOCK_OPEN', field: `${block.field}.ipBlock`, what: 'the policy has peers of ipBlock only'}
}
