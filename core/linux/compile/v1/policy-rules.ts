import type {NetworkPolicy} from '../../../kubernetes/objects.ts'
import {setCollisions} from '../../../policy/collisions.ts'
import type {ProgramPolicies} from '../../../policy/incremental.ts'
import {PolicySets} from '../../../policy/policy-sets.ts'
import type {CompileOptions, Unsupported} from '../../../policy/program.ts'
import type {SetTable} from '../../../policy/set-table.ts'
import type {Match} from '../../iptables/model.ts'
import {forwardJump} from '../../npm/forward-jump.ts'
import type {LinuxPolicy, LinuxPolicyPart, ProgramRule} from '../../npm/program.ts'
import {v1BaseChains} from './base-chains.ts'
import {type V1Condition, type V1NpmPolicy, v1NamedSets, v1NpmPolicyOf} from './npm-policy.ts'

interface PolicyState {
  readonly translated: V1NpmPolicy
  readonly sets: PolicySets
  compiled?: LinuxPolicy | undefined
}

/** The rules of all policies in NPM v1, which share a few chains, and the sets that the policies create. */
export class V1PolicyRules implements ProgramPolicies<LinuxPolicyPart> {
  private readonly table: SetTable
  private readonly options: CompileOptions
  private readonly states = new Map<string, PolicyState>()
  private last: LinuxPolicyPart | undefined

  constructor(table: SetTable, options: CompileOptions) {
    this.table = table
    this.options = options
  }

  set(policy: NetworkPolicy): void {
    const translated = v1NpmPolicyOf(policy, this.options)
    const before = this.states.get(translated.policy)
    // Add the new policy's sets before the old ones are released: a set that both use is then not created again.
    this.states.set(translated.policy, {translated, sets: new PolicySets(this.table, translated.sets)})
    before?.sets.release()
    this.last = undefined
  }

  delete(policy: string): void {
    const state = this.states.get(policy)
    if (!state) return
    state.sets.release()
    this.states.delete(policy)
    this.last = undefined
  }

  /** @param namesChanged whether the sets that share a name may differ from the last snapshot */
  snapshot(namesChanged: boolean): LinuxPolicyPart {
    // Where sets share a hash, refusals also depend on the members of lists.
    if (this.last && !namesChanged) return this.table.names.hasShared ? {...this.last, refusals: this.refusals()} : this.last
    const policies: LinuxPolicy[] = []
    const rules: ProgramRule[] = []
    for (const state of this.states.values()) {
      if (state.translated.rules.length === 0) continue
      state.compiled ??= rulesOf(state)
      policies.push(state.compiled)
      rules.push(...(state.compiled.baseRules ?? []))
    }
    this.last = {
      policies,
      baseChains: v1BaseChains(rules, this.states.size > 0),
      jump: forwardJump(this.options.release),
      refusals: this.refusals(),
    }
    return this.last
  }

  /** The reasons why policies are missing from the program, or only partly in it. Call it after names have settled. */
  refusals(): Unsupported[] {
    return [...this.states.values()].flatMap(state => [...state.translated.refusals, ...this.collisions(state)])
  }

  private collisions({translated, sets}: PolicyState): Unsupported[] {
    const {names} = this.table
    if (!names.hasShared) return []
    return setCollisions(
      translated.policy,
      v1NamedSets(translated),
      named => sets.of(named),
      set => names.claimsTo(set.natural),
    )
  }
}

/** Compiles a translated policy into rules with kernel names. */
function rulesOf({translated, sets}: PolicyState): LinuxPolicy {
  const {policy, rules} = translated
  const used = new Set<string>()
  const match = (condition: V1Condition): Match => {
    switch (condition.kind) {
      case 'protocol':
        return {kind: 'protocol', protocol: condition.protocol, negated: false}
      case 'port': {
        const {protocol, port} = condition
        return {kind: 'ports', protocol, destination: {from: port, to: port, negated: false}}
      }
      case 'set': {
        const {kernelName} = sets.of(condition.term.set)
        used.add(kernelName)
        return {kind: 'set', set: kernelName, sides: condition.sides, negated: condition.term.negated}
      }
    }
  }
  const baseRules = rules.map(
    ({chain, conditions, comment, target}): ProgramRule => ({
      chain,
      matches: [...conditions.map(match), {kind: 'comment', text: comment}],
      target,
      policy,
    }),
  )
  return {policy, chains: [], baseRules, sets: [...used]}
}
