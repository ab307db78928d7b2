import type {TopSample} from '../contract/top.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeView} from '../live/node-view.ts'
import {policyFigures, ruleFigures} from '../live/policy-figures.ts'

/** What is known of a node, as a document. */
export function topSample(view: NodeView): TopSample {
  const {node, sample, failure, rates, live, counts, firstEntries} = view
  return {
    apiVersion: API_VERSION,
    kind: 'TopSample',
    node,
    at: failure?.at ?? sample?.at ?? live?.at ?? '',
    dropsPerSecond: rates?.node.drops ?? null,
    dropBytesPerSecond: rates?.node.dropBytes ?? null,
    newConnectionsPerSecond: rates?.node.newConnections ?? null,
    summary: sample?.summary ?? null,
    policies:
      live?.policies.map(policy => {
        const {direction, chain, enforced, subject, pods, rules} = policy
        const {bytes: _both, ...figures} = policyFigures(view, policy)
        return {
          policy: policy.policy,
          direction,
          chain,
          enforced,
          subject,
          pods,
          ...figures,
          rules: rules.map(rule => {
            const {where, action, text} = rule
            const {packets, packetsPerSecond, bytesPerSecond} = ruleFigures(view, rule)
            return {where, action, text, packets, packetsPerSecond, bytesPerSecond}
          }),
        }
      }) ?? null,
    sets:
      live?.sets.map(set => {
        const entries = counts?.entries.get(set.set) ?? null
        const first = firstEntries.get(set.set)
        return {...set, entries, change: entries === null || first === undefined ? null : entries - first}
      }) ?? null,
    problems: live?.problems ?? [],
    failure: failure ? {message: failure.message, next: failure.next} : null,
  }
}
