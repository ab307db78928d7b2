import type {LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort} from './objects.ts'
import {policyTypes} from './v1-target.ts'

/**
 * A policy as the API server gives it out: policy types and protocols filled in, empty lists left out, ports of digits as
 * numbers. Objects read from a file may never have met an API server; those that have are not changed.
 */
export function asServed(policy: NetworkPolicy): NetworkPolicy {
  const {podSelector, ingress, egress} = policy.spec
  return {
    ...policy,
    spec: {
      podSelector: servedSelector(podSelector) ?? {},
      policyTypes: policyTypes(policy),
      ...list('ingress', ingress, rule => ({...list('from', rule.from, servedPeer), ...list('ports', rule.ports, servedPort)})),
      ...list('egress', egress, rule => ({...list('to', rule.to, servedPeer), ...list('ports', rule.ports, servedPort)})),
    },
  }
}

/** In YAML a key with nothing behind it is null, which the API takes as absent. */
type Given<Value> = Value | null | undefined

/** A list under its key, unless it is empty. */
function list<Key extends string, Item, Served>(
  key: Key,
  items: Given<readonly Item[]>,
  served: (item: Item) => Served,
): {readonly [name in Key]?: readonly Served[]} {
  const filled: {[name in string]?: readonly Served[]} = {}
  if (items && items.length > 0) filled[key] = items.map(served)
  return filled as {readonly [name in Key]?: readonly Served[]}
}

const asItIs = <Item>(item: Item): Item => item

function servedPeer({podSelector, namespaceSelector, ipBlock}: PolicyPeer): PolicyPeer {
  const pods = servedSelector(podSelector)
  const namespaces = servedSelector(namespaceSelector)
  return {
    ...(pods && {podSelector: pods}),
    ...(namespaces && {namespaceSelector: namespaces}),
    ...(ipBlock && {ipBlock: {cidr: ipBlock.cidr, ...list('except', ipBlock.except, asItIs)}}),
  }
}

function servedSelector(selector: Given<LabelSelector>): LabelSelector | undefined {
  if (!selector) return undefined
  const {matchLabels, matchExpressions} = selector
  return {
    ...(matchLabels && Object.keys(matchLabels).length > 0 && {matchLabels}),
    ...list('matchExpressions', matchExpressions, ({key, operator, values}) => ({
      key,
      operator,
      ...list('values', values, asItIs),
    })),
  }
}

function servedPort({protocol, port, endPort}: Readonly<{[key in keyof PolicyPort]: Given<PolicyPort[key]>}>): PolicyPort {
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port
  return {
    protocol: protocol ?? 'TCP',
    ...(number !== undefined && number !== null && {port: number}),
    ...(endPort !== undefined && endPort !== null && {endPort}),
  }
}
