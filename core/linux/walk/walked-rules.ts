import type {Backend, Rule} from '../iptables/model.ts'

/** The rules of a chain, in order. Only built-in chains have a policy. */
export interface WalkedChain {
  readonly rules: readonly Rule[]
  readonly policy?: string
}

/** Look-up of chains. A large save parses a chain when the walk reaches it. */
export interface WalkedRules {
  chain(table: string, name: string): WalkedChain | undefined
  /** The sets that rules add packets to, or take them from, by `-j SET`. Absent where none does. */
  writtenSets?(): readonly string[]
  /** Whose rules these are. Present on nodes with rules of both back ends. */
  readonly backend?: Exclude<Backend, 'unknown'>
  /** The rules of the other back end, which every packet must pass, too. */
  readonly beside?: WalkedRules
}
