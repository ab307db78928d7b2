import type {ChangedSets} from './changed-sets.ts'
import {PreparedChain, type RulePreparation} from './prepared-chain.ts'
import type {WalkedRules} from './walked-rules.ts'

/** The prepared chains of another walk, which serve where no rule of them asks a set that is different in this one. */
export interface ChainsBelow {
  readonly chains: PreparedChains
  readonly changed: ChangedSets
}

/** The chains that packets of a domain come to, each prepared when the first does. */
export class PreparedChains {
  private readonly preparation: RulePreparation
  private readonly below: ChainsBelow | undefined
  /** By rules, table and name: one text as a key would have to be made for every jump. */
  private readonly chains = new Map<WalkedRules, Map<string, Map<string, PreparedChain | undefined>>>()

  constructor(preparation: RulePreparation, below?: ChainsBelow) {
    this.preparation = preparation
    this.below = below
  }

  /** @returns undefined where there is no such chain */
  get(rules: WalkedRules, table: string, name: string): PreparedChain | undefined {
    let tables = this.chains.get(rules)
    if (!tables) this.chains.set(rules, (tables = new Map()))
    let chains = tables.get(table)
    if (!chains) tables.set(table, (chains = new Map()))
    const known = chains.get(name)
    if (known || chains.has(name)) return known
    const prepared = this.prepare(rules, table, name)
    chains.set(name, prepared)
    return prepared
  }

  private prepare(rules: WalkedRules, table: string, name: string): PreparedChain | undefined {
    const chain = rules.chain(table, name)
    if (!chain) return undefined
    const {below} = this
    if (below && !below.changed.isAskedIn(chain)) return below.chains.get(rules, table, name)
    return new PreparedChain(chain, this.preparation)
  }
}
