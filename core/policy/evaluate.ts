import {type IncompleteObjects, incompleteObjects, mayMiss} from '../kubernetes/completeness.ts'
import {selects} from '../kubernetes/label-selector.ts'
import {type ClusterObjects, type LabelSelector, type NetworkPolicy, objectKey, type Pod} from '../kubernetes/objects.ts'
import {policyTypes} from '../kubernetes/policy-types.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {type Answer, anyHolds, both} from './answer.ts'
import {NamespaceLabels} from './namespace-labels.ts'
import {type End, PacketEnds} from './packet-ends.ts'
import {type PeerTest, type PortTest, peerTest, portTest} from './rule-tests.ts'

/**
 * What NetworkPolicies mean according to the API, without anything of Azure NPM. Compiled programs and walks are compared with this.
 * Source: Kubernetes API reference, NetworkPolicySpec.
 */

/** The verdict for one end of a packet. */
export interface ExpectedSide {
  /** `unknown` when it rests on objects that were not given. */
  readonly verdict: Verdict
  /** Policies of this direction that select the pod at this end, as `namespace/name`. If there are none, everything is accepted. */
  readonly selecting: readonly string[]
  /** The policy that allows it, and which of its rules, from 0. */
  readonly allowedBy?: {readonly policy: string; readonly rule: number}
  /** What an unknown verdict rests on. */
  readonly missing?: IncompletePart
  /** Whether the peer is the pod's own node, which always reaches it. */
  readonly isOwnNode?: boolean
  /** Whether the policies of this end are left aside. */
  readonly isElsewhere?: true
}

export interface ExpectedVerdict {
  readonly verdict: Verdict
  /** Of the receiver. */
  readonly ingress: ExpectedSide
  /** Of the sender. */
  readonly egress: ExpectedSide
  /** Why, in words: first ingress, then egress. */
  readonly reason: string
  /** The parts of the input that an unknown verdict rests on. */
  readonly incomplete: readonly IncompletePart[]
  /**
   * Why no policy is asked: the packet stays inside its pod, or passes between a pod and the pod's own node. Such packets do not meet
   * FORWARD.
   */
  readonly exempt?: 'same-pod' | 'own-node'
}

/** The pods that are meant, where a packet's address alone could be another's. */
export interface MeantPods {
  readonly source?: Pod | undefined
  readonly destination?: Pod | undefined
}

interface CompiledRule {
  readonly peers: readonly PeerTest[] | undefined
  readonly ports: readonly PortTest[] | undefined
}

interface CompiledSide {
  readonly policy: string
  readonly direction: Direction
  readonly selector: LabelSelector
  readonly rules: readonly CompiledRule[]
}

/** Pairs of pods that are judged when addresses are shared; an address of thousands of pods is no question. */
const MOST_PAIRS = 64

/** Evaluates the policies of a cluster for any number of packets. */
export class Evaluator {
  private readonly ends: PacketEnds
  private readonly namespaces: NamespaceLabels
  private readonly sides = new Map<string, CompiledSide[]>()
  private readonly directions = new Set<Direction>()
  private readonly missingPolicies: readonly IncompleteObjects[]
  /** Cached because every packet needs the policies of two pods, and there are many more packets than pods. */
  private readonly selecting = new Map<Pod, Record<Direction, readonly CompiledSide[]>>()
  private readonly isEnforced: ((address: string) => boolean) | undefined

  /** @param isEnforced at which addresses policies are asked. Those of other ends are left aside, as if nothing selected these. */
  constructor(objects: ClusterObjects, isEnforced?: (address: string) => boolean) {
    this.isEnforced = isEnforced
    const incomplete = incompleteObjects(objects)
    this.ends = new PacketEnds(objects, incomplete)
    this.namespaces = new NamespaceLabels(objects)
    this.missingPolicies = incomplete.filter(({kind}) => kind === 'policies')
    for (const policy of objects.policies) this.addPolicy(policy)
  }

