import {releaseFacts} from '../../policy/release.ts'
import type {Check} from '../check.ts'

/** Parts of a policy that have no effect. */
export const checkShape: Check = function* ({object, sides}, {release}) {
  // Older releases lose the open rule in place of the others: that is told as OPEN_RULE_IGNORED.
  const obeysOpenRules = !release || releaseFacts(release.line).obeysOpenRules
  for (const {field, isOpen, written, rules, direction} of sides)
    if (isOpen && written > 1 && obeysOpenRules)
      yield {
        code: 'RULES_WITHOUT_EFFECT',
        field: rules[0]?.field ?? field,
        what: `this rule is empty, and ${direction.toLowerCase()} has ${written - 1} more`,
      }
  const {policyTypes = [], ingress, egress} = object.spec
  for (const [direction, rules] of [
    ['Ingress', ingress],
    ['Egress', egress],
  ] as const)
    if (rules && !policyTypes.includes(direction)) {
      const field = `spec.${direction.toLowerCase()}`
      const what = `${field} has ${rules.length === 1 ? 'a rule' : `${rules.length} rules`}, and policyTypes is ${policyTypes.join(', ')}`
      yield {code: 'RULES_NOT_IN_TYPES', field, what}
    }
}
