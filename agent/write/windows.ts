import {z} from 'zod'
import type {NodeWriting} from '../../core/dataplane/dataplane.ts'
import type {PlannedStep} from '../../core/dataplane/plan.ts'
import {HnsFailure} from '../hns/failure.ts'
import type {Hns, HnsOperation} from '../hns/hns.ts'
import {faultPoint} from './fault-point.ts'
import type {StepFailure} from './step-failure.ts'

/** A line of a plan for HNS: one request for one object. */
const operationLine = z.strictObject({
  object: z.enum(['network', 'endpoint']),
  id: z.guid(),
  request: z.strictObject({
    ResourceType: z.literal('Policy'),
    RequestType: z.enum(['Add', 'Update', 'Remove']),
    Settings: z.record(z.string(), z.unknown()),
  }),
}) satisfies z.ZodType<HnsOperation>

type HnsLine = z.infer<typeof operationLine>
type Writing = Pick<NodeWriting, 'lostBy'>

/**
 * Sends the requests of a step to HNS, one after the other. What is for an endpoint that is gone is passed over: its rules are gone, too.
 *
 * @returns undefined when all are done. Of a failed step the requests before the failed one are done; that one may be
 */
export async function runHnsStep({operations}: PlannedStep, hns: Hns, writing: Writing): Promise<StepFailure | undefined> {
  for (const {line} of operations) {
    const operation = readLine(line)
    if (!operation)
      return {
        operation: line,
        message: 'it is no request to HNS; nothing of it was sent',
        next: 'Read the node and plan again: kubectl npm diff --local',
      }
    try {
      const lost = await lossOf(operation, line, hns, writing)
      if (lost !== undefined) return {operation: line, message: lost, next: 'Plan again: kubectl npm apply --dry-run'}
      await hns.modify(operation)
    } catch (error) {
      if (!(error instanceof HnsFailure)) throw error
      if (operation.object === 'endpoint' && error.outcome === 'gone') continue
      const done = error.outcome === 'uncertain' ? '; it may have been done' : ''
      return {operation: line, message: `${error.message}${done}`, next: error.next}
    }
    faultPoint('between two requests to HNS')
  }
  return undefined
}

function readLine(line: string): HnsLine | undefined {
  try {
    return operationLine.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/**
 * Why a request must not be made: it tells an endpoint all its policies, and lacks one of another program.
 *
 * @throws HnsFailure
 */
async function lossOf({object, id, request}: HnsLine, line: string, hns: Hns, {lostBy}: Writing): Promise<string | undefined> {
  if (object !== 'endpoint' || request.RequestType !== 'Update') return undefined
  const lost = lostBy?.(line, await hns.endpoint(id))
  return lost === undefined
    ? undefined
    : `endpoint ${id} has got ${lost} of another program since the plan was made, which the request would take away; it was not sent`
}
