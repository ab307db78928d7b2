import type {DescribedPod, Description, ReachGroup} from '../../core/contract/description.ts'
import {type Column, columns} from './columns.ts'
import {incompleteLines} from './incomplete.ts'
import type {Paint} from './paint.ts'
import {stateStyle, stateText} from './policies.ts'
import {serviceLines} from './service.ts'
import {setLines} from './sets.ts'

/** One thing as kubectl describes objects: its own fields, then a section for each question. */
export function* descriptionLines(description: Description, paint: Paint): Generator<string> {
  const {type, name, choice, incomplete} = description
  yield paint(`${type} ${name}`, 'bold')
  if (choice !== undefined) yield paint(`  ${choice}`)
  yield* ownLines(description, paint)
  yield* nodeLines(description, paint)
  yield* policyLines(description, paint)
  yield* ruleLines(description, paint)
  yield* reachLines(description, paint)
  const isOne = description.nodes.length === 1
  yield* section('Differences', description.differences, paint, ({text, nodes}) => [
    paint(isOne ? text : `${nodes.join(', ')}: ${text}`, 'red'),
  ])
  yield* findingLines(description, paint)
  yield* incompleteLines('Not in the input: what rests on these parts is not known', incomplete, paint)
}

/** What only tells is counted: lint shows it. */
function* findingLines({findings}: Description, paint: Paint): Generator<string> {
  const shown = findings.filter(({level}) => level !== 'info')
  yield* section('Findings of lint', shown, paint, ({code, level, policy, message}) => [
    paint(`${level} ${code}`, level === 'error' ? 'red' : 'yellow') + paint(`  ${policy}: ${message}`),
  ])
  const infos = findings.length - shown.length
  if (infos === 0) return
  if (shown.length === 0) yield ''
  yield paint(
    `${shown.length === 0 ? '' : '  '}${infos} ${infos === 1 ? 'info' : 'infos'} of lint: kubectl npm lint --level info`,
    'dim',
  )
}

function* section<Item>(
  heading: string,
  items: readonly Item[],
  paint: Paint,
  lines: (item: Item) => Iterable<string>,
): Generator<string> {
  if (items.length === 0) return
  yield ''
  yield paint(heading, 'bold')
  for (const item of items) for (const line of lines(item)) yield `  ${line}`
}

function* table<Item>(heading: string, items: readonly Item[], shown: Column<Item>[], paint: Paint): Generator<string> {
  if (items.length === 0) return
  yield ''
  yield paint(heading, 'bold')
  for (const line of columns(items, shown, paint, true)) yield `  ${line}`
}

function* ownLines(description: Description, paint: Paint): Generator<string> {
  const {type, pods, heldBy, sets} = description
  const [pod] = pods
  if (description.service) yield* serviceLines(description.service, paint)
  if (type === 'pod' && pod) yield* podLines(pod, paint)
  else if (type === 'address' && pods.length === 0) yield paint('  no pod in the input has it')
  else if (type === 'policy') yield* table(`Pods that it selects (${pods.length})`, pods, podColumns, paint)
  else if (type !== 'set') yield* table(`Pods (${pods.length})`, pods, podColumns, paint)
  if (type === 'pod' || type === 'address') {
    yield* table(`Sets that hold it (${heldBy.length})`, heldBy, heldColumns(description), paint)
    if (heldBy.length === 0 && description.nodes.length > 0)
      yield paint(description.incomplete.length > 0 ? '  whether a set holds it is not known' : '  no set holds it')
  }
  if (type === 'namespace')
    yield* table(
      'Sets named after it',
      sets,
      [
        {header: 'SET', value: ({set}) => set},
        {header: 'MEMBERS', value: ({members}) => String(members?.length ?? '?'), align: 'right'},
        {header: 'NAME', value: each => each.name},
      ],
      paint,
    )
  if (type === 'set')
    for (const [each, nodes] of alike(sets)) {
      yield ''
      yield paint(`on ${nodes.join(', ')}`, 'dim')
      yield* setLines(each, paint)
    }
}

