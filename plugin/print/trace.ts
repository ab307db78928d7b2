import type {Trace, TraceList, TraceSide, TraceStep} from '../../core/contract/trace.ts'
import type {Paint, Style} from './paint.ts'
import {releasesText} from './release.ts'
import {whereText} from './where.ts'

const VERDICTS = {accept: 'ALLOWED', drop: 'DROPPED', unknown: 'UNKNOWN', 'not-judged': 'not judged'} as const
const STYLES: Record<keyof typeof VERDICTS, Style> = {accept: 'green', drop: 'red', unknown: 'yellow', 'not-judged': 'dim'}

interface TraceLook {
  /** In place of the port. */
  readonly ports?: string
  /** Without the rules on the way. */
  readonly isShort?: boolean
  /** What holds of all parts stands above them. */
  readonly isOfList?: boolean
}

/** More parts than these are told in the first line only. */
const MOST_PARTS = 20

/** Packets to several ports: the verdicts first, then what is to be said of each part. */
export function* traceListLines({items, verdict}: TraceList, paint: Paint, isWide: boolean): Generator<string> {
  const [first] = items
  if (!first) return
  const {source, destination} = first.trace.packet
  const parts = items.reduce<{protocol: string; from: number; to: number; verdict: Trace['verdict']}[]>(
    (all, {protocol, from, to, trace}) => {
      const last = all.at(-1)
      if (last?.protocol === protocol && last.to === from - 1 && last.verdict === trace.verdict) last.to = to
      else all.push({protocol, from, to, verdict: trace.verdict})
      return all
    },
    [],
  )
  const texts = parts.map(part => `${part.protocol}/${portsText(part)} ${paint(VERDICTS[part.verdict], STYLES[part.verdict])}`)
  yield `${paint(`${endText(source)} -> ${endText(destination)}`)}: ${texts.join(', ')}`
  const releases = releasesText(first.trace.releases)
  if (releases !== undefined) yield paint(`  ${releases}`, 'dim')
  if (!isWide && items.length > MOST_PARTS) {
    yield paint(`  ${items.length} parts; -o wide says why of each, or ask for one of their ports`, STYLES[verdict])
    return
  }
  for (const {trace, ...range} of items) {
    yield ''
    yield* traceLines(trace, paint, {ports: portsText(range), isShort: !isWide, isOfList: true})
  }
}

const portsText = ({from, to}: {readonly from: number; readonly to: number}): string =>
  from === to ? `${from}` : `${from}-${to}`

/** A trace for a person: the answer first, then why, then every rule on the way as a tree. */
export function* traceLines(trace: Trace, paint: Paint, look: TraceLook = {}): Generator<string> {
  const {packet, verdict, because, expected, disagreements, translated, foretold} = trace
  if (!trace.walked && foretold) yield paint(FORETOLD, 'bold')
  const port = packet.port === null ? packet.protocol : `${packet.protocol}/${look.ports ?? packet.port}`
  yield paint(`${endText(packet.source)} -> ${endText(packet.destination)} ${port}: `) + paint(VERDICTS[verdict], STYLES[verdict])
  yield paint(`  ${because}`)
  yield* lostLines(trace, 'answer', paint)
  if (trace.service) yield* serviceLines(trace.service, paint)
  if (translated)
    yield paint(
      `  service address: the rules see ${translated.destination}${translated.port === null ? '' : `:${translated.port}`}`,
    )
  if (trace.masqueraded) yield paint(`  ${masqueradeText(trace.masqueraded)}`)
  if (trace.walked) yield sideLine('egress of the sender', trace.egress, paint)
  if (trace.walked) yield sideLine('ingress of the receiver', trace.ingress, paint)
  // From objects alone, this is the answer itself.
  if (expected && (trace.walked || expected.because !== because)) {
    yield paint('  the policies say ') +
      paint(VERDICTS[expected.verdict], STYLES[expected.verdict]) +
      paint(`: ${expected.because}`)
    if (expected.verdict !== verdict && verdict !== 'unknown' && expected.verdict !== 'unknown')
      yield paint('  THE NODE DOES NOT DO WHAT THE POLICIES SAY', 'red')
  }
  yield* lostLines(trace, 'policies', paint)
  if (foretold) {
    const isSame = foretold.verdict === verdict
    const head =
      foretold.verdict === 'unknown' ? 'What Azure NPM will do' : `Azure NPM will ${isSame ? 'do the same' : 'do otherwise'}`
    yield paint(`  ${head}: `) + paint(VERDICTS[foretold.verdict], STYLES[foretold.verdict]) + paint(`: ${foretold.because}`)
  }
  for (const reason of disagreements) yield paint(`  likely reason: ${reason}`)
  for (const remedy of trace.remedies ?? []) yield paint(`  to let it through: ${remedy}`)
  const releases = releasesText(trace.releases)
  if (releases !== undefined && !look.isOfList) yield paint(`  ${releases}`, 'dim')
  if (look.isShort) return
  yield* trailLines(trace.trail, paint, verdict)
  if (foretold && foretold.verdict !== verdict)
    yield* trailLines(foretold.trail, paint, foretold.verdict, 'as Azure NPM will program it')
}

