import type {NetworkPolicy} from '../../kubernetes/objects.ts'
import {setCollisions} from '../../policy/collisions.ts'
import type {ProgramPolicies} from '../../policy/incremental.ts'
import {largestLeftOut, leftOutRefusal} from '../../policy/largest-left-out.ts'
import {namedSets, ruleCount} from '../../policy/npm-policy.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import {PolicySets} from '../../policy/policy-sets.ts'
import type {CompileOptions, Unsupported} from '../../policy/program.ts'
import type {SetTable} from '../../policy/set-table.ts'
import type {WindowsPolicy, WindowsPolicyPart} from '../npm/program.ts'
import {windowsPolicyOf} from '../npm/windows-policy.ts'
import {aclsOfPolicy} from './acls-of-policy.ts'

interface PolicyState {
  readonly policy: string
  readonly translated: NpmPolicy
  readonly rules: number
  readonly sets: PolicySets
  compiled?: WindowsPolicy | undefined
}

/** The access rules of all policies of a program, and the sets that they create. */
export class PolicyAcls implements ProgramPolicies<WindowsPolicyPart> {
  private readonly table: SetTable
  private readonly options: CompileOptions
  private readonly states = new Map<string, PolicyState>()
  /** Policies that make all policies together too large. Undefined after a change. */
  private tooMany: ReadonlySet<PolicyState> | undefined

  constructor(table: SetTable, options: CompileOptions) {
    this.table = table
    this.options = options
  }

  set(policy: NetworkPolicy): void {
    const translated = windowsPolicyOf(policy, this.options)
    // The sets of the new version are added before those of the old one go: what both use is then not created again.
    const sets = new PolicySets(this.table, translated.sets)
    this.states.get(translated.policy)?.sets.release()
    this.states.set(translated.policy, {policy: translated.policy, translated, rules: ruleCount(translated), sets})
    this.tooMany = undefined
  }

  delete(policy: string): void {
    this.states.get(policy)?.sets.release()
    this.states.delete(policy)
    this.tooMany = undefined
  }

  snapshot(namesChanged: boolean): WindowsPolicyPart {
    if (namesChanged) for (const state of this.states.values()) state.compiled = undefined
    const [policies, leftOut]: [WindowsPolicy[], WindowsPolicy[]] = [[], []]
    const tooMany = this.leftOut()
    for (const state of this.states.values()) {
      const {chains, tooLarge} = state.translated
      if (chains.length + tooLarge.length === 0) continue
      state.compiled ??= aclsOfPolicy(state.translated, named => state.sets.of(named))
      if (chains.length > 0 && !tooMany.has(state)) policies.push(state.compiled)
      else leftOut.push({...state.compiled, acls: []})
    }
    return {policies, leftOut, refusals: this.refusals()}
  }

  refusals(): Unsupported[] {
    const tooMany = this.leftOut()
    const {names} = this.table
    return [...this.states.values()].flatMap(state => [
      ...state.translated.refusals,
      ...(tooMany.has(state) ? [leftOutRefusal(state, this.options.mostRules)] : []),
      ...(names.hasShared && this.options.semantics === 'npm' ? this.collisions(state) : []),
    ])
  }

  private collisions({translated, sets}: PolicyState): Unsupported[] {
    const setOf = (named: Parameters<PolicySets['of']>[0]) => sets.of(named)
    return setCollisions(translated.policy, namedSets(translated), setOf, set => this.table.names.claimsTo(set.natural))
  }

  private leftOut(): ReadonlySet<PolicyState> {
    this.tooMany ??= largestLeftOut([...this.states.values()], this.options.mostRules)
    return this.tooMany
  }
}
