import type {FlowList, NodeFlows} from '../../core/contract/flows.ts'
import type {DeniedFlow} from '../../core/contract/writes.ts'
import {type Column, columns} from './columns.ts'
import {partLines} from './incomplete.ts'
import type {Paint} from './paint.ts'

type Row = FlowList['items'][number]

/** An end of a connection: the pod, and its address with the port. */
export function flowEnd(address: string, port: number | undefined, pod: string | undefined): string {
  const place = port === undefined ? address : `${address}:${port}`
  return pod === undefined ? place : `${pod} (${place})`
}

export const flowText = (flow: DeniedFlow): string => {
  const {protocol, source, sourcePort, destination, destinationPort, from, to, service} = flow
  const by = service === undefined ? '' : `, by service ${service}`
  return `${protocol} ${flowEnd(source, sourcePort, from)} -> ${flowEnd(destination, destinationPort, to)}${by}`
}

const COLUMNS: readonly Column<Row>[] = [
  {header: 'PROTOCOL', value: ({protocol}) => protocol},
  {header: 'FROM', value: ({source, sourcePort, from}) => flowEnd(source, sourcePort, from)},
  {header: 'TO', value: ({destination, destinationPort, to}) => flowEnd(destination, destinationPort, to)},
  {header: 'SERVICE', value: ({service}) => service ?? '-'},
  {header: 'DENIED BY', value: ({reason}) => reason},
]
const NODE: Column<Row> = {header: 'NODE', value: ({node}) => node}
/** All columns of the list. */
export const flowColumns: readonly Column<Row>[] = [NODE, ...COLUMNS]

/** How long the table gets without `-o wide`. */
const SHOWN = 100

/** Connections that go on although policies deny them, and what is known of the others. */
export function* flowListLines(
  list: FlowList,
  paint: Paint,
  {isWide = false, hasHeaders = true}: {readonly isWide?: boolean; readonly hasHeaders?: boolean} = {},
): Generator<string> {
  const {items, nodes, failures} = list
  const shown = isWide ? items : items.slice(0, SHOWN)
  if (shown.length > 0) {
    const isOne = nodes.length + failures.length === 1
    yield* columns(shown, isOne && !isWide ? COLUMNS : flowColumns, paint, hasHeaders)
    if (shown.length < items.length) yield paint(`… and ${items.length - shown.length} more; -o wide shows all`, 'dim')
    yield ''
  }
  for (const node of nodes) yield* nodeLines(node, paint)
  for (const {node, message, next} of failures) {
    yield paint(`node ${node}: `) + paint('unknown', 'yellow') + paint(`: ${message.replace(`node ${node}: `, '')}`)
    yield paint(`      ${next}`, 'dim')
  }
  yield* sumLine(list, paint)
}

/** What nodes come to together. */
function* sumLine({nodes, failures}: FlowList, paint: Paint): Generator<string> {
  const count = nodes.length + failures.length
  if (count < 2) return
  const sum = (of: (flows: NodeFlows) => number) => nodes.reduce((total, flows) => total + of(flows), 0)
  const lost = failures.length > 0 ? `, ${failures.length} could not be read` : ''
  yield paint(
    `${count} nodes: ${sum(({denied}) => denied)} of ${connections(sum(({judged}) => judged))} go on although policies deny them${lost}`,
    'bold',
  )
}

const connections = (count: number): string => `${count} connection${count === 1 ? '' : 's'}`

function* nodeLines(flows: NodeFlows, paint: Paint): Generator<string> {
  const {node, judged, denied, unanswered, unknown, unread, reasons, incomplete} = flows
  const of = `of ${connections(judged)} that it forwards`
  const head = paint(`node ${node}: `)
  if (denied > 0)
    yield head +
      paint(`${denied} ${of} go${denied === 1 ? 'es' : ''} on although policies deny ${denied === 1 ? 'it' : 'them'}`, 'red')
  else if (unknown + unread > 0)
    yield head + paint(`none ${of} is known to go on although the rules that it has deny it`, 'yellow')
  else yield head + paint(`none ${of} goes on although the rules that it has deny it`, 'green')
  if (unanswered > 0)
    yield paint(`  ${connections(unanswered)} that policies deny: nobody has answered, and what is sent is dropped`, 'dim')
  if (unread > 0) yield paint(`  ${unread} line${unread === 1 ? '' : 's'} of conntrack could not be read`, 'yellow')
  if (unknown > 0) yield paint(`  ${connections(unknown)} of which it is not known:`, 'yellow')
  for (const {reason, connections: count} of reasons) yield paint(`    ${count}: ${reason}`)
  yield* partLines(incomplete, paint)
}