/**
 * What the answer rests on and is not whole, and what to do about it.
 *
 * @param of the answer, or what the policies say, which may name the part itself
 */
function* lostLines(
  {incomplete, problems, because, expected}: Trace,
  of: 'answer' | 'policies',
  paint: Paint,
): Generator<string> {
  for (const {part, reason, next} of incomplete) {
    if (problems.some(({message}) => message.includes(reason))) continue
    const isTold = because.includes(reason)
    const isOfPolicies = !isTold && expected?.because.includes(reason) === true
    if (isOfPolicies !== (of === 'policies')) continue
    if (!isTold && !isOfPolicies) yield paint(`  ${part}: ${reason}`, 'yellow')
    yield paint(`      ${next}`, 'dim')
  }
}

const SHOWN_BACKENDS = 5

/** Where a service leads, and what tells it. */
function* serviceLines(service: NonNullable<Trace['service']>, paint: Paint): Generator<string> {
  const {name, headless, port, portName, targetPort, from, backends, notReady} = service
  const head = `service ${name}${headless ? ', headless' : ''}`
  const named = portName === undefined ? '' : ` (${portName})`
  const way = targetPort === undefined ? '' : `port ${port}${named} leads to port ${targetPort} of its pods, `
  const isOne = new Set(backends.map(({verdict}) => verdict)).size <= 1
  const shown = backends.slice(0, SHOWN_BACKENDS).map(({address, port: at, pod, verdict}) => {
    const place = at === 0 ? address : `${address}:${at}`
    const text = pod === undefined ? place : `${pod} (${place})`
    return isOne || verdict === undefined ? text : `${text} ${VERDICTS[verdict]}`
  })
  const more = backends.length > shown.length ? [`${backends.length - shown.length} more`] : []
  const count = `${backends.length} endpoint${backends.length === 1 ? '' : 's'}${notReady > 0 ? ` and ${notReady} not ready` : ''}`
  const list = backends.length === 0 ? '' : `: ${[...shown, ...more].join(', ')}`
  yield paint(`  ${head}: ${way}${count}${list}`)
  if (from === 'rules') yield paint("      the node's own rules say to which of them a packet goes", 'dim')
  if (from === 'endpoints' && isOne && backends.length > 1)
    yield paint('      shown is the first; to all of them the verdict is the same', 'dim')
  if (from === 'selector')
    yield paint(
      '      told by its selector and by what pods say of themselves: none of its EndpointSlices is in the input',
      'dim',
    )
}

/** Stands over answers about a node that nobody read. */
const FORETOLD = 'From the policies; no node was read: what they mean, and what Azure NPM will do.'

const masqueradeText = ({node, source}: NonNullable<Trace['masqueraded']>): string =>
  `node ${node} masquerades it behind its own rules: whoever comes next sees ${source ?? 'an address of the node'} as its source`

const endText = ({name, address, pod}: Trace['packet']['source']): string => {
  const known = pod === undefined || pod === name ? name : `${name} = ${pod}`
  return name === address ? known : `${known} (${address})`
}

function sideLine(what: string, {verdict, policy, rule, because}: TraceSide, paint: Paint): string {
  if (because !== undefined) return paint(`  ${what}: `) + paint(VERDICTS[verdict], STYLES[verdict]) + paint(`: ${because}`)
  const by = policy === undefined ? '' : ` by ${policy === 'unknown' ? 'an unknown policy' : policy}`
  return (
    paint(`  ${what}: `) + paint(VERDICTS[verdict], STYLES[verdict]) + paint(`${by}${rule === undefined ? '' : ` (${rule})`}`)
  )
}

/** Where a step is: `node n1, table filter`, and of which back end where there are rules of two. */
function placeText(node: string, where: TraceStep['where']): string {
  if (!('table' in where)) return `node ${node}`
  return `node ${node}, table ${where.table}${where.backend === undefined ? '' : ` of iptables-${where.backend}`}`
}

/** @param title in place of the node's name */
function* trailLines(trail: readonly TraceStep[], paint: Paint, verdict: Trace['verdict'], title?: string): Generator<string> {
  let place = ''
  const last = verdict === 'unknown' ? trail.length - 1 : trail.findLastIndex(({decides}) => decides)
  for (const [index, step] of trail.entries()) {
    const {node, where} = step
    const at = title ?? placeText(node, where)
    if (at !== place) {
      yield ''
      yield paint(at, 'bold')
    }
    place = at
    const isLast = index === last
    const words = `${'  '.repeat(step.depth + 1)}${whereText(where)}  ${step.text}`
    const mark = !isLast ? '' : verdict === 'unknown' ? '   <- not known from here' : '   <- decides'
    yield paint(words, isLast ? STYLES[verdict] : undefined) + paint(mark, isLast ? STYLES[verdict] : undefined)
  }
}
