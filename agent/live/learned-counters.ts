import type {RuleCounters} from '../../core/dataplane/rule-counters.ts'
import type {Text} from '../../core/text/lines.ts'

/**
 * Reads counters from the kernel itself, which tells rules in a form of its own. So the rules are learned from the text of a tool, and read from the
 * kernel for as long as they are the same.
 */
export interface LearnedCounters {
  /**
   * Reads what is counted now.
   *
   * @returns undefined when the rules are others than those learned, or are being changed
   * @throws KernelError
   */
  read(): Promise<RuleCounters | undefined>
  /** Begins to learn the rules, before the text is read. @throws KernelError */
  beginLearning(): Learning
}

/**
 * Learns the rules.
 *
 * @param text     of table filter, as the tool prints it
 * @param counters read from the text
 * @returns what is counted now, where that was read, too
 * @throws KernelError
 */
export type Learning = (text: Text, counters: RuleCounters) => Promise<RuleCounters | undefined>