  private addPolicy(policy: NetworkPolicy): void {
    const namespace = policy.metadata.namespace ?? 'default'
    const types = policyTypes(policy)
    const {podSelector = {}, ingress, egress} = policy.spec
    const ruleOf = (peers: NonNullable<typeof ingress>[number]['from'], ports: NonNullable<typeof ingress>[number]['ports']) => ({
      // An empty list means the same as an absent one: every peer, every port.
      peers: peers && peers.length > 0 ? peers.map(peer => peerTest(peer, namespace, this.namespaces)) : undefined,
      ports: ports && ports.length > 0 ? ports.map(portTest) : undefined,
    })
    const sides: {direction: Direction; rules: CompiledRule[]}[] = [
      {direction: 'Ingress', rules: (ingress ?? []).map(({from, ports}) => ruleOf(from, ports))},
      {direction: 'Egress', rules: (egress ?? []).map(({to, ports}) => ruleOf(to, ports))},
    ]
    const known = this.sides.get(namespace) ?? []
    this.sides.set(namespace, known)
    for (const {direction, rules} of sides) {
      if (!types.includes(direction)) continue
      known.push({policy: objectKey(policy), direction, selector: podSelector, rules})
      this.directions.add(direction)
    }
  }

  private policiesOf(pod: Pod): Record<Direction, readonly CompiledSide[]> {
    const known = this.selecting.get(pod)
    if (known) return known
    const all = (this.sides.get(pod.metadata.namespace ?? 'default') ?? []).filter(({selector}) =>
      selects(selector, pod.metadata.labels),
    )
    const sides = {
      Ingress: all.filter(({direction}) => direction === 'Ingress'),
      Egress: all.filter(({direction}) => direction === 'Egress'),
    }
    this.selecting.set(pod, sides)
    return sides
  }

  private side(direction: Direction, own: End, peer: End, packet: Packet, receiver: End): ExpectedSide {
    const {pod, mayBePod} = own
    if (!pod) {
      const missing = mayBePod && (this.missingPolicies[0] ?? (this.directions.has(direction) ? mayBePod : undefined))
      return missing ? {verdict: 'unknown', selecting: [], missing} : {verdict: 'accept', selecting: []}
    }
    const sides = this.policiesOf(pod)[direction]
    const selecting = sides.map(({policy}) => policy)
    const isOwnNode = this.ends.isOwnNode(pod, peer)
    if (isOwnNode === true) return {verdict: 'accept', selecting, isOwnNode}
    let missing: IncompletePart | undefined
    for (const {policy, rules} of sides)
      for (const [rule, {peers, ports}] of rules.entries()) {
        const isPort: Answer = !ports || anyHolds(ports, packet, receiver)
        const allowed = isPort && peers ? both(anyHolds(peers, peer), isPort) : isPort
        if (allowed === true) return {verdict: 'accept', selecting, allowedBy: {policy, rule}}
        if (allowed !== false) missing ??= allowed
      }
    // A policy that was not given may select the pod, or allow what the given ones do not.
    const namespace = pod.metadata.namespace ?? 'default'
    missing ??= this.missingPolicies.find(gap => mayMiss(gap, namespace))
    if (!missing && sides.length === 0) return {verdict: 'accept', selecting}
    missing ??= isOwnNode === false ? undefined : isOwnNode
    return missing ? {verdict: 'unknown', selecting, missing} : {verdict: 'drop', selecting}
  }

  private judge(sender: End, receiver: End, packet: Packet): ExpectedVerdict {
    if (isSamePod(sender, receiver)) return STAYS_INSIDE
    const isAsked = (address: string): boolean => this.isEnforced?.(address) !== false
    const ingress = isAsked(packet.destination) ? this.side('Ingress', receiver, sender, packet, receiver) : ELSEWHERE
    const egress = isAsked(packet.source) ? this.side('Egress', sender, receiver, packet, receiver) : ELSEWHERE
    const verdict = ingress.verdict === egress.verdict ? ingress.verdict : worse(ingress.verdict, egress.verdict)
    const isOwnNode = ingress.isOwnNode === true || egress.isOwnNode === true
    return {
      verdict,
      ingress,
      egress,
      reason: [sideReason('ingress', 'receiver', ingress), sideReason('egress', 'sender', egress)].join('; '),
      incomplete: verdict === 'unknown' ? missingOf(ingress, egress) : NOTHING,
      ...(isOwnNode && {exempt: 'own-node' as const}),
    }
  }