/** Sets that are the same on several nodes, once. Members come in no order. */
function alike(sets: Description['sets']): Iterable<readonly [Description['sets'][number], string[]]> {
  const found = new Map<string, readonly [Description['sets'][number], string[]]>()
  for (const each of sets) {
    const key = JSON.stringify([each.set, each.names, each.members?.toSorted() ?? null])
    const known = found.get(key)
    if (known) known[1].push(each.node)
    else found.set(key, [each, [each.node]])
  }
  return found.values()
}

function* podLines({node, address, ipv6, hostNetwork, labels}: DescribedPod, paint: Paint): Generator<string> {
  yield paint(`  node      ${node ?? 'none yet, or not told'}`)
  yield paint(`  address   ${address ?? 'no IPv4 address'}`)
  if (hostNetwork)
    yield paint('  network   of the host: it shares the address of its node, and no policy applies to it', 'yellow')
  if (ipv6.length > 0) yield paint(`  IPv6      ${ipv6.join(', ')}: Azure NPM filters no packet of it`, 'yellow')
  yield paint(`  labels    ${labelText(labels)}`)
}

const labelText = (labels: DescribedPod['labels']): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ') || 'none'

const podColumns: Column<DescribedPod>[] = [
  {header: 'POD', value: ({pod}) => pod},
  {header: 'NODE', value: ({node}) => node ?? '-'},
  {header: 'ADDRESS', value: ({address, hostNetwork}) => `${address ?? '-'}${hostNetwork ? ' (of the host)' : ''}`},
  {header: 'LABELS', value: ({labels}) => labelText(labels)},
]

function heldColumns({nodes: all}: Description): Column<Description['heldBy'][number]>[] {
  const where: Column<Description['heldBy'][number]> = {
    header: 'NODES',
    value: ({nodes}) => (nodes.length === all.length ? 'all' : nodes.join(', ')),
    style: ({nodes}) => (nodes.length === all.length ? undefined : 'yellow'),
  }
  return [
    {header: 'SET', value: ({set}) => set},
    ...(all.length > 1 ? [where] : []),
    {header: 'NAME', value: ({name}) => name},
    {header: 'THROUGH', value: ({through}) => through.join(', ') || '-'},
  ]
}

function* nodeLines({type, nodes}: Description, paint: Paint): Generator<string> {
  if (type !== 'node') return
  yield* section('Azure NPM', nodes, paint, ({release, generation, backend, active, policies, sets}) => [
    paint(`release    ${release ?? 'not told'}${generation === 'v1' || generation === 'v2' ? `, NPM ${generation}` : ''}`),
    paint(`back end   ${backend}`),
    paint(`enforces   ${active === null ? 'unknown' : active ? 'yes' : 'no'}`, active === false ? 'red' : undefined),
    paint(`policies   ${policies}`),
    paint(`sets       ${sets ?? 'unknown'}`),
  ])
}

function* policyLines({type, pods, policies, nodes, differences, incomplete}: Description, paint: Paint): Generator<string> {
  if (type === 'node') return
  const heading = {
    pod: 'Policies that select it',
    address: 'Policies that select it',
    service: 'Policies that select its pods',
    policy: 'State',
    set: 'Policies that use it',
    namespace: 'Policies',
  }[type]
  yield* table(
    heading,
    policies,
    [
      {header: 'POLICY', value: ({namespace, name}) => `${namespace}/${name}`},
      {header: 'TYPE', value: ({direction}) => direction},
      {header: 'NODES', value: ({nodes: {programmed, all}}) => `${programmed}/${all}`, align: 'right'},
      {header: 'STATE', value: item => (nodes.length === 0 ? 'unknown: no node was read' : stateText(item)), style: stateStyle},
    ],
    paint,
  )
  if (nodes.length > 0) yield* reasonLines({policies, differences}, paint)
  // Where not all is known, one that is not there may be in what was not given.
  if (type !== 'pod' || pods[0]?.hostNetwork === true || incomplete.length > 0) return
  const free = (['Ingress', 'Egress'] as const).filter(each => policies.every(({direction}) => direction !== each))
  if (free.length === 2) yield ''
  if (free.length > 0)
    yield paint(`${free.length === 2 ? '' : '  '}no policy selects it${free.length === 2 ? '' : ` for ${free[0]}`}`)
}

