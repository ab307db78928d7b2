import type {LintCode} from '../../contract/lint.ts'
import type {PolicyCompiler} from '../../dataplane/policy-compiler.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {Unsupported} from '../../policy/program.ts'
import type {Check} from '../check.ts'
import {refusedRules} from '../codes/refused.ts'
import type {Remark} from '../findings.ts'
import {type PolicyView, peersOf} from '../policy-view.ts'

const options = {scheme: 'sha256', semantics: 'npm'} as const

/** What Azure NPM on Linux refuses, what NPM Lite would refuse, and comments that iptables cuts. */
export const checkLinux: Check = function* (view, {compiler}) {
  const policy = compiler.translate(view.object, options)
  yield* policy.refusals.flatMap(refused)
  for (const [field, bytes] of compiler.cutDescriptions(policy))
    yield {code: 'COMMENT_CUT', field, what: `its terms make a comment of ${bytes} bytes`}
  yield* checkLite(view, policy, compiler)
}

const isRefusedCode = (code: Unsupported['code']): code is keyof typeof refusedRules => code in refusedRules

function refused({code, field, reason, consequence}: Unsupported): Remark[] {
  if (!isRefusedCode(code)) return []
  // The compiler's consequence is more precise than the text of the code, except for this code.
  const meaning = code === 'TOO_MANY_RULES' ? undefined : consequence
  return [{code, field, what: reason, ...(meaning !== undefined && {meaning})}]
}

/** What NPM Lite would refuse, once for each code and not for each peer. */
function* checkLite(view: PolicyView, {refusals}: NpmPolicy, compiler: PolicyCompiler): Generator<Remark> {
  const known = new Set<LintCode>(refusals.map(({code}) => code))
  const lite = compiler.translate(view.object, {...options, isLite: true}).refusals
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
