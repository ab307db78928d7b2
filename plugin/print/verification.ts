import type {Counterexample, Undecided, Verification, VerificationList} from '../../core/contract/verification.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import type {Column} from './columns.ts'
import {partLines} from './incomplete.ts'
import type {Paint} from './paint.ts'
import {releaseText} from './release.ts'

const TITLES = {
  open: 'OPEN: packets pass that should be dropped',
  closed: 'CLOSED: packets are dropped that should pass',
} as const

/** What a node was verified for, and what was found: counterexamples first, by cause. */
export function* verificationLines(verification: Verification, paint: Paint): Generator<string> {
  const {node, against, result, domain, counterexamples, undecided, notes, incomplete} = verification
  const whose = against === 'policies' ? 'the policies say' : "Azure NPM's program would"
  if (result === 'proven')
    yield paint(`node ${node}: `) + paint('proven', 'green') + paint(`: every packet is judged as ${whose}`)
  else if (result === 'unknown')
    yield paint(
      `node ${node}: not proven: no packet is known to be judged otherwise than ${whose}, but not all is known`,
      'yellow',
    )
  else {
    const causes = counterexamples.length === 1 ? '1 cause' : `${counterexamples.length} causes`
    yield paint(`node ${node}: packets are not judged as ${whose}, for ${causes}`, 'red')
  }
  if (verification.release) yield paint(releaseText(verification.release), 'dim')
  for (const effect of ['open', 'closed'] as const) {
    const those = counterexamples.filter(each => each.effect === effect)
    if (those.length === 0) continue
    yield ''
    yield paint(TITLES[effect], 'red')
    for (const each of those) yield* counterexampleLines(each, paint)
  }
  if (undecided.length + incomplete.length > 0) {
    yield ''
    yield paint('UNKNOWN', 'yellow')
    yield* partLines(incomplete, paint)
    for (const each of undecided) {
      yield paint(`  ${packetText(each)}`)
      yield paint(`      ${each.reason}`)
      yield paint(`      ${extentText(each)}`, 'dim')
    }
  }
  yield ''
  yield paint(`Compared: ${domain.text}.`, 'dim')
  for (const note of notes) yield paint(note, 'dim')
}

/** By what nodes can be sorted. */
export const verificationColumns: readonly Column<Verification>[] = [
  {header: 'NODE', value: ({node}) => node},
  {header: 'RESULT', value: ({result}) => result},
  {header: 'COUNTEREXAMPLES', value: ({counterexamples}) => String(counterexamples.length), align: 'right'},
  {header: 'UNDECIDED', value: ({undecided}) => String(undecided.length), align: 'right'},
]

/** Several nodes, and how many of each result. */
export function* verificationListLines({items, failures}: VerificationList, paint: Paint): Generator<string> {
  for (const [index, verification] of items.entries()) {
    if (index > 0) yield ''
    yield* verificationLines(verification, paint)
  }
  for (const {node, message, next} of failures) {
    yield ''
    yield paint(`node ${node}: `) + paint('unknown', 'yellow') + paint(`: ${message.replace(`node ${node}: `, '')}`)
    yield paint(`      ${next}`, 'dim')
  }
  const nodes = items.length + failures.length
  if (nodes < 2) return
  const count = (result: Verification['result']) => items.filter(each => each.result === result).length
  yield ''
  yield paint(
    `${nodes} nodes: ${count('proven')} proven, ${count('counterexamples')} with counterexamples, ${count('unknown') + failures.length} not known`,
    'bold',
  )
}

function* counterexampleLines(example: Counterexample, paint: Paint): Generator<string> {
  const {cause, because, expected, effect} = example
  const [is, should] = effect === 'open' ? ['passes', 'should not'] : ['is dropped', 'should pass']
  yield paint(`  ${packetText(example)}`, 'bold')
  yield paint(`      ${cause}`)
  if (because !== cause) yield paint(`      it ${is}: ${because}`)
  yield paint(`      it ${should}: ${expected}`)
  yield paint(`      ${extentText(example)}`, 'dim')
  const command = traceCommand(example)
  if (command !== undefined) yield paint(`      see: ${command}`, 'dim')
}

const packetText = ({packet: {source, destination, protocol, port}}: Pick<Undecided, 'packet'>): string =>
  `${source.name} -> ${destination.name} ${port === null ? (protocol === 'other' ? 'other protocols' : protocol) : `${protocol}/${port}`}`

function extentText({
  senders,
  receivers,
  services,
  pairs,
}: Pick<Undecided, 'senders' | 'receivers' | 'services' | 'pairs'>): string {
  const pairsText = pairs === 1 ? '1 pair' : `${pairs} pairs`
  return `${pairsText}: from ${senders.join(', ')} to ${receivers.join(', ')}, ${services.join(', ')}`
}

const TRACED = ['tcp', 'udp', 'sctp', 'icmp']

/** The command that shows the packet's way. `trace` takes four protocols. */
function traceCommand({packet: {source, destination, protocol, port}}: Counterexample): string | undefined {
  if (!TRACED.includes(protocol)) return undefined
  const end = ({pod, address}: typeof source) => pod ?? address
  const at = port === null ? '' : ` --port ${port}`
  return `kubectl npm trace ${shellWord(end(source))} ${shellWord(end(destination))}${at}${protocol === 'tcp' ? '' : ` --protocol ${protocol}`}`
}
