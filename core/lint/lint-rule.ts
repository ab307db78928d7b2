import type {Level, LintPlatform} from '../contract/lint.ts'

/** What is always true of one code. */
export interface LintRule {
  readonly level: Level
  readonly platform: LintPlatform
  /** What was found, as a heading. */
  readonly title: string
  /** What that means on the node. */
  readonly why: string
  /** What to do about it. */
  readonly next: string
}
