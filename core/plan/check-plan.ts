import {type Plan, planSchema} from '../contract/plan.ts'
import {InputError} from '../problem/input-error.ts'
import {planDigest, type Sha256} from './digest.ts'
import {parseUntilWrong} from './parse-until-wrong.ts'

const AGAIN = 'Plan again: kubectl npm apply --dry-run -o json > plan.json'

/**
 * Checks a plan that was kept in a file: it is one, it is whole, and nobody changed it.
 *
 * @param file its name, for messages
 * @throws InputError that says what is wrong and where
 */
export function checkPlan(value: unknown, file: string, sha256: Sha256): Plan {
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined
  if (kind !== 'Plan')
    throw new InputError(
      `${file} is no plan${typeof kind === 'string' ? `, but a document of kind ${kind.slice(0, 100)}` : ''}`,
      AGAIN,
    )
  const parsed = parseUntilWrong(planSchema, value)
  if (!parsed.success) throw new InputError(`${file}: ${pathOf(parsed.path)}: ${parsed.message}`, AGAIN)
  const plan = parsed.data
  if (plan.incomplete.length > 0)
    throw new InputError(`${file}: nothing was planned, because the input was not whole: ${plan.incomplete[0]?.reason}`, AGAIN)
  checkOrder(plan, file)
  if (planDigest(plan, sha256) !== plan.digest)
    throw new InputError(`${file}: it was changed after it was made: its digest is not that of its operations`, AGAIN)
  return plan
}

/** Operations stand in the order of their steps, and each has one that there is, done by its tool. */
function checkOrder({steps, operations}: Plan, file: string): void {
  const wrong = (where: string, what: string) => new InputError(`${file}: ${where}: ${what}`, AGAIN)
  for (const [at, {order}] of steps.entries())
    if (order !== at + 1) throw wrong(`steps[${at}].order`, `${order} in place of ${at + 1}`)
  let last = 1
  for (const [at, {order, step, tool}] of operations.entries()) {
    if (order !== at + 1) throw wrong(`operations[${at}].order`, `${order} in place of ${at + 1}`)
    const its = steps[step - 1]
    if (!its || step < last) throw wrong(`operations[${at}].step`, `there is no such step, or it comes earlier: ${step}`)
    if (its.tool !== tool) throw wrong(`operations[${at}].tool`, `${tool}, but step ${step} is done by ${its.tool}`)
    last = step
  }
}

/** `steps[0].order` */
const pathOf = (path: readonly PropertyKey[]): string =>
  path.map((key, at) => (typeof key === 'number' ? `[${key}]` : `${at > 0 ? '.' : ''}${String(key)}`)).join('') || 'document'
