import type {LiveEvent, LiveFailure, LiveNode, LivePolicy, LiveSample, LiveSummary} from '../../../core/contract/live.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import {emptyView, type LiveView, reduceLive} from '../../../core/live/live-view.ts'

/** What nodes would send, second by second. */

export const START = Date.parse('2026-11-30T03:12:00Z')
export const at = (second: number): string => new Date(START + second * 1000).toISOString()

const rule = (number: number, action: 'allow' | 'drop', text: string, chain: string) => ({
  number,
  where: {chain, position: number + 1},
  action,
  text,
})

const shopDb: LivePolicy = {
  policy: 'shop/db-from-api',
  direction: 'Ingress',
  chain: 'AZURE-NPM-INGRESS-0001',
  enforced: true,
  subject: 'pods in namespace shop with app=db',
  pods: ['shop/db-0', 'shop/db-1'],
  jump: 0,
  rules: [
    rule(1, 'allow', 'allow tcp/5432 from pods app=api in namespace shop', 'AZURE-NPM-INGRESS-0001'),
    rule(2, 'allow', 'allow tcp/9187 from 10.20.0.0/16', 'AZURE-NPM-INGRESS-0001'),
    rule(3, 'drop', 'drop everything else, unless another policy allows it', 'AZURE-NPM-INGRESS-0001'),
  ],
}

const shopWeb: LivePolicy = {
  policy: 'shop/web',
  direction: 'Ingress',
  chain: 'AZURE-NPM-INGRESS-0002',
  enforced: true,
  subject: 'pods in namespace shop with app=web',
  pods: ['shop/web-66d9f8c7b5-2xkqz'],
  jump: 4,
  rules: [
    rule(5, 'allow', 'allow tcp/80-443 from everywhere', 'AZURE-NPM-INGRESS-0002'),
    rule(6, 'drop', 'drop everything else, unless another policy allows it', 'AZURE-NPM-INGRESS-0002'),
  ],
}

const batchOut: LivePolicy = {
  policy: 'batch/no-internet',
  direction: 'Egress',
  chain: 'AZURE-NPM-EGRESS-0003',
  enforced: false,
  subject: 'all pods in namespace batch',
  pods: [],
  jump: null,
  rules: [rule(8, 'drop', 'drop everything else, unless another policy allows it', 'AZURE-NPM-EGRESS-0003')],
}

const set = (name: string, meaning: string, capacity: number | null, kind: 'hash' | 'list' = 'hash') => ({
  set: `azure-npm-${name.length}${name.charCodeAt(name.length - 1)}`,
  name,
  meaning,
  kind,
  capacity,
})

export const sets = [
  set('ns-shop', 'pods in namespace shop', 65_536),
  set('podlabel-app:db', 'pods with app=db', 65_536),
  set('podlabel-app:web', 'pods with app=web', 65_536),
  set('cidr-api-in-ns:shop-0-0IN', '10.20.0.0/16 of policy shop/db-from-api', null),
  set('all-namespaces', 'all namespaces', null, 'list'),
]

export const liveNode = (node: string, second: number, changes: Partial<LiveNode> = {}): LiveNode => ({
  apiVersion: API_VERSION,
  kind: 'LiveNode',
  node,
  at: at(second),
  structure: 'one',
  backend: 'nft',
  policies: [shopWeb, shopDb, batchOut],
  sets,
  problems: [],
  ...changes,
})

const summary = (changes: Partial<LiveSummary> = {}): LiveSummary => ({
  policies: 2,
  rules: 21,
  sets: 5,
  entries: 210,
  newConnections: 0,
  drops: 0,
  dropBytes: 0,
  active: true,
  connections: {now: 1200, most: 131_072},
  differences: {opens: 0, closes: 0, other: 0, at: at(0)},
  npm: {release: 'v1.6.46', startedAt: '2026-11-27T03:12:00.000Z', addPolicyMs: {p50: 14, p99: 210}, failures: 0},
  ...changes,
})

export const liveSample = (
  node: string,
  second: number,
  changes: Partial<LiveSummary> = {},
  counts?: LiveSample['counts'],
): LiveSample => ({
  apiVersion: API_VERSION,
  kind: 'LiveSample',
  node,
  at: at(second),
  structure: 'one',
  summary: summary(changes),
  ...(counts && {counts}),
  readMs: 3,
  intervalMs: 1000,
  skipped: 0,
})

export const liveFailure = (node: string, second: number, message: string, next: string): LiveFailure => ({
  apiVersion: API_VERSION,
  kind: 'LiveFailure',
  node,
  at: at(second),
  message,
  next,
})

/** Drops in each second of a minute: a wave, so that a sparkline has something to draw. */
const dropsIn = (second: number): number => (second < 20 ? 0 : Math.round(8 + 6 * Math.sin(second / 4)))

/** A minute of a node whose policies drop and allow. */
export function busyNode(node: string, seconds = 60): LiveEvent[] {
  const events: LiveEvent[] = [liveNode(node, 0)]
  let drops = 40
  for (let second = 0; second <= seconds; second++) {
    drops += dropsIn(second)
    const web = 1000 + second * 90
    const api = 500 + second * 12
    events.push(
      liveSample(
        node,
        second,
        {
          newConnections: web + api + drops,
          drops,
          dropBytes: drops * 60,
          differences: {opens: 1, closes: 0, other: 2, at: at(0)},
        },
        {
          isFull: second === 0,
          rules: [
            0,
            api + drops,
            0,
            1,
            api,
            api * 60,
            2,
            7,
            420,
            3,
            drops,
            drops * 60,
            4,
            web,
            0,
            5,
            web,
            web * 52,
            6,
            0,
            0,
            8,
            0,
            0,
          ].slice(0, 24),
          sets:
            second === 0
              ? sets.map(({set}, index): [string, number] => [set, [120, 2, 60_000, 14, 9][index] as number])
              : second === 30
                ? [[sets[0]?.set as string, 141]]
                : [],
          goneSets: [],
        },
      ),
    )
  }
  return events
}

/** A node of which only the summary is watched. */
export function quietNode(node: string, changes: Partial<LiveSummary> = {}, perSecond = 40, seconds = 60): LiveEvent[] {
  return Array.from({length: seconds + 1}, (_, second) =>
    liveSample(node, second, {newConnections: 10_000 + perSecond * second, ...changes}),
  )
}

/** Documents of several nodes in the order of their times. */
export const inOrder = (...streams: readonly (readonly LiveEvent[])[]): LiveEvent[] =>
  streams.flat().toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))

export const viewOf = (events: readonly LiveEvent[]): LiveView => events.reduce(reduceLive, emptyView)

/** Three in the morning: one node drops, one enforces nothing, one is lost, and two are well. */
export const nightEvents = (): LiveEvent[] =>
  inOrder(
    busyNode('aks-pool1-31415926-vmss000000'),
    quietNode('aks-pool1-31415926-vmss000001'),
    quietNode('aks-pool1-31415926-vmss000002', {active: false, npm: null, policies: 0, rules: 0}),
    [
      ...quietNode('aks-pool1-31415926-vmss000003', {}, 12, 48),
      liveFailure(
        'aks-pool1-31415926-vmss000003',
        49,
        'the agent of node aks-pool1-31415926-vmss000003 cannot be reached: connection refused',
        'It is tried again every few seconds. kubectl npm status tells how the agents are.',
      ),
    ],
    quietNode('aks-pool2-27182818-vmss00000a', {drops: 3}, 310),
  )
