import {deviationRules} from './codes/deviations.ts'
import {linuxRules} from './codes/linux.ts'
import {refusedRules} from './codes/refused.ts'
import {ciliumRules, riskRules} from './codes/risks.ts'
import {windowsRules} from './codes/windows.ts'
import type {LintRule} from './lint-rule.ts'

const rules = {
  ...refusedRules,
  ...deviationRules,
  ...linuxRules,
  ...windowsRules,
  ...riskRules,
  ...ciliumRules,
} as const satisfies Record<string, LintRule>

/** Everything `lint` can find, as a closed list: tests check that each code occurs. */
export type LintCode = keyof typeof rules

export const lintRules: Readonly<Record<LintCode, LintRule>> = rules
export const lintCodes = Object.keys(rules) as [LintCode, ...LintCode[]]
