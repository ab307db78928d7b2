import type {PolicyList, PolicyListItem} from '../contract/policies.ts'
import type {LiveView, NodeView} from '../live/live-view.ts'
import {policyFigures} from '../live/policy-figures.ts'

/** Sums over nodes; null as long as no node tells. */
interface Sums {
  newConnections: number | null
  drops: number | null
  newConnectionsPerSecond: number | null
  dropsPerSecond: number | null
}

const keyOf = (policy: string, direction: string): string => `${policy} ${direction}`

/**
 * The list with what is counted now: rates per second over all nodes that can be watched at present and, where all nodes of the list can,
 * totals in place of those of the moment when it was made. Nodes that cannot be watched are failures.
 */
export function withFigures(list: PolicyList, {nodes}: LiveView): PolicyList {
  const watched = [...nodes.values()].filter(({failure, counts, live}) => !failure && counts?.rules.structure === live?.structure)
  const isWhole = list.nodes.every(name => watched.some(({node}) => node === name))
  const sums = new Map<string, Sums>()
  for (const view of watched) addNode(view, sums)
  const lost = [...nodes.values()].flatMap(({failure}) => failure ?? [])
  const others = list.failures.filter(({node}) => !lost.some(each => each.node === node))
  return {
    ...list,
    failures: [...others, ...lost.map(({node, message, next}) => ({node, message, next}))].toSorted((a, b) =>
      a.node < b.node ? -1 : 1,
    ),
    items: list.items.map((item): PolicyListItem => {
      const sum = sums.get(keyOf(`${item.namespace}/${item.name}`, item.direction))
      const totals = isWhole && sum && {newConnections: sum.newConnections, drops: sum.drops}
      return {
        ...item,
        ...totals,
        rates: {newConnections: sum?.newConnectionsPerSecond ?? null, drops: sum?.dropsPerSecond ?? null},
      }
    }),
  }
}

function addNode(view: NodeView, sums: Map<string, Sums>): void {
  const policies = view.live?.policies ?? []
  const inChain = Map.groupBy(policies, ({chain}) => chain)
  for (const live of policies) {
    // Of a chain that several policies share nobody knows whose packets it counts.
    if (inChain.get(live.chain)?.length !== 1 || live.policy.includes('|')) continue
    const figures = policyFigures(view, live)
    const key = keyOf(live.policy, live.direction)
    const sum = sums.get(key)
    if (!sum) {
      sums.set(key, {...figures})
      continue
    }
    sum.newConnections = bothKnown(sum.newConnections, figures.newConnections)
    sum.drops = bothKnown(sum.drops, figures.drops)
    sum.newConnectionsPerSecond = eitherKnown(sum.newConnectionsPerSecond, figures.newConnectionsPerSecond)
    sum.dropsPerSecond = eitherKnown(sum.dropsPerSecond, figures.dropsPerSecond)
  }
}

const bothKnown = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)
/** A node gives its first rate with its second sample: what others count is shown meanwhile. */
const eitherKnown = (a: number | null, b: number | null): number | null => (a === null ? b : a + (b ?? 0))
