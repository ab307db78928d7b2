import type {PolicyList, PolicyListItem} from '../../core/contract/policies.ts'
import {type Column, columns} from './columns.ts'
import {incompleteLines} from './incomplete.ts'
import type {Paint, Style} from './paint.ts'
import {releasesText} from './release.ts'

export interface PolicyLook {
  readonly isWide: boolean
  readonly hasHeaders: boolean
  /** What is counted in a second, in place of all that was counted. */
  readonly isWatched?: boolean
  /** Ages are told as of this moment, milliseconds since 1970. */
  readonly now: number
}

/** One line for each policy and direction, and below what concerns none of them. */
export function* policyLines(
  {items, others, incomplete, releases}: PolicyList,
  paint: Paint,
  look: PolicyLook,
): Generator<string> {
  if (items.length === 0) yield paint('no policies')
  else yield* policyTable(items, paint, look)
  const told = releasesText(releases)
  // Programs that read the table leave out its headers, and read nothing else then.
  if (told !== undefined && look.hasHeaders) yield* ['', paint(told, 'dim')]
  if (others.length > 0) {
    yield ''
    yield paint('Wrong on nodes, and of no policy that is known (diff tells more)', 'yellow')
    for (const {node, text} of others) yield paint(`  ${node}: ${text}`)
  }
  yield* incompleteLines('Not in the input: what rests on these parts is not known', incomplete, paint)
}

/** The header, where it is asked for, and a line for each item. */
export const policyTable = (items: readonly PolicyListItem[], paint: Paint, look: PolicyLook): string[] => [
  ...columns(items, policyColumns(look), paint, look.hasHeaders),
]

/** Nodes that could not be read, where they cannot be told beside the answer. */
export const failureLines = ({failures}: PolicyList, paint: Paint): string[] =>
  failures.flatMap(({message, next}) => [`error: ${paint(message)}`, `  ${paint(next)}`])

/** Each policy once, as kubectl names objects. */
export const policyNames = ({items}: PolicyList): string[] => [
  ...new Set(items.map(({namespace, name}) => `networkpolicy.networking.k8s.io/${namespace}/${name}`)),
]

const shown = (count: number | null): string => (count === null ? '?' : String(count))

/** The columns of the list. */
export function policyColumns({isWide, now, isWatched = false}: PolicyLook): Column<PolicyListItem>[] {
  return [
    {header: 'NAMESPACE', value: ({namespace}) => namespace},
    {header: 'NAME', value: ({name}) => name},
    {header: 'TYPE', value: ({direction}) => direction},
    {header: 'PODS', value: ({pods}) => shown(pods), align: 'right'},
    {header: 'NODES', value: ({nodes: {programmed, all}}) => `${programmed}/${all}`, align: 'right'},
    {header: 'RULES', value: ({rules}) => (rules === null ? '-' : rangeText(rules)), align: 'right'},
    ...(isWatched ? rateColumns : countColumns),
    {header: 'STATE', value: stateText, style: stateStyle},
    {header: 'AGE', value: ({createdAt}) => ageText(createdAt, now), align: 'right'},
    ...(isWide ? [{header: 'WHERE AND WHY', value: (item: PolicyListItem) => reasonText(item)}] : []),
  ]
}

const countColumns: readonly Column<PolicyListItem>[] = [
  {header: 'NEW CONNS', value: ({rules, newConnections}) => (rules === null ? '-' : shown(newConnections)), align: 'right'},
  {header: 'DROPS', value: ({rules, drops}) => (rules === null ? '-' : shown(drops)), align: 'right'},
]

const rateColumns: readonly Column<PolicyListItem>[] = [
  {header: 'NEW CONNS/S', value: ({rates}) => rateText(rates?.newConnections), align: 'right'},
  {header: 'DROPS/S', value: ({rates}) => rateText(rates?.drops), align: 'right'},
]

/** Small rates with a decimal: one connection in ten seconds is not none. */
function rateText(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return '-'
  return rate === 0 || rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1)
}

const rangeText = ({least, most}: {readonly least: number; readonly most: number}): string =>
  least === most ? String(least) : `${least}-${most}`

/** All that is said of a policy, the worst first: `differs on 1 node, refused: IPV6_BLOCK`. */
export function stateText({states, nodes: {all}}: PolicyListItem): string {
  const byState = Map.groupBy(states, ({state}) => state)
  return [...byState]
    .map(([state, same]) => {
      const codes = same.flatMap(({code}) => code ?? [])
      if (codes.length > 0) return `${state}: ${codes.join(', ')}`
      return state === 'in force' ? state : `${state}${onNodes(same[0]?.nodes.length ?? 0, all)}`
    })
    .join(', ')
}

function onNodes(count: number, all: number): string {
  const where = count === 0 ? all : count
  if (count === 0 && all === 1) return ''
  return ` on ${where} node${where === 1 ? '' : 's'}`
}

const styles: Readonly<Record<PolicyListItem['states'][number]['state'], Style>> = {
  missing: 'red',
  differs: 'red',
  refused: 'red',
  'means something else': 'yellow',
  'left over': 'yellow',
  unknown: 'yellow',
  'in force': 'green',
}

/** That of the worst state. */
export const stateStyle = ({states: [worst]}: PolicyListItem): Style | undefined => worst && styles[worst.state]

/** On which nodes, and why: `n2: policy shop/db is not programmed (ingress)`. */
function reasonText({states, nodes: {all}}: PolicyListItem): string {
  return states
    .filter(({state}) => state !== 'in force')
    .map(({nodes: where, text}) => (all === 1 ? text : `${where.length === 0 ? 'every node' : namesText(where)}: ${text}`))
    .join('; ')
}

const SHOWN_NODES = 3

const namesText = (names: readonly string[]): string =>
  [...names.slice(0, SHOWN_NODES), ...(names.length > SHOWN_NODES ? [`${names.length - SHOWN_NODES} more`] : [])].join(', ')

const UNITS = [
  [365 * 24 * 3600, 'y'],
  [24 * 3600, 'd'],
  [3600, 'h'],
  [60, 'm'],
] as const

/** How long ago, in the largest unit that is whole: `5d`. */
function ageText(createdAt: string | null, now: number): string {
  if (createdAt === null) return '?'
  const seconds = Math.max(0, Math.floor((now - Date.parse(createdAt)) / 1000))
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, 's']
  return `${Math.floor(seconds / size)}${unit}`
}
