import type {IncompletePart} from '../contract/common.ts'
import type {Trace, TraceSide} from '../contract/trace.ts'
import {API_VERSION} from '../contract/version.ts'
import {plainPart} from '../kubernetes/completeness.ts'
import {objectKey} from '../kubernetes/objects.ts'
import type {Packet} from '../net/packet.ts'
import type {ExpectedVerdict} from '../policy/evaluate.ts'
import type {Endpoint} from './endpoints.ts'
import type {Route} from './nodes.ts'
import {passageOf} from './passage.ts'
import {unjudgedEnd} from './unjudged-end.ts'

/** One packet between two resolved ends. */
export interface TraceQuestion {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly protocol: Packet['protocol']
  readonly port: number | undefined
  readonly mark?: number
  /** Whether the destination is what a service has made of another one. */
  readonly isTranslated?: boolean
}

/** The packet of a question, before service translation. */
export const packetOf = ({source, destination, protocol, port, mark}: TraceQuestion): Packet => ({
  source: source.address,
  destination: destination.address,
  protocol,
  ...(port !== undefined && {port}),
  ...(mark !== undefined && {mark}),
})

/**
 * Walks a packet over the nodes that it passes. All must accept.
 *
 * @param expectedVerdict evaluates the policies for the packet after translation; undefined when they are unknown
 * @returns the trace, and the packets that it may become where services are resolved, the shown one first
 */
export function traceNodes(
  question: TraceQuestion,
  route: Route,
  expectedVerdict: ((packet: Packet) => ExpectedVerdict) | undefined,
): Omit<Trace, 'disagreements'> & {ends: readonly Packet[]; meaning?: ExpectedVerdict} {
  const asked = packetOf(question)
  const unread = route.nodes.find(({completeness}) => completeness.rules === 'absent')
  if (unread) {
    const expected = expectedVerdict?.(asked)
    return {
      ...unknownTrace(question, `no rules of node ${unread.node} were given`),
      ...(expected && {expected: {verdict: expected.verdict, because: expected.reason}, meaning: expected}),
      incomplete: eachOnce([...unread.completeness.parts.filter(({part}) => part === 'rules'), ...partsOf(expected)]),
      problems: [],
      ends: [asked],
    }
  }
  const {legs, ends, ...passage} = passageOf(asked, route)
  const described = legs.map(({node, walk}) => node.describe(walk))
  const ofConnection = new Set(described.flatMap(each => each.ofConnection ?? []))
  const expected =
    expectedVerdict &&
    expectedOf(
      ends,
      legs.some(({walk}) => walk.isLost),
      expectedVerdict,
    )
  const [end] = ends
  const unjudged = passage.verdict === 'accept' && expected ? unjudgedEnd(question, end ?? asked, legs, expected) : undefined
  const {verdict, reason} = unjudged ? {verdict: 'unknown' as const, reason: unjudged.reason} : passage
  const isTranslated = end && (end.destination !== asked.destination || end.port !== asked.port)
  // Only then every direction could have judged it.
  const isForwarded = verdict === 'accept' && legs.every(({walk: {path = 'forward'}}) => path === 'forward')
  const masquerade = legs.find(({walk}) => walk.translated?.source !== undefined)
  return {
    ...head(question),
    verdict,
    because: reason ?? [described.at(-1)?.reason ?? '', ...ofConnection].join('; '),
    releases: route.nodes.map(state => ({node: state.node, ...state.release()})),
    walked: true,
    // Both nodes judge both ends. For ingress, the receiver's node comes first; for egress, the sender's.
    ingress: judged(described.map(({ingress}) => ingress).toReversed(), isForwarded ? expected?.ingress.selecting : []),
    egress: judged(
      described.map(({egress}) => egress),
      isForwarded ? expected?.egress.selecting : [],
    ),
    trail: described.flatMap(({trail}) => trail),
    ...(isTranslated && {translated: {destination: end.destination, port: end.port ?? null}}),
    ...(masquerade && {masqueraded: {node: masquerade.node.node, source: masquerade.walk.translated?.source ?? null}}),
    ...(expected && {expected: {verdict: expected.verdict, because: expected.reason}}),
    incomplete: eachOnce([
      ...(unjudged ? [unjudged] : []),
      ...legs.flatMap(({walk}) => walk.incomplete ?? []),
      ...partsOf(expected),
    ]),
    problems: described.flatMap(({problems}) => problems),
    ends,
    ...(expected && {meaning: expected}),
  }
}

