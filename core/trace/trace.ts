import type {Trace, TraceSide, TraceStep} from '../contract/trace.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeDump} from '../dump/model.ts'
import {objectKey} from '../kubernetes/objects.ts'
import {type OpenRules, openRules} from '../linux/translate/open.ts'
import {savedRules, savedSets} from '../linux/walk/node-rules.ts'
import {type Step, type Walk, walk} from '../linux/walk/walk.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {Meaning} from '../policy/evaluate.ts'
import type {Problem} from '../problem/problem.ts'
import {directionVerdicts} from './direction-verdicts.ts'
import type {Endpoint} from './endpoints.ts'

/** What is asked: one packet between two ends. */
export interface TraceQuestion {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly protocol: Packet['protocol']
  readonly port: number | undefined
  readonly mark?: number
}

export const packetOf = ({source, destination, protocol, port, mark}: TraceQuestion): Packet => ({
  source: source.address,
  destination: destination.address,
  protocol,
  ...(port !== undefined && {port}),
  ...(mark !== undefined && {mark}),
})

/** The same packet with the destination that service translation gives it; rules and policies see pods, never services. */
export function translatedPacket(packet: Packet, result: Walk): Packet {
  if (!result.translated) return packet
  const {destination, port} = result.translated
  return {...packet, destination, ...(port !== undefined && {port})}
}

/**
 * Walks a packet over the sender's and the receiver's node. Both must accept.
 *
 * @param nodes in the order the packet passes them; one when both ends are on it, or when only one was given
 * @param meaning what the policies say of the packet behind translation, when they are known
 */
export function traceNodes(
  question: TraceQuestion,
  nodes: readonly NodeDump[],
  meaning: ((packet: Packet) => Meaning) | undefined,
): Omit<Trace, 'disagreements'> & {walks: readonly Walk[]} {
  let packet = packetOf(question)
  const trail: TraceStep[] = []
  const walks: Walk[] = []
  let verdict: Verdict = 'accept'
  let because = ''
  const sides: ReturnType<typeof directionVerdicts>[] = []
  const problems: Problem[] = []
  for (const dump of nodes) {
    if (!dump.save) return {...unknownTrace(question, `no rules of node ${dump.node} were given`), problems, walks}
    const own = ownTraffic(packet, dump)
    const result = own ?? walk(savedRules(dump.save), savedSets(dump), packet)
    const rules = openRules(
      dump,
      result.trail.flatMap(({rule}) => rule ?? []),
    )
    problems.push(...rules.problems)
    walks.push(result)
    trail.push(...result.trail.map(step => traceStep(step, dump.node, rules)))
    verdict = result.verdict
    because = reasonOf(result, dump.node, rules)
    sides.push(directionVerdicts(result.trail, result.verdict, rules))
    packet = translatedPacket(packet, result)
    if (verdict !== 'accept') break
  }
  const translated = walks.find(each => each.translated)?.translated
  const expected = meaning?.(packet)
  return {
    ...head(question),
    verdict,
    because,
    walked: true,
    // Both nodes judge both ends; the receiver's own node has the last word on ingress, the sender's the first on egress.
    ingress: judged(sides.map(({ingress}) => ingress).toReversed()),
    egress: judged(sides.map(({egress}) => egress)),
    trail,
    ...(translated && {translated: {destination: translated.destination, port: translated.port ?? null}}),
    ...(expected && {expected: {verdict: expected.verdict, because: expected.because}}),
    problems,
    walks,
  }
}

const judged = (sides: readonly TraceSide[]): TraceSide =>
  sides.find(({verdict}) => verdict !== 'not-judged') ?? {verdict: 'not-judged'}

/**
 * Traffic of the node itself does not pass FORWARD, where Azure NPM is: what the node receives goes through INPUT, what it
 * sends through OUTPUT, and these are not walked. Undefined when neither end is known to be the node.
 */
function ownTraffic({source, destination}: Packet, {node, cluster}: NodeDump): Walk | undefined {
  const owner = (address: string) => {
    const host = cluster?.nodes.find(({status}) => status?.addresses?.some(each => each.address === address))
    return (
      host?.metadata.name ??
      cluster?.pods.find(({spec, status}) => spec?.hostNetwork === true && status?.podIP === address)?.spec?.nodeName
    )
  }
  const isOwn = (address: string) => {
    const name = owner(address)
    // A dump that does not tell its node may be that node's.
    return name !== undefined && (name === node || node === 'unknown')
  }
  for (const [address, way] of [
    [destination, 'INPUT'],
    [source, 'OUTPUT'],
  ] as const)
    if (isOwn(address)) {
      const whose = node === 'unknown' ? 'a node, perhaps this one' : `node ${node} itself`
      const because = `${address} is ${whose}: such packets go through ${way}, not FORWARD, and Azure NPM does not judge them there`
      return {verdict: 'unknown', trail: [], because}
    }
  return undefined
}

/** What the policies alone say, when no node was given. */
export function tracePolicies(question: TraceQuestion, meaning: Meaning): Omit<Trace, 'disagreements' | 'problems'> {
  const side = ({verdict, selecting, allowedBy}: Meaning['ingress']) =>
    selecting.length === 0
      ? {verdict: 'not-judged' as const}
      : {
          verdict,
          ...((allowedBy?.policy ?? selecting.at(-1)) !== undefined && {policy: allowedBy?.policy ?? selecting.at(-1) ?? ''}),
        }
  return {
    ...head(question),
    verdict: meaning.verdict,
    because: meaning.because,
    walked: false,
    ingress: side(meaning.ingress),
    egress: side(meaning.egress),
    trail: [],
    expected: {verdict: meaning.verdict, because: meaning.because},
  }
}

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

const unknownTrace = (question: TraceQuestion, because: string): Omit<Trace, 'disagreements' | 'problems'> => ({
  ...head(question),
  verdict: 'unknown',
  because,
  walked: false,
  ingress: {verdict: 'unknown'},
  egress: {verdict: 'unknown'},
  trail: [],
})

function traceStep({table, chain, position, depth, rule}: Step, node: string, rules: OpenRules): TraceStep {
  const said = rule && rules.say(rule)
  return {
    node,
    where: {table, chain, position, ...(rule && {line: rule.line})},
    depth,
    text: said?.text ?? 'the policy of the chain',
    ...(said?.policy !== undefined && {policy: said.policy}),
  }
}

function reasonOf({verdict, trail, because}: Walk, node: string, rules: OpenRules): string {
  if (verdict === 'unknown') return because ?? 'unknown'
  const last = trail.at(-1)
  if (!last) return `no rule on node ${node} matches it`
  const where = last.position === 0 ? `the policy of ${last.chain}` : `rule ${last.position} of ${last.chain}`
  const marking = trail.toReversed().find(({rule}) => rule && rules.say(rule).policy !== undefined)
  const policy = marking?.rule && rules.say(marking.rule).policy
  const by =
    policy === undefined
      ? ''
      : verdict === 'drop'
        ? `; policy ${policy} selects the pod and no policy allows the packet`
        : `; allowed by policy ${policy}`
  return `${where} on node ${node} ${verdict === 'drop' ? 'drops' : 'accepts'} it${by}`
}
