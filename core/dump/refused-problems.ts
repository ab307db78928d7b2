import type {WrittenPolicy} from '../kubernetes/read-objects.ts'
import {isRefusedByAll, policyFaults} from '../kubernetes/refused-policy.ts'
import {isFields, type Unread} from '../kubernetes/unread.ts'
import type {Problem} from '../problem/problem.ts'
import {ProblemList} from '../problem/problem-list.ts'

/**
 * Says of each policy that the API server refuses it, so that no cluster has it. One that was read from a cluster is there, whatever
 * the API server would say today.
 *
 * @param file its name
 */
export function refusedProblems(written: readonly WrittenPolicy[], file: string): Problem[] {
  const problems = new ProblemList(file)
  for (const {policy, object, leftOut} of written) {
    // What is left out has a problem already.
    if (leftOut || isFromCluster(object)) continue
    const fault = policyFaults(object).find(isRefusedByAll)
    if (!fault) continue
    problems.add({
      code: 'POLICY_INVALID',
      message: `policy ${policy} is one that the API server refuses, so no cluster has it: ${fault.field}: ${fault.reason}`,
      next: `Answers take it as it stands. ${fault.next ?? 'kubectl npm lint -f says more.'}`,
    })
  }
  return problems.all()
}

/** Only the API server gives an object a uid. */
const isFromCluster = ({metadata}: Unread): boolean => isFields(metadata) && typeof metadata['uid'] === 'string'
