import type {NodeWriting} from '../../dataplane/dataplane.ts'
import type {ToldStep} from '../../dataplane/plan.ts'
import type {LinuxDifference} from '../compare/compared-rule.ts'
import type {LinuxNode} from '../node-state.ts'
import type {LinuxProgram} from '../npm/program.ts'
import {canonicalPart} from './canonical-part.ts'
import {carriedOver} from './carry-over.ts'
import {nodeWith} from './node-with.ts'
import {setLineOf} from './parsed-line.ts'
import type {LinuxPart} from './part.ts'
import {planParts} from './plan.ts'
import {withPoliciesOf} from './policies-of-kept.ts'
import {PrintedPart} from './printed-part.ts'
import {keptPartOf, partOf} from './read-part.ts'
import {refusal} from './refusal.ts'
import {tellIptables} from './rule-tool.ts'
import {SetTool} from './set-tool.ts'
import {withSetsOf} from './sets-of-kept.ts'
import {emptyPart, repairedPart} from './wanted-part.ts'

/** How a Linux node is changed: `ipset restore`, and `iptables-restore --noflush`. */
export const linuxWriting = {
  besideNpm: {
    removal:
      'Chains and sets are emptied and stay, because it fails for ever over those that it knows and does not find. It puts the jump from FORWARD back within 5 minutes, policies and pods as they change, and everything when it starts',
  },
  partOf: (node: LinuxNode) => partOf(node),
  keptPartOf: (node: LinuxNode) => keptPartOf(node),
  partOfProgram: (program: LinuxProgram, node: LinuxNode) =>
    // The data plane of these nodes makes these differences.
    repairedPart(node, node.dataPlane.compare(program, node).differences as readonly LinuxDifference[], program),
  repairedPart: (node: LinuxNode, differences: readonly LinuxDifference[], program: LinuxProgram) =>
    repairedPart(node, differences, program),
  withSetsOf: (part: LinuxPart, kept: LinuxPart, names: readonly string[]) => withSetsOf(part, kept, names),
  withPoliciesOf: (part: LinuxPart, kept: LinuxPart, names: readonly string[], isOfOnePolicy) =>
    withPoliciesOf(part, kept, names, isOfOnePolicy),
  emptyPart: (node: LinuxNode) => emptyPart(node),
  canonical: (part: LinuxPart) => canonicalPart(part),
  inPrint: (part: LinuxPart) => new PrintedPart(part),
  plan: (node: LinuxNode, found: LinuxPart, wanted: LinuxPart, options) => planParts(node, found, wanted, options),
  after: partAfter,
  carriedOver: (now: LinuxPart, from: LinuxPart, to: LinuxPart, steps: readonly ToldStep[]) => carriedOver(now, from, to, steps),
  nodeWith: (node: LinuxNode, part: LinuxPart) => nodeWith(node, part),
  refusal,
} satisfies NodeWriting

function partAfter(
  part: LinuxPart,
  {tool, backend = part.backend, isAtomic, operations}: ToldStep,
  count = operations.length,
): LinuxPart {
  const told = count < operations.length ? operations.slice(0, count) : operations
  if (tool === 'iptables') {
    if (isAtomic && count < operations.length && count > 0)
      throw new RangeError('the lines of an atomic step come into force together')
    return count === 0 ? part : tellIptables(part, backend, told)
  }
  const sets = new SetTool(part)
  for (const operation of told) {
    const line = setLineOf(operation)
    if (!line) throw new RangeError(`ipset does not know the line ${operation.line}`)
    sets.tell(line)
  }
  return sets.result()
}
