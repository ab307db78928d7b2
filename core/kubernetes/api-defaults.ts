import type {LabelExpression, LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort} from './objects.ts'
import {policyTypes} from './policy-types.ts'

/**
 * Applies the API server's defaults to a policy: adds policy types and protocols, drops empty lists, and converts ports of digits
 * to numbers. Objects from files may lack them. A policy that needs no change is returned itself, not a copy, and so is each part
 * of it: a large cluster has thousands.
 */
export function withDefaults(policy: NetworkPolicy): NetworkPolicy {
  const {podSelector, ingress, egress} = policy.spec
  const selector = servedSelector(podSelector) ?? {}
  const incoming = filled(ingress, servedIngress)
  const outgoing = filled(egress, servedEgress)
  const hasTypes = (policy.spec.policyTypes ?? []).length > 0
  if (hasTypes && selector === podSelector && incoming === ingress && outgoing === egress) return policy
  const spec = {podSelector: selector, policyTypes: policyTypes(policy)}
  return {...policy, spec: {...spec, ...(incoming && {ingress: incoming}), ...(outgoing && {egress: outgoing})}}
}

type Rules<Direction extends 'ingress' | 'egress'> = NonNullable<NetworkPolicy['spec'][Direction]>

/** In YAML, a key without a value is null. The API treats it as absent. */
type Given<Value> = Value | null | undefined

const unlessEmpty = <Item>(items: Given<readonly Item[]>): readonly Item[] | undefined =>
  items && items.length > 0 ? items : undefined

/** A list with defaults in its items; undefined when it is empty. */
function filled<Item>(items: Given<readonly Item[]>, served: (item: Item) => Item): readonly Item[] | undefined {
  const all = unlessEmpty(items)?.map(served)
  return all?.every((item, at) => item === items?.[at]) ? (items ?? undefined) : all
}

function servedIngress(rule: Rules<'ingress'>[number]): Rules<'ingress'>[number] {
  const from = filled(rule.from, servedPeer)
  const ports = filled(rule.ports, servedPort)
  return from === rule.from && ports === rule.ports ? rule : {...(from && {from}), ...(ports && {ports})}
}

function servedEgress(rule: Rules<'egress'>[number]): Rules<'egress'>[number] {
  const to = filled(rule.to, servedPeer)
  const ports = filled(rule.ports, servedPort)
  return to === rule.to && ports === rule.ports ? rule : {...(to && {to}), ...(ports && {ports})}
}

function servedPeer(peer: PolicyPeer): PolicyPeer {
  const podSelector = servedSelector(peer.podSelector)
  const namespaceSelector = servedSelector(peer.namespaceSelector)
  const ipBlock = servedBlock(peer.ipBlock)
  if (podSelector === peer.podSelector && namespaceSelector === peer.namespaceSelector && ipBlock === peer.ipBlock) return peer
  return {...(podSelector && {podSelector}), ...(namespaceSelector && {namespaceSelector}), ...(ipBlock && {ipBlock})}
}

function servedBlock(block: PolicyPeer['ipBlock']): PolicyPeer['ipBlock'] {
  const except = unlessEmpty(block?.except)
  return !block || except === block.except ? block : {cidr: block.cidr, ...(except && {except})}
}

function servedSelector(selector: Given<LabelSelector>): LabelSelector | undefined {
  if (!selector) return undefined
  const matchLabels = selector.matchLabels && Object.keys(selector.matchLabels).length > 0 ? selector.matchLabels : undefined
  const matchExpressions = filled(selector.matchExpressions, servedExpression)
  if (matchLabels === selector.matchLabels && matchExpressions === selector.matchExpressions) return selector
  return {...(matchLabels && {matchLabels}), ...(matchExpressions && {matchExpressions})}
}

function servedExpression(expression: LabelExpression): LabelExpression {
  const {key, operator} = expression
  const values = unlessEmpty(expression.values)
  return values === expression.values ? expression : {key, operator, ...(values && {values})}
}

function servedPort(given: Readonly<{[key in keyof PolicyPort]: Given<PolicyPort[key]>}>): PolicyPort {
  const {protocol, endPort} = given
  const port = typeof given.port === 'string' && /^\d+$/.test(given.port) ? Number(given.port) : given.port
  if (protocol && port === given.port && port !== null && endPort !== null) return given as PolicyPort
  return {
    protocol: protocol ?? 'TCP',
    ...(port !== undefined && port !== null && {port}),
    ...(endPort !== undefined && endPort !== null && {endPort}),
  }
}
