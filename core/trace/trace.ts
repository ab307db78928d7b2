import type {IncompletePart} from '../contract/common.ts'
import type {Trace, TraceSide, TraceStep} from '../contract/trace.ts'
import {API_VERSION} from '../contract/version.ts'
import type {DescribedWalk, NodeState, Walk} from '../dataplane/dataplane.ts'
import {plainPart} from '../kubernetes/completeness.ts'
import {objectKey} from '../kubernetes/objects.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {ExpectedVerdict} from '../policy/evaluate.ts'
import type {Problem} from '../problem/problem.ts'
import type {Endpoint} from './endpoints.ts'

/** One packet between two resolved ends. */
export interface TraceQuestion {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly protocol: Packet['protocol']
  readonly port: number | undefined
  readonly mark?: number
}

/** The packet of a question, before service translation. */
export const packetOf = ({source, destination, protocol, port, mark}: TraceQuestion): Packet => ({
  source: source.address,
  destination: destination.address,
  protocol,
  ...(port !== undefined && {port}),
  ...(mark !== undefined && {mark}),
})

/** The packet after a walk's service translation (DNAT), if there was one. Rules and policies see pods, never services. */
export function translatedPacket(packet: Packet, result: Walk): Packet {
  if (!result.translated) return packet
  const {destination, port} = result.translated
  return {...packet, destination, ...(port !== undefined && {port})}
}

/**
 * Walks a packet over the sender's and the receiver's node. Both must accept.
 *
 * @param nodes in the order in which the packet passes them; one when both ends are on it, or when only one was given
 * @param expectedVerdict evaluates the policies for the packet after translation; undefined when they are unknown
 * @returns the trace, and the walk over each node up to the first that does not accept
 */
export function traceNodes(
  question: TraceQuestion,
  nodes: readonly NodeState[],
  expectedVerdict: ((packet: Packet) => ExpectedVerdict) | undefined,
): Omit<Trace, 'disagreements'> & {walks: readonly Walk[]} {
  let packet = packetOf(question)
  const trail: TraceStep[] = []
  const walks: Walk[] = []
  let verdict: Verdict = 'accept'
  let reason = ''
  const sides: Pick<DescribedWalk, 'ingress' | 'egress'>[] = []
  const problems: Problem[] = []
  for (const node of nodes) {
    if (node.completeness.rules === 'absent')
      return {...unknownTrace(question, `no rules of node ${node.node} were given`), problems, walks}
    const result = node.walk(packet)
    const described = node.describe(result)
    problems.push(...described.problems)
    walks.push(result)
    trail.push(...described.trail)
    verdict = result.verdict
    reason = described.reason
    sides.push(described)
    packet = translatedPacket(packet, result)
    if (verdict !== 'accept') break
  }
  const translated = walks.find(each => each.translated)?.translated
  const expected = expectedVerdict?.(packet)
  return {
    ...head(question),
    verdict,
    because: reason,
    walked: true,
    // Both nodes judge both ends. For ingress, the receiver's node comes first; for egress, the sender's.
    ingress: judged(sides.map(({ingress}) => ingress).toReversed()),
    egress: judged(sides.map(({egress}) => egress)),
    trail,
    ...(translated && {translated: {destination: translated.destination, port: translated.port ?? null}}),
    ...(expected && {expected: {verdict: expected.verdict, because: expected.reason}}),
    incomplete: partsOf(expected),
    problems,
    walks,
  }
}

const judged = (sides: readonly TraceSide[]): TraceSide =>
  sides.find(({verdict}) => verdict !== 'not-judged') ?? {verdict: 'not-judged'}

/** The trace by policies alone, when no node was given. */
export function tracePolicies(question: TraceQuestion, expected: ExpectedVerdict): Omit<Trace, 'disagreements' | 'problems'> {
  const side = ({verdict, selecting, allowedBy}: ExpectedVerdict['ingress']) =>
    selecting.length === 0
      ? {verdict: 'not-judged' as const}
      : {
          verdict,
          ...((allowedBy?.policy ?? selecting.at(-1)) !== undefined && {policy: allowedBy?.policy ?? selecting.at(-1) ?? ''}),
        }
  return {
    ...head(question),
    verdict: expected.verdict,
    because: expected.reason,
    walked: false,
    ingress: side(expected.ingress),
    egress: side(expected.egress),
    trail: [],
    incomplete: partsOf(expected),
    expected: {verdict: expected.verdict, because: expected.reason},
  }
}

const partsOf = (expected: ExpectedVerdict | undefined): IncompletePart[] => (expected?.incomplete ?? []).map(plainPart)

function head({source, destination, protocol, port, mark}: TraceQuestion): Pick<Trace, 'apiVersion' | 'kind' | 'packet'> {
  const end = ({name, address, pod}: Endpoint) => ({name, address, ...(pod && {pod: objectKey(pod)})})
  const packet = {
    source: end(source),
    destination: end(destination),
    protocol,
    port: port ?? null,
    ...(mark !== undefined && {mark}),
  }
  return {apiVersion: API_VERSION, kind: 'Trace', packet}
}

const unknownTrace = (question: TraceQuestion, reason: string): Omit<Trace, 'disagreements' | 'problems'> => ({
  ...head(question),
  verdict: 'unknown',
  because: reason,
  walked: false,
  ingress: {verdict: 'unknown'},
  egress: {verdict: 'unknown'},
  trail: [],
  incomplete: [],
})
