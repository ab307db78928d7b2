import type {LiveSummary} from '../contract/live.ts'
import {countText, durationText, plural, rateText, sentence, spanText} from './number-text.ts'
import type {Cell, Row, TopColumn, TopTable} from './table.ts'
import type {Watched, WatchedNode} from './watched.ts'

/** Said of every number of drops. */
const DROPS_MEAN =
  'DROPS/S counts every packet that a drop rule of Azure NPM dropped: a client that tries again is counted again.'
const NEW_MEANS =
  "NEW/S counts new connections that came to Azure NPM's rules: only the first packet of a connection comes there."

const columns: readonly TopColumn[] = [
  {key: 'node', header: 'NODE', least: 8, rank: 0, grows: true, cut: 'middle'},
  {key: 'drops', header: 'DROPS/S', align: 'right', least: 7, rank: 0, isDescending: true, meaning: DROPS_MEAN},
  {key: 'history', header: 'LAST MINUTE', least: 11, rank: 6},
  {key: 'new', header: 'NEW/S', align: 'right', least: 5, rank: 1, isDescending: true, meaning: NEW_MEANS},
  {key: 'state', header: 'STATE', least: 8, rank: 0},
  {
    key: 'differences',
    header: 'DIFFERS',
    least: 7,
    rank: 2,
    isDescending: true,
    meaning:
      'DIFFERS: what on the node is not as the policies ask. "opens" lets packets pass that should not, "closes" drops packets that should pass.',
  },
  {
    key: 'failures',
    header: 'FAILED',
    align: 'right',
    least: 6,
    rank: 3,
    isDescending: true,
    meaning: 'FAILED: what Azure NPM itself counted as failed since it started.',
  },
  {key: 'policies', header: 'POLICIES', align: 'right', least: 8, rank: 4, isDescending: true},
  {key: 'rules', header: 'RULES', align: 'right', least: 5, rank: 5, isDescending: true},
  {key: 'sets', header: 'SETS', align: 'right', least: 4, rank: 8, isDescending: true},
  {key: 'entries', header: 'ENTRIES', align: 'right', least: 7, rank: 7, isDescending: true},
  {
    key: 'add',
    header: 'ADD P50/P99',
    align: 'right',
    least: 11,
    rank: 9,
    isDescending: true,
    meaning: 'ADD P50/P99: how long Azure NPM takes to add a policy, half of the times and all but one in a hundred.',
  },
  {key: 'connections', header: 'TRACKED', align: 'right', least: 7, rank: 12, isDescending: true},
  {key: 'release', header: 'NPM', least: 4, rank: 10},
  {key: 'age', header: 'NPM UP', align: 'right', least: 6, rank: 11},
]

const CONNECTING = ['Connecting to the agents of the nodes.', 'A login, or an API server that is far away, takes its time.']

/** All nodes, those that drop most first. @param now in milliseconds since 1970 */
export function nodesPage(watched: Watched, now: number): TopTable {
  return {
    about: aboutNodes(watched),
    columns,
    rows: watched.nodes.map(node => nodeRow(node, now)),
    sortedBy: 'drops',
    empty: watched.isOpening ? CONNECTING : ['No node has answered yet.'],
  }
}

/** What is wrong comes first; then what all nodes do together. */
function aboutNodes({nodes}: Watched): TopTable['about'] {
  if (nodes.length === 0) return []
  const idle = nodes.filter(({summary, failure}) => !failure && summary?.active === false).length
  const silent = nodes.filter(({failure}) => failure).length
  const differing = nodes.filter(({summary}) => summary?.differences && opensOrCloses(summary.differences) > 0).length
  const wrong = [
    ...(idle > 0 ? [`${plural(idle, 'node')} without enforcement`] : []),
    ...(silent > 0 ? [`${plural(silent, 'node')} not answering`] : []),
    ...(differing > 0 ? [`${plural(differing, 'node')} not as the policies ask`] : []),
  ]
  const live = nodes.filter(({failure}) => !failure)
  const sum = (of: (node: WatchedNode) => number | null) => {
    const known = live.map(of).filter(rate => rate !== null)
    return rateText(known.length === 0 ? null : known.reduce((total, rate) => total + rate, 0))
  }
  const silentYet = nodes.filter(({summary, failure}) => !summary && !failure).length
  const count =
    silentYet > 0 ? `${nodes.length - silentYet} of ${plural(nodes.length, 'node')} answered` : plural(nodes.length, 'node')
  const all = `${count} · ${sum(({drops}) => drops)} drops/s · ${sum(({newConnections}) => newConnections)} new connections/s`
  return [...(wrong.length > 0 ? [{text: wrong.join(' · '), tone: 'bad' as const}] : []), {text: all}]
}

const opensOrCloses = ({opens, closes}: {readonly opens: number; readonly closes: number}): number => opens + closes

/** How a node is, in a word or two. */
function nodeState({summary, failure, at}: WatchedNode, now: number): Cell {
  if (failure) return {text: at === undefined ? 'no answer' : `lost ${spanText(now - at)}`, tone: 'bad'}
  if (!summary) return {text: 'waiting', tone: 'faint'}
  if (summary.active === false) return {text: 'not in force', tone: 'bad'}
  return summary.active === null ? {text: 'unknown', tone: 'warning'} : {text: 'in force', tone: 'good'}
}

/** Nodes that drop come first, then those of which something worse than nothing is known. */
function dropsOrWorse({drops, failure, summary}: WatchedNode): Cell {
  if (failure) return {text: '-', value: 2e-6, tone: 'faint'}
  return summary?.active === false && !drops ? {...dropCell(drops), value: 3e-6} : dropCell(drops)
}

