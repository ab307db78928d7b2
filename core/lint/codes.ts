import type {LintCode} from '../contract/lint.ts'
import {apiServerRules} from './codes/api-server.ts'
import {deviationRules} from './codes/deviations.ts'
import {linuxRules} from './codes/linux.ts'
import {refusedRules} from './codes/refused.ts'
import {ciliumRules, riskRules} from './codes/risks.ts'
import {windowsRules} from './codes/windows.ts'
import type {LintRule} from './lint-rule.ts'

/** Level, platform, meaning and advice of each code. */
export const lintRules: Readonly<Record<LintCode, LintRule>> = {
  ...apiServerRules,
  ...refusedRules,
  ...deviationRules,
  ...linuxRules,
  ...windowsRules,
  ...riskRules,
  ...ciliumRules,
}
