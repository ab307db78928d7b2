import type {SetEntry} from '../contract/common.ts'
import type {TranslatedPolicy, Translation} from '../contract/translation.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {NameIndex} from '../names/name-index.ts'

/**
 * A node whose names are known. Policies and sets come one by one, because those of a large node do not fit into memory
 * twice.
 */
export interface NodeTranslation {
  readonly facts: TranslationFacts
  readonly names: NameIndex
  /** Azure NPM's sets that the input holds or a rule names, by kernel name. */
  readonly kernelSets: ReadonlySet<string>
  /** Policy of each chain with a known policy; colliding ones are joined by `|`. */
  readonly policyOfChain: ReadonlyMap<string, string>
  /** Whether the node has a chain, or an endpoint's list of rules, of this name. */
  hasRuleList(name: string): boolean
  /** @param wants leaves policies out before their rules are translated */
  policies(wants?: (policy: ProgrammedPolicy) => boolean): Iterable<TranslatedPolicy>
  sets(): Iterable<SetEntry>
  /**
   * The rules as the node's own tool prints them, with names in place of hashes. Undefined when no rules were in the input.
   *
   * @param only whose rules are wanted: those of these policies, and those in the chains of these names
   */
  savedText(only?: {
    readonly policies: Iterable<TranslatedPolicy>
    readonly chains: readonly string[]
  }): Iterable<string> | undefined
}

/** All of a translation but what grows with the node. */
export type TranslationFacts = Omit<Translation, 'policies' | 'sets'>

/** What a policy is called before its rules are translated. */
export interface ProgrammedPolicy {
  readonly policy: string
  readonly direction: Direction
  readonly chain: string
  readonly candidates?: readonly string[]
}
