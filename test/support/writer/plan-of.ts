import type {ReadNode} from '../../../agent/write/read-node.ts'
import {sha256} from '../../../agent/write/sealed-record.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import {partDigest, planDigest} from '../../../core/plan/digest.ts'

/** The node that writers write to. */
export const NODE = 'aks-1'

type Opened = Omit<ReadNode, 'files'>

/** A plan from a node to another state of it, found without walks. */
export function planOf(from: Opened, to: Opened, backend: Plan['backend']): Plan {
  const {writing} = from
  const {steps} = writing.plan(from.state, from.part, to.part, {npmMayRun: false, mostWalks: 0})
  const after = steps.reduce((part, step) => writing.after(part, step), from.part)
  let order = 0
  const plan: Plan = {
    apiVersion: API_VERSION,
    kind: 'Plan',
    node: NODE,
    backend,
    wanted: 'dump',
    nodeDigest: from.digest,
    wantedDigest: partDigest(after, writing, sha256),
    digest: '',
    steps: steps.map(({tool, backend: its, isAtomic, why}, index) => ({
      tool,
      ...(its && {backend: its}),
      isAtomic,
      why,
      order: index + 1,
      effect: 'unknown',
      opens: [],
      closes: [],
    })),
    operations: steps.flatMap(({tool, operations}, index) =>
      operations.map(operation => ({...operation, tool, order: ++order, step: index + 1})),
    ),
    untouched: [],
    notes: [],
    summary: {operations: order, opens: 0, closes: 0},
    incomplete: [],
    problems: [],
  }
  return {...plan, digest: planDigest(plan, sha256)}
}
