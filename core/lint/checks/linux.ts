import type {LintCode} from '../../contract/lint.ts'
import type {PolicyCompiler} from '../../dataplane/policy-compiler.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import type {CompileOptions, Unsupported} from '../../policy/program.ts'
import {type Release, releaseFacts} from '../../policy/release.ts'
import type {Check} from '../check.ts'
import {refusedRules} from '../codes/refused.ts'
import type {Remark} from '../findings.ts'
import {type PolicyView, peersOf} from '../policy-view.ts'

const optionsOf = (release: Release | undefined): CompileOptions => ({
  scheme: release?.scheme ?? 'sha256',
  semantics: 'npm',
  ...(release && {release: release.line}),
})

/** What Azure NPM on Linux refuses, what NPM Lite would refuse, and comments that iptables cuts. */
export const checkLinux: Check = function* (view, {compiler, release}) {
  const options = optionsOf(release)
  const policy = compiler.translate(view.object, options)
  yield* policy.refusals.flatMap(refused)
  for (const [field, bytes] of compiler.cutDescriptions(policy))
    yield {code: 'COMMENT_CUT', field, what: `its terms make a comment of ${bytes} bytes`}
  yield* ignoredOpenRules(view, release)
  if (release?.hasLite !== false) yield* checkLite(view, policy, compiler, options)
}

/** Older releases look at no rule without conditions that stands beside others. */
function* ignoredOpenRules({sides}: PolicyView, release: Release | undefined): Generator<Remark> {
  if (!release || releaseFacts(release.line).obeysOpenRules) return
  for (const {isOpen, written, rules} of sides) {
    const [open] = rules
    if (isOpen && open && written > 1)
      yield {
        code: 'OPEN_RULE_IGNORED',
        field: open.field,
        what: `the rule allows everything, and ${written - 1} more stand beside it`,
      }
  }
}

const isRefusedCode = (code: Unsupported['code']): code is keyof typeof refusedRules => code in refusedRules

function refused({code, field, reason, consequence}: Unsupported): Remark[] {
  if (!isRefusedCode(code)) return []
  // The compiler's consequence is more precise than the text of the code, except for this code.
  const meaning = code === 'TOO_MANY_RULES' ? undefined : consequence
  return [{code, field, what: reason, ...(meaning !== undefined && {meaning})}]
}

/** What NPM Lite would refuse, once for each code and not for each peer. */
function* checkLite(
  view: PolicyView,
  {refusals}: NpmPolicy,
  compiler: PolicyCompiler,
  options: CompileOptions,
): Generator<Remark> {
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
