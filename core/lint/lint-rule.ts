import type {Level, LintPlatform} from '../contract/lint.ts'

/** Level, platform, meaning and advice of a code, the same for all its findings. */
export interface LintRule {
  readonly level: Level
  readonly platform: LintPlatform
  /** What was found, as a heading. */
  readonly title: string
  /** The effect on the node. */
  readonly why: string
  /** What to do about it. */
  readonly next: string
}