/** `opens 1 closes 2`; `none`; `-` before the first comparison. */
function differencesText(summary: WatchedNode['summary']): Cell {
  const found = summary?.differences
  if (!found) return {text: '-', value: null, tone: 'faint'}
  const {opens, closes, other} = found
  const value = opens * 1e6 + closes * 1e3 + other
  if (value === 0) return {text: 'none', value, tone: 'good'}
  const parts = [opens > 0 && `opens ${opens}`, closes > 0 && `closes ${closes}`].filter(part => part !== false)
  if (parts.length > 0) return {text: parts.join(' '), value, tone: opens > 0 ? 'bad' : 'warning'}
  return {text: `${other} harmless`, value, tone: 'faint'}
}

/** Red for drops, and nothing for none: an eye that goes down the column stops where it should. */
export const dropCell = (drops: number | null): Cell => ({
  text: rateText(drops),
  value: drops,
  ...(drops === null ? {tone: 'faint'} : drops > 0 && {tone: 'bad'}),
})

export const rateCell = (rate: number | null): Cell => ({
  text: rateText(rate),
  value: rate,
  ...(rate === null && {tone: 'faint'}),
})

const countCell = (count: number | null | undefined): Cell => ({
  text: countText(count),
  value: count ?? null,
  ...(count == null && {tone: 'faint'}),
})

function nodeRow(node: WatchedNode, now: number): Row {
  const {summary} = node
  const npm = summary?.npm
  const startedAt = npm?.startedAt ? Date.parse(npm.startedAt) : null
  const cells: (Cell | Row['cells'][number])[] = [
    {text: node.node, tone: 'strong'},
    dropsOrWorse(node),
    () => node.dropHistory,
    rateCell(node.failure ? null : node.newConnections),
    nodeState(node, now),
    differencesText(summary),
    {...countCell(npm?.failures), ...(npm?.failures ? {tone: 'warning'} : {})},
    countCell(summary?.policies),
    countCell(summary?.rules),
    countCell(summary?.sets),
    countCell(summary?.entries),
    {
      text: `${durationText(npm?.addPolicyMs?.p50)}/${durationText(npm?.addPolicyMs?.p99)}`,
      value: npm?.addPolicyMs?.p99 ?? null,
    },
    trackedCell(summary?.connections),
    {text: npm?.release ?? '-'},
    {text: startedAt === null ? '-' : spanText(now - startedAt), value: startedAt === null ? null : -startedAt},
  ]
  return {
    key: node.node,
    // What is no longer known to be so is not shown as if it was.
    cells: node.failure ? cells.map(cell => ('text' in cell && cell.tone !== 'bad' ? {...cell, tone: 'faint'} : cell)) : cells,
    opens: {kind: 'policies', node: node.node},
    details: nodeDetails(node, now),
    document: () => ({
      node: node.node,
      ...(node.at !== undefined && {at: new Date(node.at).toISOString()}),
      dropsPerSecond: node.drops,
      newConnectionsPerSecond: node.newConnections,
      ...summary,
      ...(node.failure && {failure: {message: node.failure.message, next: node.failure.next}}),
    }),
  }
}

/** What is wrong with a node comes before what is usual, of which there may be no room for columns. */
function nodeDetails({failure, summary, problems}: WatchedNode, now: number): string[] {
  if (failure) return [sentence(failure.message), failure.next]
  if (!summary) return ['Its first sample is on its way.']
  const {active, connections, npm, differences} = summary
  const isFull = connections?.most && connections.now / connections.most > 0.8
  return [
    ...(active === false ? ["No packet is judged: nothing leads to Azure NPM's rules. d tells why."] : []),
    ...problems,
    ...(isFull
      ? [`${connections.now} of ${connections.most} connections are tracked: when the table is full, the kernel drops new ones.`]
      : []),
    ...(differences && opensOrCloses(differences) > 0 ? [`${differencesSentence(differences)}: d shows them.`] : []),
    npmSentence(npm, now),
    `${countText(summary.policies)} policies, ${countText(summary.rules)} rules, ${countText(summary.sets)} sets with ${countText(summary.entries)} entries` +
      `${connections && !isFull ? `, ${connections.now} connections tracked` : ''}.`,
  ]
}

function differencesSentence({opens, closes}: {readonly opens: number; readonly closes: number}): string {
  const parts = [
    ...(opens > 0 ? [`${plural(opens, 'difference')} ${opens === 1 ? 'lets' : 'let'} packets pass that should not`] : []),
    ...(closes > 0 ? [`${plural(closes, 'difference')} ${closes === 1 ? 'drops' : 'drop'} packets that should pass`] : []),
  ]
  return parts.join(', ')
}

function npmSentence(npm: LiveSummary['npm'], now: number): string {
  if (!npm) return 'No process of Azure NPM was found, and its page cannot be read.'
  const {release, startedAt, addPolicyMs, failures} = npm
  const parts = [
    `Azure NPM${release === null ? '' : ` ${release}`}`,
    ...(startedAt === null ? [] : [`up ${spanText(now - Date.parse(startedAt))}`]),
    ...(addPolicyMs?.p99 == null
      ? []
      : [`adds a policy in ${durationText(addPolicyMs.p50)}, at worst ${durationText(addPolicyMs.p99)}`]),
    ...(failures === null ? [] : [`${failures === 0 ? 'no' : failures} failures`]),
  ]
  return `${parts.join(', ')}.`
}

function trackedCell(connections: {readonly now: number; readonly most: number | null} | null | undefined): Cell {
  if (!connections) return {text: '-', value: null, tone: 'faint'}
  const {now, most} = connections
  const isFull = most !== null && now / most > 0.8
  return {text: countText(now), value: now, ...(isFull && {tone: 'bad'})}
}
