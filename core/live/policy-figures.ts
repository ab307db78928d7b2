import type {LivePolicy, LiveRule} from '../contract/live.ts'
import type {NodeView, RateFrame} from './node-view.ts'

/** What counters say of one policy and direction on a node, or of several: totals of the kernel, and rates per second. */
export interface Figures {
  /** First packets of connections that allow rules matched. Null where nothing is counted. */
  readonly newConnections: number | null
  /** Packets that drop rules matched: every try counts, and what another policy allows passes all the same. */
  readonly drops: number | null
  /** Of both. */
  readonly bytes: number | null
  readonly newConnectionsPerSecond: number | null
  readonly dropsPerSecond: number | null
  readonly bytesPerSecond: number | null
}

/** What counters say of one policy and direction on a node. */
export function policyFigures(view: NodeView, {rules}: LivePolicy): Figures {
  const counts = view.counts?.rules.structure === view.live?.structure ? view.counts?.rules : undefined
  const rates = view.rates?.structure === view.live?.structure ? view.rates?.rules : undefined
  const allowed = rules.filter(({action}) => action === 'allow')
  const dropped = rules.filter(({action}) => action === 'drop')
  return {
    newConnections: sum(counts?.packets, allowed),
    drops: sum(counts?.packets, dropped),
    bytes: sum(counts?.bytes, rules),
    newConnectionsPerSecond: sum(rates?.packets, allowed),
    dropsPerSecond: sum(rates?.packets, dropped),
    bytesPerSecond: sum(rates?.bytes, rules),
  }
}

/** What counters say of one rule on a node. */
export function ruleFigures(
  view: NodeView,
  rule: LiveRule,
): Omit<Figures, 'newConnections' | 'drops' | 'newConnectionsPerSecond' | 'dropsPerSecond'> & {
  readonly packets: number | null
  readonly packetsPerSecond: number | null
} {
  const counts = view.counts?.rules.structure === view.live?.structure ? view.counts?.rules : undefined
  const rates = view.rates?.structure === view.live?.structure ? view.rates?.rules : undefined
  return {
    packets: sum(counts?.packets, [rule]),
    bytes: sum(counts?.bytes, [rule]),
    packetsPerSecond: sum(rates?.packets, [rule]),
    bytesPerSecond: sum(rates?.bytes, [rule]),
  }
}

/** Packets per second of rules together in the frames that are kept, oldest first; null where a frame does not tell. */
export const packetHistory = ({history, live}: NodeView, rules: readonly Pick<LiveRule, 'number'>[]): (number | null)[] =>
  history.map(({structure, rules: rates}: RateFrame) => (structure === live?.structure ? sum(rates?.packets, rules) : null))

/** Null where one of them is not known. */
function sum(of: Float64Array | undefined, rules: readonly Pick<LiveRule, 'number'>[]): number | null {
  if (!of) return null
  let total = 0
  for (const {number} of rules) total += of[number] ?? Number.NaN
  return Number.isNaN(total) ? null : total
}
