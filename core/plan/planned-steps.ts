import type {Plan, PlanOperation} from '../contract/plan.ts'
import type {PlannedOperation, PlannedStep} from '../dataplane/plan.ts'

/** The steps of a plan's document, as a data plane checks and models them. */
export function plannedSteps({steps, operations}: Pick<Plan, 'steps' | 'operations'>): PlannedStep[] {
  const byStep = Map.groupBy(operations, ({step}) => step)
  return steps.map(({order, tool, backend, isAtomic, why}) => ({
    tool,
    ...(backend && {backend}),
    isAtomic,
    why,
    operations: (byStep.get(order) ?? []).map(plain),
  }))
}

const plain = ({line, undo, reason, policy, name}: PlanOperation): PlannedOperation => ({
  line,
  undo,
  reason,
  ...(policy !== undefined && {policy}),
  ...(name !== undefined && {name}),
})
