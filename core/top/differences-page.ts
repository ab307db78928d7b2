import type {Drift, DriftCause, JudgedPacket} from '../contract/drift.ts'
import type {Loaded} from './loaded.ts'
import {plural, sentence, spanText} from './number-text.ts'
import type {Cell, Row, TopColumn, TopTable} from './table.ts'

const columns: readonly TopColumn[] = [
  {
    key: 'effect',
    header: 'EFFECT',
    least: 13,
    rank: 0,
    isDescending: true,
    meaning: '"opens": packets pass that the policies forbid. "closes": packets are dropped that they allow.',
  },
  {key: 'cause', header: 'WHAT IS WRONG', least: 20, rank: 0, grows: true},
]

/** What on a node is not as the policies ask: causes, the most harmful first, with the command that repairs each. */
export function differencesPage(drift: Loaded<Drift> | undefined, now: number): TopTable {
  const found = drift?.state === 'here' ? drift.value : undefined
  return {
    about: found && drift?.state === 'here' ? aboutDrift(found, now - drift.at) : [],
    columns,
    rows: found ? [...found.causes.map(causeRow), ...found.departures.map(departureRow)] : [],
    sortedBy: 'effect',
    empty: emptyText(drift),
  }
}

function emptyText(drift: Loaded<Drift> | undefined): string[] {
  if (drift?.state === 'failed') return [sentence(drift.message), drift.next]
  if (drift?.state !== 'here') return ['The node is being compared with its policies.']
  const {clean, incomplete} = drift.value
  if (clean) return ['What is programmed is what the policies ask for.']
  const [part] = incomplete
  return part
    ? [`Not compared: ${part.part} is ${part.state === 'cut' ? 'cut off' : 'not in the input'}.`, part.next]
    : ['No differences, but not all policies were compared: kubectl npm diff says which.']
}

function aboutDrift({causes, departures}: Drift, ageMs: number): TopTable['about'] {
  const wrong = causes.length + departures.length
  return [
    {
      text: `${wrong === 0 ? 'Nothing' : plural(wrong, 'thing')} wrong, compared ${spanText(ageMs)} ago. Compare again: r`,
      ...(wrong > 0 && {tone: 'warning'}),
    },
  ]
}

function effectCell(opens: number, closes: number, otherwise: string, value: number): Cell {
  if (opens > 0 && closes > 0) return {text: 'opens, closes', value: 5, tone: 'bad'}
  if (opens > 0) return {text: 'opens', value: 4, tone: 'bad'}
  return closes > 0 ? {text: 'closes', value: 3, tone: 'bad'} : {text: otherwise, value, tone: 'warning'}
}

function causeRow(cause: DriftCause, index: number): Row {
  const {text, opens, closes, hidden, isUncertain, repair} = cause
  const otherwise = hidden ? 'hidden' : isUncertain ? 'unknown' : 'none'
  const mend = repair?.command === undefined ? repair?.instead : `Repair: ${repair.command}`
  return {
    key: `${index} ${text}`,
    cells: [effectCell(opens.length, closes.length, otherwise, hidden ? 2 : isUncertain ? 1 : 0), {text}],
    details: [text, ...examples(opens, closes), ...(mend === undefined ? [] : [mend])],
    document: () => cause,
  }
}

function departureRow(departure: Drift['departures'][number]): Row {
  const {code, text, policies, opens, closes} = departure
  return {
    key: `${code} ${policies.join()}`,
    cells: [effectCell(opens.length, closes.length, 'none', 0), {text: `${policies.join(', ')}: ${text}`}],
    details: [`Azure NPM departs from the policy: ${text}`, ...examples(opens, closes)],
    document: () => departure,
  }
}

function examples(opens: readonly JudgedPacket[], closes: readonly JudgedPacket[]): string[] {
  const [open] = opens
  const [closed] = closes
  return [...(open ? [`Passes: ${packetWords(open)}`] : []), ...(closed ? [`Is dropped: ${packetWords(closed)}`] : [])]
}

/** `shop/web 10.0.0.1 -> shop/db 10.0.0.2 tcp/80` */
function packetWords({packet, source, destination}: JudgedPacket): string {
  const [from = '', to = ''] = packet.split(' -> ')
  const named = (name: string | undefined, rest: string) => (name === undefined ? rest : `${name} ${rest}`)
  return `${named(source, from)} -> ${named(destination, to)}`
}
