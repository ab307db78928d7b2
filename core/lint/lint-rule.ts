/** How bad a finding is. Worst first. */
export const levels = ['error', 'warning', 'info'] as const
export type Level = (typeof levels)[number]

/** Where a finding holds. `all`: on Linux and on Windows; `cilium`: after a move from Azure NPM to Cilium. */
export const lintPlatforms = ['linux', 'windows', 'all', 'cilium'] as const
export type LintPlatform = (typeof lintPlatforms)[number]

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
