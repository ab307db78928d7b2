import type {PlannedStep} from '../../dataplane/plan.ts'
import type {Change} from './change.ts'
import type {PartSet, WindowsPart} from './part.ts'
import type {PlanNames, Why} from './plan-names.ts'

/** Sets that no packet sees get other members, or are made anew where their type changes. */
export function updateSteps(
  part: WindowsPart,
  sets: readonly PartSet[],
  why: Why,
  {retyped}: Change,
  names: PlanNames,
): PlannedStep[] {
  const anew = sets.filter(({id}) => retyped.has(id))
  const gone = anew.flatMap(({id}) => part.sets.get(id) ?? [])
  return [
    ...names.setSteps(part, 'Remove', gone, why),
    ...names.setSteps(part, 'Add', anew, why),
    ...names.setSteps(
      part,
      'Update',
      sets.filter(({id}) => !retyped.has(id)),
      why,
    ),
  ]
}
