import type {NetworkPolicy} from '../../kubernetes/objects.ts'
import {chainCollisions, setCollisions} from '../../policy/collisions.ts'
import {HashedNames, type NameClaim} from '../../policy/hashed-names.ts'
import type {ProgramPolicies} from '../../policy/incremental.ts'
import {largestLeftOut, leftOutRefusal} from '../../policy/largest-left-out.ts'
import {namedSets, ruleCount} from '../../policy/npm-policy.ts'
import type {NpmPolicy} from '../../policy/npm-policy-model.ts'
import {PolicySets} from '../../policy/policy-sets.ts'
import type {CompileOptions, Unsupported} from '../../policy/program.ts'
import type {SetTable} from '../../policy/set-table.ts'
import {forwardJump} from '../npm/forward-jump.ts'
import {linuxPolicyOf} from '../npm/linux-policy.ts'
import {policyChainName, siblingChain} from '../npm/policy-chain.ts'
import type {LinuxPolicy, LinuxPolicyPart} from '../npm/program.ts'
import {baseChains} from './base-chains.ts'
import {rulesOfPolicy} from './rules-of-policy.ts'

/** One policy of an incremental program. Its chains share one digest, so they make one name claim. */
class PolicyState implements NameClaim {
  readonly translated: NpmPolicy
  readonly sets: PolicySets
  natural = ''
  kernelName = ''
  hashed = ''
  compiled: LinuxPolicy | undefined
  readonly rules: number

  constructor(translated: NpmPolicy, table: SetTable) {
    this.translated = translated
    this.rules = ruleCount(translated)
    this.sets = new PolicySets(table, translated.sets)
  }

  get text(): string {
    return this.policy
  }

  get policy(): string {
    return this.translated.policy
  }

  get order(): string {
    return this.translated.policy
  }

  /** Whether it is programmed, even if its rules are too many to be compiled. */
  get hasChains(): boolean {
    return this.translated.chains.length + this.translated.tooLarge.length > 0
  }
}

/** A policy's chains and the jumps to them, without their rules. */
const withoutRules = (policy: LinuxPolicy): LinuxPolicy => ({
  ...policy,
  chains: policy.chains.map(chain => ({...chain, rules: []})),
})

/** The chains and rules of all policies, and the sets that they create. */
export class PolicyRules implements ProgramPolicies<LinuxPolicyPart> {
  private readonly table: SetTable
  private readonly options: CompileOptions
  private readonly states = new Map<string, PolicyState>()
  private readonly chains: HashedNames<PolicyState>
  private last: LinuxPolicyPart | undefined
  /** Policies that make all policies together too large. Undefined after a change. */
  private tooMany: ReadonlySet<PolicyState> | undefined

  constructor(table: SetTable, options: CompileOptions) {
    this.table = table
    this.options = options
    const hash = (policy: string) => policyChainName(policy, 'Ingress', options.scheme)
    this.chains = new HashedNames(hash, options.semantics === 'kubernetes')
  }

  set(policy: NetworkPolicy): void {
    // Add the new policy's sets before the old ones are released: a set that both use is then not created again.
    const state = new PolicyState(linuxPolicyOf(policy, this.options), this.table)
    const before = this.states.get(state.translated.policy)
    if (before) this.drop(before)
    if (state.hasChains) this.chains.add(state)
    this.states.set(state.translated.policy, state)
    this.changed()
  }

  delete(policy: string): void {
    const state = this.states.get(policy)
    if (!state) return
    this.drop(state)
    this.states.delete(policy)
    this.changed()
  }

  private changed(): void {
    this.last = undefined
    this.tooMany = undefined
  }

  private drop(state: PolicyState): void {
    if (state.hasChains) this.chains.remove(state)
    state.sets.release()
  }

  /** @param namesChanged whether names of sets, or which sets share a name, may differ from the last snapshot */
  snapshot(namesChanged: boolean): LinuxPolicyPart {
    this.chains.settle(state => (state.compiled = undefined))
    if (namesChanged) for (const state of this.states.values()) state.compiled = undefined
    // Chains change only with policies, and each change of a policy clears `last`. Where sets share a hash, refusals also
    // depend on the members of lists.
    if (this.last && !namesChanged) return this.table.names.hasShared ? {...this.last, refusals: this.refusals()} : this.last
    const policies: LinuxPolicy[] = []
    const leftOut: LinuxPolicy[] = []
    const tooMany = this.leftOut()
    for (const state of this.states.values()) {
      if (!state.hasChains) continue
      state.compiled ??= this.rulesOf(state)
      if (state.translated.chains.length > 0 && !tooMany.has(state)) policies.push(state.compiled)
      else leftOut.push(withoutRules(state.compiled))
    }
    const jumps = policies.flatMap(({chains}) => chains.map(({jump}) => jump))
    const {release} = this.options
    this.last = {policies, leftOut, baseChains: baseChains(jumps, release), jump: forwardJump(release), refusals: this.refusals()}
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

  private rulesOf(state: PolicyState): LinuxPolicy {
    const {chains, tooLarge} = state.translated
    const empty = tooLarge.map(direction => ({direction, blocks: [], rules: []}))
    return rulesOfPolicy(
      {...state.translated, chains: [...chains, ...empty]},
      {
        semantics: this.options.semantics,
        release: this.options.release,
        setOf: named => state.sets.of(named),
        chainOf: direction => siblingChain(state.kernelName, direction),
      },
    )
  }

  /** The collisions of a policy's sets and chains. With Kubernetes semantics no two share a name. */
  private collisions(state: PolicyState): Unsupported[] {
    if (this.options.semantics === 'kubernetes' || !state.hasChains) return []
    const {names} = this.table
    const found = names.hasShared
      ? setCollisions(
          state.translated.policy,
          namedSets(state.translated),
          named => state.sets.of(named),
          set => names.claimsTo(set.natural),
        )
      : []
    if (!this.chains.isShared(state.natural)) return found
    const others = this.chains.claimsTo(state.natural).map(({translated}) => translated)
    return [...found, ...chainCollisions(state.translated, others, direction => siblingChain(state.natural, direction))]
  }
}
