import type {RuleCounters, RuleStructure} from '../../core/dataplane/rule-counters.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import {readRuleCounters} from '../../core/linux/counters/read-counters.ts'
import {rulesGeneration} from '../netlink/generation.ts'
import type {LiveReader} from './live-reader.ts'

/** The rules of a node as text, what that was parsed to, and what they count now. */
export interface CountedText extends Required<Pick<DumpDocument, 'text' | 'parsed'>> {
  readonly bytes: number
  readonly counters: RuleCounters
}

export interface KeptRulesOptions {
  /**
   * Reads the counters by what is open for those who watch the node, later than it was called. Undefined while nobody watches, and where that cannot be
   * done now.
   */
  readonly readBeside: () => Promise<RuleCounters | undefined>
  /** The number of the last change of any rules of nftables; undefined where the kernel does not tell. */
  readonly generation: () => Promise<number | undefined>
}

interface Kept extends Omit<CountedText, 'counters'> {
  readonly generation: number
  /** What the text was last held to. */
  matched?: {readonly structure: RuleStructure; readonly otherRules: number; readonly isSame: boolean}
}

/**
 * The rules of the nft back end as the last scrape has read them, while somebody watches the node. As long as no rule of any table has changed, the next
 * scrape needs only what they count, which the reader for those who watch asks the kernel for: a tenth of what the tool takes.
 */
export class KeptRules {
  private readonly options: KeptRulesOptions
  private kept: Kept | undefined

  constructor(options: KeptRulesOptions) {
    this.options = options
  }

  /** The text that is kept and counters that are new; undefined when the tool has to be asked. Never throws. */
  async take(): Promise<CountedText | undefined> {
    const {readBeside, generation} = this.options
    const {kept} = this
    if (!kept) return undefined
    const counters = await readBeside().catch(() => undefined)
    const isSame = counters?.hasCounters === true && this.isOf(kept, counters) && (await generation()) === kept.generation
    if (isSame) return {text: kept.text, parsed: kept.parsed, bytes: kept.bytes, counters}
    this.kept = undefined
    return undefined
  }

  /** What `keep` wants to know from before the text was read. */
  generation(): Promise<number | undefined> {
    return this.options.generation()
  }

  /** @param generation before the text was read */
  async keep(
    generation: number | undefined,
    text: CountedText['text'],
    parsed: CountedText['parsed'],
    bytes: number,
  ): Promise<void> {
    const isWhole = generation !== undefined && generation === (await this.options.generation())
    this.kept = isWhole ? {generation, text, parsed, bytes} : undefined
  }

  private isOf(kept: Kept, counters: RuleCounters): boolean {
    const {structure, otherRules} = counters
    if (kept.matched?.structure !== structure || kept.matched.otherRules !== otherRules) {
      const read = readRuleCounters(kept.text, counters)
      kept.matched = {structure, otherRules, isSame: read.structure === structure && read.otherRules === otherRules}
    }
    return kept.matched.isSame
  }
}

/** The same with what this reader and the kernel tell. Nothing is kept, and nothing asked, while nobody watches. */
export const keptRulesOf = (live: LiveReader, generation = rulesGeneration): KeptRules =>
  new KeptRules({
    readBeside: async () => (await live.beside())?.counters,
    generation: async () => (live.isWatched ? generation() : undefined),
  })