/** What the policies mean for a packet that may go to any of several ends. */
function expectedOf(
  ends: readonly Packet[],
  isLost: boolean,
  expectedVerdict: (packet: Packet) => ExpectedVerdict,
): ExpectedVerdict | undefined {
  const all = ends.map(expectedVerdict)
  const [first] = all
  const index = all.findIndex(({verdict}) => verdict !== first?.verdict)
  if (first && isLost) return {...first, verdict: 'unknown', reason: 'which pod the packet goes to is not known'}
  if (!first || index < 0) return first
  const text = (at: number) =>
    `for ${ends[at]?.destination} ${all[at]?.verdict === 'drop' ? 'dropped' : all[at]?.verdict === 'accept' ? 'allowed' : 'unknown'}`
  return {...first, verdict: 'unknown', reason: `it depends on which end the service chooses: ${text(0)}, ${text(index)}`}
}

/** @param wanted policies that should judge it, where they are known */
function judged(sides: readonly TraceSide[], wanted: readonly string[] = []): TraceSide {
  const side = sides.find(({verdict}) => verdict !== 'not-judged') ?? sides[0] ?? {verdict: 'not-judged'}
  if (side.verdict !== 'not-judged' || side.selecting || wanted.length === 0 || side.because === undefined) return side
  return {...side, because: `${side.because}, though ${wanted.join(', ')} should`}
}

/** The trace by policies alone, when no node was given. */
export function tracePolicies(question: TraceQuestion, expected: ExpectedVerdict): Omit<Trace, 'disagreements' | 'problems'> {
  const side = ({verdict, selecting, allowedBy}: ExpectedVerdict['ingress']) =>
    selecting.length === 0
      ? {verdict: 'not-judged' as const}
      : {
          verdict,
          ...((allowedBy?.policy ?? selecting.at(-1)) !== undefined && {policy: allowedBy?.policy ?? selecting.at(-1) ?? ''}),
          selecting: [...selecting],
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

const eachOnce = (parts: readonly IncompletePart[]): IncompletePart[] => [
  ...new Map(parts.map(each => [each.part, plainPart(each)])).values(),
]

/** The trace of a packet that no node sees: it stays inside its pod. */
export function traceInside(question: TraceQuestion, expected: ExpectedVerdict): Omit<Trace, 'disagreements' | 'problems'> {
  const {source, destination} = question
  const isOther = source.isNamed && destination.isNamed && source.pod !== destination.pod
  const because = isOther
    ? `${source.name} and ${destination.name} have one address, ${source.address}: what ${source.name} sends there stays inside it and does not reach ${destination.name}`
    : expected.reason
  return {
    ...tracePolicies(question, expected),
    verdict: isOther ? 'unknown' : 'accept',
    because,
    ingress: {verdict: 'not-judged', because: STAYS_INSIDE},
    egress: {verdict: 'not-judged', because: STAYS_INSIDE},
  }
}

const STAYS_INSIDE = 'the packet does not leave the pod'

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

/** A trace that walked nothing. */
export const unknownTrace = (question: TraceQuestion, reason: string): Omit<Trace, 'disagreements' | 'problems'> => ({
  ...head(question),
  verdict: 'unknown',
  because: reason,
  walked: false,
  ingress: {verdict: 'unknown'},
  egress: {verdict: 'unknown'},
  trail: [],
  incomplete: [],
})
