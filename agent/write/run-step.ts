import type {NodeWriting} from '../../core/dataplane/dataplane.ts'
import type {PlannedStep} from '../../core/dataplane/plan.ts'
import type {Hns} from '../hns/hns.ts'
import {faultPoint} from './fault-point.ts'
import type {WrittenBackend} from './journal-records.ts'
import {type LinuxTools, runLinuxStep} from './linux.ts'
import type {StepFailure} from './step-failure.ts'
import {runHnsStep} from './windows.ts'

export interface RunStepOptions extends Omit<LinuxTools, 'backend'> {
  readonly backend: WrittenBackend
  /** Of a Windows node. */
  readonly hns?: Hns | undefined
  /** Of the node's data plane. */
  readonly writing: NodeWriting
}

/**
 * Does all operations of a step. The only place that changes a node.
 *
 * @returns undefined when all are done
 */
export async function runStep(
  step: PlannedStep,
  {hns, backend, writing, ...tools}: RunStepOptions,
): Promise<StepFailure | undefined> {
  if (step.operations.length === 0) return undefined
  if ((step.tool === 'hns') !== (backend === 'hns')) throw new RangeError(`a step for ${step.tool}, and a node with ${backend}`)
  faultPoint(`before ${step.tool} runs`)
  let failure: StepFailure | undefined
  if (backend !== 'hns') failure = await runLinuxStep(step, {...tools, backend})
  else if (hns) failure = await runHnsStep(step, hns, writing)
  else throw new RangeError('a node without HNS was given a step for it')
  faultPoint(`after ${step.tool} has run`)
  return failure
}
