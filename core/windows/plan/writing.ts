import type {NodeWriting} from '../../dataplane/dataplane.ts'
import type {ToldStep} from '../../dataplane/plan.ts'
import type {WindowsDifference} from '../compare/compared-acl.ts'
import type {WindowsNode} from '../node-state.ts'
import type {WindowsProgram} from '../npm/program.ts'
import {canonicalPart} from './canonical-part.ts'
import {carriedOver} from './carry-over.ts'
import {tellHns} from './hns-model.ts'
import {lostBy} from './lost-policies.ts'
import {nodeWith} from './node-with.ts'
import type {WindowsPart} from './part.ts'
import {planParts} from './plan.ts'
import {withPoliciesOf} from './policies-of-kept.ts'
import {keptPartOf, partOf} from './read-part.ts'
import {refusal} from './refusal.ts'
import {parseRequest} from './request.ts'
import {emptyPart, repairedPart, withSetsOf} from './wanted-part.ts'

/** How a Windows node is changed: requests to modify the network, whose sets they are, and endpoints, whose ACLs they are. */
export const windowsWriting = {
  // Source: section 8.4 of the reference of HNS.
  besideNpm: {
    refusal:
      'it does not notice what is written beside it, and tells an endpoint all its ACLs anew when a policy there changes, while they are written here',
    removal:
      'Sets are emptied and stay, and lists of sets as they are. It puts ACLs back of policies and pods that change, and everything when it starts',
  },
  partOf: (node: WindowsNode) => partOf(node),
  keptPartOf: (node: WindowsNode) => keptPartOf(node),
  partOfProgram: (program: WindowsProgram, node: WindowsNode) =>
    // The data plane of these nodes makes these differences.
    repairedPart(node, node.dataPlane.compare(program, node).differences as readonly WindowsDifference[], program),
  repairedPart: (node: WindowsNode, differences: readonly WindowsDifference[], program: WindowsProgram) =>
    repairedPart(node, differences, program),
  withSetsOf: (part: WindowsPart, kept: WindowsPart, names: readonly string[]) => withSetsOf(part, kept, names),
  withPoliciesOf: (part: WindowsPart, kept: WindowsPart, names: readonly string[], isOfOnePolicy) =>
    withPoliciesOf(part, kept, names, isOfOnePolicy),
  emptyPart: (node: WindowsNode) => emptyPart(node),
  canonical: (part: WindowsPart) => canonicalPart(part),
  plan: (node: WindowsNode, found: WindowsPart, wanted: WindowsPart, options) => planParts(node, found, wanted, options),
  after: partAfter,
  carriedOver: (now: WindowsPart, from: WindowsPart, to: WindowsPart, steps: readonly ToldStep[]) =>
    carriedOver(now, from, to, steps),
  nodeWith: (node: WindowsNode, part: WindowsPart) => nodeWith(node, part),
  lostBy,
  refusal,
} satisfies NodeWriting

function partAfter(part: WindowsPart, {operations}: ToldStep, count = operations.length): WindowsPart {
  let now = part
  for (const {line} of operations.slice(0, count)) {
    const request = parseRequest(line)
    if (!request) throw new RangeError(`HNS does not know the request ${line}`)
    now = tellHns(now, request)
  }
  return now
}
