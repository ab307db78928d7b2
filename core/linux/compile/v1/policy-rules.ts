import type {NetworkPolicy} from '../../../kubernetes/objects.ts'
import {setCollisions} from '../../../policy/collisions.ts'
import type {ProgramPolicies} from '../../../policy/incremental.ts'
import {largestLeftOut, leftOutRefusal} from '../../../policy/largest-left-out.ts'
import {PolicySets} from '../../../policy/policy-sets.ts'
import type {CompileOptions, Unsupported} from '../../../policy/program.ts'
import {MappedRules} from '../../../policy/rule-list.ts'
import type {SetTable} from '../../../policy/set-table.ts'
import type {Match} from '../../iptables/model.ts'
import {forwardJump} from '../../npm/forward-jump.ts'
import type {LinuxPolicy, LinuxPolicyPart, ProgramRule} from '../../npm/program.ts'
import {v1BaseChains} from './base-chains.ts'
import {type V1Condition, type V1NpmPolicy, type V1Rule, v1NamedSets, v1NpmPolicyOf} from './npm-policy.ts'

interface PolicyState {
  readonly policy: string
  readonly rules: number
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
  /** Policies that make all policies together too large. Undefined after a change. */
  private tooMany: ReadonlySet<PolicyState> | undefined

  constructor(table: SetTable, options: CompileOptions) {
    this.table = table
    this.options = options
  }

  set(policy: NetworkPolicy): void {
    const translated = v1NpmPolicyOf(policy, this.options)
    const before = this.states.get(translated.policy)
    // Add the new policy's sets before the old ones are released: a set that both use is then not created again.
    const sets = new PolicySets(this.table, translated.sets)
    this.states.set(translated.policy, {policy: translated.policy, rules: translated.rules.length, translated, sets})
    before?.sets.release()
    this.changed()
  }

  delete(policy: string): void {
    const state = this.states.get(policy)
    if (!state) return
    state.sets.release()
    this.states.delete(policy)
    this.changed()
  }

  private changed(): void {
    this.last = undefined
    this.tooMany = undefined
  }

  /** @param namesChanged whether the sets that share a name may differ from the last snapshot */
  snapshot(namesChanged: boolean): LinuxPolicyPart {
    // Where sets share a hash, refusals also depend on the members of lists.
    if (this.last && !namesChanged) return this.table.names.hasShared ? {...this.last, refusals: this.refusals()} : this.last
    const policies: LinuxPolicy[] = []
    const leftOut: LinuxPolicy[] = []
    const rules: ProgramRule[] = []
    const tooMany = this.leftOut()
    for (const state of this.states.values()) {
      if (state.rules === 0 && !state.translated.isTooLarge) continue
      state.compiled ??= rulesOf(state)
      if (state.translated.isTooLarge || tooMany.has(state)) {
        leftOut.push({...state.compiled, baseRules: []})
        continue
      }
      policies.push(state.compiled)
      for (const rule of state.compiled.baseRules ?? []) rules.push(rule)
    }
    this.last = {
      policies,
      leftOut,
      baseChains: v1BaseChains(rules, this.states.size > 0),
      jump: forwardJump(this.options.release),
      refusals: this.refusals(),
    }
    return this.last
  }

  /** The reasons why policies are missing from the program, or only partly in it. Call it after names have settled. */
  refusals(): Unsupported[] {
    const tooMany = this.leftOut()
    return [...this.states.values()].flatMap(state => [
      ...state.translated.refusals,
      ...(tooMany.has(state) ? [leftOutRefusal(state, this.options.mostRules)] : []),
      ...this.collisions(state),
    ])
  }

  private leftOut(): ReadonlySet<PolicyState> {
    this.tooMany ??= largestLeftOut([...this.states.values()], this.options.mostRules)
    return this.tooMany
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
  const {policy, rules, namingRules} = translated
  const match = (condition: V1Condition): Match => {
    switch (condition.kind) {
      case 'protocol':
        return {kind: 'protocol', protocol: condition.protocol, negated: false}
      case 'port': {
        const {protocol, port} = condition
        return {kind: 'ports', protocol, destination: {from: port, to: port, negated: false}}
      }
      case 'set': {
        return {kind: 'set', set: sets.of(condition.term.set).kernelName, sides: condition.sides, negated: condition.term.negated}
      }
    }
  }
  const make = ({chain, conditions, comment, target}: V1Rule): ProgramRule => ({
    chain,
    matches: [...conditions.map(match), {kind: 'comment', text: comment}],
    target,
    policy,
  })
  const used = namingRules.flatMap(({conditions}) =>
    conditions.flatMap(each => (each.kind === 'set' ? [sets.of(each.term.set).kernelName] : [])),
  )
  return {policy, chains: [], baseRules: new MappedRules(rules, make), sets: [...new Set(used)]}
}
