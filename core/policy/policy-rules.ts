import type {NetworkPolicy} from '../cluster/objects.ts'
import {type Direction, policyChainName} from '../names/kernel-name.ts'
import {baseChains} from './base-chains.ts'
import type {BuiltSet} from './built-set.ts'
import {chainCollision, setCollisions} from './collisions.ts'
import {type Draft, draftPolicy} from './draft.ts'
import {HashedNames, type NameClaim} from './hashed-names.ts'
import {linkPolicy} from './link.ts'
import type {NamedSet} from './named-set.ts'
import type {CompiledPolicy, CompileOptions, ProgramRule, Refusal} from './program.ts'
import type {SetTable} from './set-table.ts'

/** One policy while the program is being made. Its chains share one digest, so they are one claim. */
class PolicyState implements NameClaim {
  readonly draft: Draft
  natural = ''
  kernelName = ''
  hashed = ''
  compiled: CompiledPolicy | undefined

  constructor(draft: Draft) {
    this.draft = draft
  }

  get text(): string {
    return this.draft.policy
  }

  get order(): string {
    return this.draft.policy
  }

  get hasChains(): boolean {
    return this.draft.chains.length > 0
  }
}

/** The part of a program that comes of policies. */
interface PolicyPart {
  readonly policies: readonly CompiledPolicy[]
  readonly baseChains: ReadonlyMap<string, readonly ProgramRule[]>
  readonly refusals: readonly Refusal[]
}

const INGRESS = 'AZURE-NPM-INGRESS-'

/** Chains and rules of all policies, and the sets that they bring into being. */
export class PolicyRules {
  private readonly table: SetTable
  private readonly options: CompileOptions
  private readonly states = new Map<string, PolicyState>()
  private readonly chains: HashedNames<PolicyState>
  private last: PolicyPart | undefined

  constructor(table: SetTable, options: CompileOptions) {
    this.table = table
    this.options = options
    const hash = (policy: string) => policyChainName(policy, 'Ingress', options.scheme)
    this.chains = new HashedNames(hash, options.semantics === 'kubernetes')
  }

  set(policy: NetworkPolicy): void {
    const state = new PolicyState(draftPolicy(policy, this.options))
    const before = this.states.get(state.draft.policy)
    this.addSets(state.draft)
    if (before) this.drop(before)
    if (state.hasChains) this.chains.add(state)
    this.states.set(state.draft.policy, state)
    this.last = undefined
  }

  delete(policy: string): void {
    const state = this.states.get(policy)
    if (!state) return
    this.drop(state)
    this.states.delete(policy)
    this.last = undefined
  }

  private drop(state: PolicyState): void {
    if (state.hasChains) this.chains.remove(state)
    this.removeSets(state.draft)
  }

  private addSets({sets}: Draft): void {
    const {table} = this
    for (const named of sets) {
      const set = table.set(named)
      table.refer(set)
      for (const block of named.blocks ?? []) table.addEntry(set, block)
      for (const part of named.nested ?? []) table.addPart(set, table.set(part))
    }
  }

  private removeSets({sets}: Draft): void {
    const {table} = this
    for (const named of sets) {
      const set = table.set(named)
      for (const block of named.blocks ?? []) table.removeEntry(set, block)
      for (const part of named.nested ?? []) table.removePart(set, table.set(part))
      table.unrefer(set)
    }
  }

  /** @param namesChanged whether sets may have other names than at the last snapshot, or share them with others */
  snapshot(namesChanged: boolean): PolicyPart {
    const chainsChanged = this.chains.settle(state => (state.compiled = undefined))
    if (namesChanged) for (const state of this.states.values()) state.compiled = undefined
    if (this.last && !namesChanged && !chainsChanged) return this.last
    const policies: CompiledPolicy[] = []
    const refusals: Refusal[] = []
    for (const state of this.states.values()) {
      refusals.push(...state.draft.refusals, ...this.collisions(state))
      if (!state.hasChains) continue
      state.compiled ??= this.link(state)
      policies.push(state.compiled)
    }
    const jumps = policies.flatMap(({chains}) => chains.map(({jump}) => jump))
    this.last = {policies, baseChains: baseChains(jumps), refusals}
    return this.last
  }

  private link(state: PolicyState): CompiledPolicy {
    const digest = state.kernelName.slice(INGRESS.length)
    return linkPolicy(state.draft, {
      semantics: this.options.semantics,
      setOf: this.setOf,
      chainOf: (direction: Direction) => `AZURE-NPM-${direction.toUpperCase()}-${digest}`,
    })
  }

  private readonly setOf = (named: NamedSet): BuiltSet => this.table.set(named)

  /** With the meaning of the API nothing shares a name. */
  private collisions(state: PolicyState): Refusal[] {
    if (this.options.semantics === 'kubernetes' || !state.hasChains) return []
    const found = this.table.names.hasShared
      ? setCollisions(state.draft, this.setOf, set => this.table.names.claimsTo(set.natural))
      : []
    if (!this.chains.isShared(state.natural)) return found
    const others = this.chains.claimsTo(state.natural).map(({draft}) => draft)
    const refusal = chainCollision(state.draft, others, state.natural.slice(INGRESS.length))
    return refusal ? [...found, refusal] : found
  }
}
