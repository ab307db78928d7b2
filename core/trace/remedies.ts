import {withDefaults} from '../kubernetes/api-defaults.ts'
import {NAMESPACE_NAME_LABEL} from '../kubernetes/namespace-labels.ts'
import {
  type ClusterObjects,
  type NetworkPolicy,
  objectKey,
  type Pod,
  type PolicyPeer,
  type PolicyPort,
} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Packet} from '../net/packet.ts'
import {Evaluator, type ExpectedVerdict, type MeantPods} from '../policy/evaluate.ts'

/** A change to a policy that lets a packet through at one end. */
export interface Remedy {
  /** The policy with the change. */
  readonly policy: NetworkPolicy
  /** What is changed, as a sentence that tells somebody to do it. */
  readonly text: string
}

/** Changes that are tried for one end. The first policies and rules are as good as the last. */
const MOST_TRIED = 200

type Direction = 'ingress' | 'egress'
interface Rule {
  readonly peers: readonly PolicyPeer[]
  readonly ports: readonly PolicyPort[]
}

/**
 * Finds the smallest changes to policies that let a packet through which they deny: a port or a peer more in a rule, else a rule more.
 * Each is tried on the policy before it is told.
 *
 * @returns one for each end that denies the packet; all are needed
 */
export function remediesOf(packet: Packet, expected: ExpectedVerdict, cluster: ClusterObjects, meant: MeantPods): Remedy[] {
  const around = {...cluster, pods: cluster.pods.filter(pod => isAt(pod, packet))}
  return (['ingress', 'egress'] as const).flatMap(direction => {
    const {verdict, selecting} = expected[direction]
    if (verdict !== 'drop') return []
    const policies = around.policies.filter(policy => selecting.includes(objectKey(policy)))
    let tried = 0
    for (const remedy of candidates(policies, direction, packet, around)) {
      if (tried++ >= MOST_TRIED) break
      const changed = new Evaluator({...around, policies: [remedy.policy]}).evaluate(packet, meant)[direction]
      if (changed.verdict === 'accept' && changed.allowedBy) return [remedy]
    }
    return []
  })
}

function isAt(pod: Pod, {source, destination}: Packet): boolean {
  const ip = policyIp(pod)
  return ip === source || ip === destination
}

/** Changes, the smallest first. */
function* candidates(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  packet: Packet,
  {pods}: ClusterObjects,
): Generator<Remedy> {
  const address = direction === 'ingress' ? packet.source : packet.destination
  const port = portOf(packet)
  const other = pods.find(pod => policyIp(pod) === address)
  for (const policy of port ? policies : [])
    for (const [index, rule] of rulesOf(policy, direction).entries()) {
      if (rule.ports.length === 0) continue
      const ports = [...rule.ports, port as PolicyPort]
      yield {
        policy: withRule(policy, direction, index, {...rule, ports}),
        text: `add ${portText(packet)} to the ports of ${direction} rule ${index + 1} of policy ${objectKey(policy)}`,
      }
    }
  for (const policy of policies) {
    const {peer, text} = peerOf(other, address, policy)
    for (const [index, rule] of rulesOf(policy, direction).entries()) {
      if (rule.peers.length === 0) continue
      yield {
        policy: withRule(policy, direction, index, {...rule, peers: [...rule.peers, peer]}),
        text: `add ${text} to the peers of ${direction} rule ${index + 1} of policy ${objectKey(policy)}`,
      }
    }
  }
  for (const policy of policies) {
    const {peer, text} = peerOf(other, address, policy)
    const rules = rulesOf(policy, direction)
    const side = direction === 'ingress' ? 'from' : 'to'
    yield {
      policy: withRule(policy, direction, rules.length, {peers: [peer], ports: port ? [port] : []}),
      text: `add a rule to ${direction} of policy ${objectKey(policy)}: ${side} ${text}${port ? `, port ${portText(packet)}` : ''}`,
    }
  }
}

function rulesOf(policy: NetworkPolicy, direction: Direction): Rule[] {
  const {ingress = [], egress = []} = withDefaults(policy).spec
  return direction === 'ingress'
    ? ingress.map(({from = [], ports = []}) => ({peers: from, ports}))
    : egress.map(({to = [], ports = []}) => ({peers: to, ports}))
}

function withRule(policy: NetworkPolicy, direction: Direction, index: number, rule: Rule): NetworkPolicy {
  const rules = rulesOf(policy, direction).toSpliced(index, 1, rule)
  const written = rules.map(({peers, ports}) => ({
    ...(peers.length > 0 && (direction === 'ingress' ? {from: peers} : {to: peers})),
    ...(ports.length > 0 && {ports}),
  }))
  return {...policy, spec: {...policy.spec, [direction]: written}}
}

/** Policies know ports of three protocols; others pass only rules without ports. */
const portOf = ({protocol, port}: Packet): PolicyPort | undefined =>
  port === undefined ? undefined : {protocol: protocol.toUpperCase(), port}

const portText = ({protocol, port}: Packet): string => `${protocol}/${port}`

/** Labels that controllers give each pod anew: they select nothing for long. */
const PASSING_LABELS = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
])

/** A peer that stands for one end, and the same in words. */
function peerOf(
  pod: Pod | undefined,
  address: string,
  policy: NetworkPolicy,
): {readonly peer: PolicyPeer; readonly text: string} {
  if (!pod) return {peer: {ipBlock: {cidr: `${address}/32`}}, text: `ipBlock ${address}/32`}
  const namespace = pod.metadata.namespace ?? 'default'
  const labels = Object.entries(pod.metadata.labels ?? {}).filter(([key]) => !PASSING_LABELS.has(key))
  const isOther = namespace !== (policy.metadata.namespace ?? 'default')
  const podSelector = labels.length > 0 ? {matchLabels: Object.fromEntries(labels)} : {}
  const which = labels.length > 0 ? `pods ${labels.map(([key, value]) => `${key}=${value}`).join(',')}` : 'all pods'
  return {
    peer: {podSelector, ...(isOther && {namespaceSelector: {matchLabels: {[NAMESPACE_NAME_LABEL]: namespace}}})},
    text: isOther ? `${which} in namespace ${namespace}` : which,
  }
}