/** Why policies are not in force, each reason once, unless it is among the differences. */
function* reasonLines({policies, differences}: Pick<Description, 'policies' | 'differences'>, paint: Paint): Generator<string> {
  const told = new Set(differences.map(({text}) => text))
  const reasons = new Map<string, string[]>()
  for (const {namespace, name, direction, states} of policies)
    for (const {state, text, nodes} of states) {
      if (state === 'in force' || told.has(text)) continue
      const reason = `${nodes.length > 0 ? ` (${nodes.join(', ')})` : ''}: ${text}`
      reasons.set(reason, [...(reasons.get(reason) ?? []), `${namespace}/${name} ${direction}`])
    }
  for (const [reason, whose] of reasons) {
    const others = whose.length > MOST_NAMED ? ` and ${whose.length - MOST_NAMED} more` : ''
    yield paint(`  ${whose.slice(0, MOST_NAMED).join(', ')}${others}${reason}`, 'yellow')
  }
}

const MOST_NAMED = 3

function* ruleLines({type, rules, nodes: all}: Description, paint: Paint): Generator<string> {
  const heading = {
    pod: 'What is programmed for it',
    address: 'What is programmed for it',
    service: 'What is programmed for its pods',
    policy: 'What is programmed',
    set: 'Where it is used',
    namespace: '',
    node: '',
  }[type]
  yield* section(heading, rules, paint, function* ({policy, direction, subject, enforced, nodes, rules: texts}) {
    const where = nodes.length === all.length ? '' : `  on ${nodes.join(', ')} only`
    yield paint(`${policy}  ${direction}  ${subject}`) +
      paint(enforced ? '' : '  NOT REACHED: no jump leads to its chain', 'red') +
      paint(where, 'yellow')
    for (const text of texts) yield paint(`  ${text}`)
  })
}

function* reachLines({reach}: Description, paint: Paint): Generator<string> {
  if (!reach) return
  const by = reach.foretold
    ? 'as Azure NPM would program it'
    : reach.nodes.length > 1
      ? 'by the rules of the nodes of both ends'
      : reach.nodes[0] === 'unknown'
        ? "by the node's rules"
        : `by the rules of node ${reach.nodes[0]}`
  const lines = function* (group: ReachGroup) {
    const {ends, accepted, dropped, unknown, unlikePolicies} = group
    const others = [
      ...(unknown.length > 0 ? [`unknown: ${portText(unknown)}`] : []),
      ...(unlikePolicies.length > 0 ? [`not as the policies say: ${portText(unlikePolicies)}`] : []),
    ]
    const style =
      unknown.length + unlikePolicies.length > 0
        ? 'yellow'
        : dropped.length === 0
          ? 'green'
          : accepted.length === 0
            ? 'red'
            : undefined
    yield paint([accepted.length === 0 ? 'nothing' : portText(accepted), ...others].join('; '), style)
    // The outside, which is no pod, is never among those that are only counted.
    const inOrder = ends.toSorted((a, b) => Number(a.includes('/')) - Number(b.includes('/')))
    for (const end of inOrder.slice(0, MOST_ENDS)) yield paint(`  ${end}`)
    if (ends.length > MOST_ENDS) yield paint(`  and ${ends.length - MOST_ENDS} more`)
  }
  yield* section(`Who may reach it, ${by}`, reach.from, paint, lines)
  yield* section('Whom it may reach', reach.to, paint, lines)
}

const MOST_ENDS = 10

const portText = (ports: readonly string[]): string =>
  ports.length === TRANSPORTS && ports.every(isWhole)
    ? 'all ports'
    : ports.map(port => (isWhole(port) ? `all of ${port}` : port)).join(', ')

/** tcp, udp and sctp. */
const TRANSPORTS = 3
const isWhole = (port: string): boolean => !port.includes('/')
