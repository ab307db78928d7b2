import type {LivePolicy, LiveRule} from '../contract/live.ts'
import type {Happening} from '../live/happenings.ts'
import type {LiveView, NodeView} from '../live/live-view.ts'
import {packetHistory, policyFigures, ruleFigures} from '../live/policy-figures.ts'
import type {Watched, WatchedNode, WatchedPolicy, WatchedRule} from './watched.ts'

const BAD: readonly Happening['kind'][] = ['differenceAppeared', 'policyRemoved', 'npmRestarted', 'nodeLost']

/**
 * What pages need of a view. What only some pages show is computed when they ask for it.
 *
 * @param isRecorded whether it was recorded, so that nothing more can be read
 * @param isOpening whether it is still being found out which nodes there are
 */
export function watch({nodes, happenings}: LiveView, {isRecorded = false, isOpening = false} = {}): Watched {
  return {
    isOpening,
    nodes: [...nodes.values()].map(view => watchNode(view, isRecorded)),
    get events() {
      return happenings
        .map(({node, at, kind, text}) => ({node, at: Date.parse(at), isBad: BAD.includes(kind), text}))
        .toReversed()
    },
  }
}

/** Computed when it is first asked for. */
function once<Value>(compute: () => Value): () => Value {
  let known: {readonly value: Value} | undefined
  return () => (known ??= {value: compute()}).value
}

function watchNode(view: NodeView, isRecorded: boolean): WatchedNode {
  const {node, sample, rates, history, live, failure, counts, firstEntries} = view
  const policies = once(() => live?.policies.map(policy => watchPolicy(view, policy)))
  return {
    node,
    ...(sample && {
      summary: sample.summary,
      at: Date.parse(sample.at),
      readMs: sample.readMs,
      intervalMs: sample.intervalMs,
    }),
    ...(isRecorded && {isRecorded}),
    drops: rates?.node.drops ?? null,
    newConnections: rates?.node.newConnections ?? null,
    get dropHistory() {
      return history.map(frame => frame.node.drops)
    },
    ...(live && {backend: live.backend}),
    problems: live?.problems ?? [],
    ...(failure && {failure: {message: failure.message, next: failure.next, at: Date.parse(failure.at)}}),
    get policies() {
      return policies()
    },
    get sets() {
      return live?.sets.map(set => {
        const members = counts?.entries.get(set.set) ?? null
        const first = firstEntries.get(set.set)
        return {...set, members, growth: members === null || first === undefined ? null : members - first}
      })
    },
  }
}

function watchPolicy(view: NodeView, policy: LivePolicy): WatchedPolicy {
  const figures = policyFigures(view, policy)
  return {
    ...policy,
    key: `${policy.chain} ${policy.policy}`,
    ruleCount: policy.rules.length,
    drops: atMost(figures.dropsPerSecond, view.rates?.node.drops),
    newConnections: figures.newConnectionsPerSecond,
    get dropHistory() {
      const own = packetHistory(
        view,
        policy.rules.filter(({action}) => action === 'drop'),
      )
      return own.map((drops, at) => atMost(drops, view.history[at]?.node.drops))
    },
    get rules() {
      return policy.rules.map(rule => watchRule(view, rule))
    },
  }
}

/**
 * Drop rules of a policy count what the policy does not allow, also what another policy then allows. No more than what the node drops can
 * have been dropped: where all is allowed by one of several policies, none of them drops anything.
 */
const atMost = (denied: number | null, dropped: number | null | undefined): number | null =>
  denied === null || dropped == null ? denied : Math.min(denied, dropped)

function watchRule(view: NodeView, rule: LiveRule): WatchedRule {
  const {packets, packetsPerSecond, bytesPerSecond} = ruleFigures(view, rule)
  return {
    ...rule,
    packets,
    packetRate: packetsPerSecond,
    byteRate: bytesPerSecond,
    get history() {
      return packetHistory(view, [rule])
    },
  }
}