  /**
   * The verdict of the policies for a packet that opens a connection. Both ends must accept it.
   *
   * @param meant the pods at the ends, when they are known; each counts only if the packet has its address. Without them, an address that
   *   several pods have is judged for each, and unknown where that makes a difference.
   */
  evaluate(packet: Packet, meant: MeantPods = {}): ExpectedVerdict {
    if (packet.source === packet.destination && meant.source === meant.destination) return STAYS_INSIDE
    const senders = this.ends.of(meant.source, packet.source)
    const receivers = this.ends.of(meant.destination, packet.destination)
    const [sender, receiver] = [senders[0], receivers[0]]
    if (senders.length * receivers.length === 1 && sender && receiver) return this.judge(sender, receiver, packet)
    if (senders.length * receivers.length > MOST_PAIRS) return ambiguous([...senders, ...receivers])
    const all = senders.flatMap(from => receivers.map(to => this.judge(from, to, packet)))
    const [first] = all
    return first && all.every(({verdict}) => verdict === first.verdict)
      ? first
      : ambiguous(senders.length > 1 ? senders : receivers)
  }
}

const NOTHING: readonly IncompletePart[] = []
const ELSEWHERE: ExpectedSide = {verdict: 'accept', selecting: [], isElsewhere: true}

function missingOf({missing: first}: ExpectedSide, {missing: second}: ExpectedSide): readonly IncompletePart[] {
  if (!first || !second || first.part === second.part) return [first ?? second].flatMap(part => part ?? [])
  return [first, second]
}

const isSamePod = (sender: End, receiver: End): boolean => sender.pod !== undefined && sender.pod === receiver.pod

/** Of two different verdicts: a packet that one end drops is dropped, whatever is not known of the other. */
const worse = (one: Verdict, other: Verdict): Verdict => (one === 'drop' || other === 'drop' ? 'drop' : 'unknown')

const STAYS_INSIDE: ExpectedVerdict = {
  verdict: 'accept',
  ingress: {verdict: 'accept', selecting: []},
  egress: {verdict: 'accept', selecting: []},
  reason: 'a packet to the own address stays inside the pod: neither rules nor policies see it',
  incomplete: [],
  exempt: 'same-pod',
}

function ambiguous(ends: readonly End[]): ExpectedVerdict {
  const names = ends.flatMap(({pod}) => (pod ? [objectKey(pod)] : [])).slice(0, 3)
  return {
    verdict: 'unknown',
    ingress: {verdict: 'unknown', selecting: []},
    egress: {verdict: 'unknown', selecting: []},
    reason: `pods ${names.join(' and ')} have one address, and the policies mean something else for each: name the pod`,
    incomplete: [],
  }
}

function sideReason(
  direction: string,
  end: string,
  {verdict, selecting, allowedBy, missing, isOwnNode, isElsewhere}: ExpectedSide,
): string {
  if (isElsewhere) return `${direction} is another node's to judge`
  if (isOwnNode) return `a pod and its own node always reach each other, so no ${direction} policy is asked`
  if (verdict === 'unknown') return `whether ${direction} is allowed is not known: ${missing?.reason ?? ''}`
  if (selecting.length === 0) return `no ${direction} policy selects the ${end}`
  if (allowedBy) return `${direction} allowed by ${allowedBy.policy}, rule ${allowedBy.rule + 1}`
  return `${direction} not allowed by any of the policies that select the ${end}: ${selecting.join(', ')}`
}
