import {selects} from '../kubernetes/label-selector.ts'
import {
  type ClusterObjects,
  type LabelSelector,
  type NetworkPolicy,
  objectKey,
  type Pod,
  type PolicyPeer,
  type PolicyPort,
} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {policyTypes} from '../kubernetes/policy-types.ts'
import type {Direction} from '../names/kernel-name.ts'
import {blockHolds, parseIpv4, parseIpv4Block} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'

/**
 * What NetworkPolicies mean according to the API, without anything of Azure NPM. Compiled programs and walks are compared with this.
 * Source: Kubernetes API reference, NetworkPolicySpec.
 */

/** The verdict for one end of a packet. */
export interface ExpectedSide {
  readonly verdict: 'accept' | 'drop'
  /** Policies of this direction that select the pod at this end, as `namespace/name`. If there are none, everything is accepted. */
  readonly selecting: readonly string[]
  /** The policy that allows it, and which of its rules, from 0. */
  readonly allowedBy?: {readonly policy: string; readonly rule: number}
}

export interface ExpectedVerdict {
  readonly verdict: 'accept' | 'drop'
  /** Of the receiver. */
  readonly ingress: ExpectedSide
  /** Of the sender. */
  readonly egress: ExpectedSide
  /** Why, in words: first ingress, then egress. */
  readonly reason: string
}

/** One end of a packet: its address, and the pod there if there is one that policies can select. */
export interface End {
  readonly address: number
  readonly pod?: Pod
}

type PeerTest = (end: End) => boolean
type PortTest = (packet: Packet, receiver: End) => boolean

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

/** Evaluates the policies of a cluster for any number of packets. */
export class Evaluator {
  private readonly podsByAddress = new Map<number, Pod>()
  private readonly namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>
  private readonly sides = new Map<string, CompiledSide[]>()
  /** Cached because every packet needs the policies of two pods, and there are many more packets than pods. */
  private readonly selecting = new Map<Pod, Record<Direction, readonly CompiledSide[]>>()

  constructor(objects: ClusterObjects) {
    this.namespaceLabels = new Map(objects.namespaces.map(({metadata}) => [metadata.name, metadata.labels ?? {}]))
    for (const pod of objects.pods) {
      const address = policyAddress(pod)
      if (address !== undefined) this.podsByAddress.set(address, pod)
    }
    for (const policy of objects.policies) this.addPolicy(policy)
  }

  private addPolicy(policy: NetworkPolicy): void {
    const namespace = policy.metadata.namespace ?? 'default'
    const types = policyTypes(policy)
    const {podSelector = {}, ingress, egress} = policy.spec
    const sides: {direction: Direction; rules: CompiledRule[]}[] = [
      {direction: 'Ingress', rules: (ingress ?? []).map(({from, ports}) => this.rule(from, ports, namespace))},
      {direction: 'Egress', rules: (egress ?? []).map(({to, ports}) => this.rule(to, ports, namespace))},
    ]
    const known = this.sides.get(namespace) ?? []
    this.sides.set(namespace, known)
    for (const {direction, rules} of sides)
      if (types.includes(direction)) known.push({policy: objectKey(policy), direction, selector: podSelector, rules})
  }

  private rule(
    peers: readonly PolicyPeer[] | undefined,
    ports: readonly PolicyPort[] | undefined,
    namespace: string,
  ): CompiledRule {
    return {
      // An empty list means the same as an absent one: every peer, every port.
      peers: peers && peers.length > 0 ? peers.map(peer => this.peer(peer, namespace)) : undefined,
      ports: ports && ports.length > 0 ? ports.map(portTest) : undefined,
    }
  }

  private peer({ipBlock, podSelector, namespaceSelector}: PolicyPeer, namespace: string): PeerTest {
    if (ipBlock) {
      const block = parseIpv4Block(ipBlock.cidr)
      const excepted = (ipBlock.except ?? []).map(parseIpv4Block)
      // An IPv6 block contains no IPv4 address.
      if (!block) return () => false
      return ({address}) => blockHolds(block, address) && !excepted.some(each => each && blockHolds(each, address))
    }
    // A peer without fields selects nothing. The API server rejects it.
    if (!podSelector && !namespaceSelector) return () => false
    return ({pod}) => {
      if (!pod) return false
      const its = pod.metadata.namespace ?? 'default'
      if (namespaceSelector ? !selects(namespaceSelector, this.namespaceLabels.get(its)) : its !== namespace) return false
      return selects(podSelector ?? {}, pod.metadata.labels)
    }
  }

  /** The end of a packet at an IPv4 address, with the pod there that policies can select. */
  end(text: string): End {
    const address = parseIpv4(text) ?? -1
    const pod = this.podsByAddress.get(address)
    return {address, ...(pod && {pod})}
  }

  private directionVerdicts(pod: Pod): Record<Direction, readonly CompiledSide[]> {
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
    const sides = own.pod ? this.directionVerdicts(own.pod)[direction] : []
    const selecting = sides.map(({policy}) => policy)
    for (const {policy, rules} of sides)
      for (const [rule, {peers, ports}] of rules.entries())
        if ((!peers || peers.some(test => test(peer))) && (!ports || ports.some(test => test(packet, receiver))))
          return {verdict: 'accept', selecting, allowedBy: {policy, rule}}
    return {verdict: sides.length === 0 ? 'accept' : 'drop', selecting}
  }

  /** The verdict of the policies for a packet that opens a connection. Both ends must accept it. */
  evaluate(packet: Packet): ExpectedVerdict {
    const sender = this.end(packet.source)
    const receiver = this.end(packet.destination)
    const ingress = this.side('Ingress', receiver, sender, packet, receiver)
    const egress = this.side('Egress', sender, receiver, packet, receiver)
    const verdict = ingress.verdict === 'accept' && egress.verdict === 'accept' ? 'accept' : 'drop'
    return {
      verdict,
      ingress,
      egress,
      reason: [sideReason('ingress', 'receiver', ingress), sideReason('egress', 'sender', egress)].join('; '),
    }
  }
}

function sideReason(direction: string, end: string, {selecting, allowedBy}: ExpectedSide): string {
  if (selecting.length === 0) return `no ${direction} policy selects the ${end}`
  if (allowedBy) return `${direction} allowed by ${allowedBy.policy}, rule ${allowedBy.rule + 1}`
  return `${direction} not allowed by any of the policies that select the ${end}: ${selecting.join(', ')}`
}

/** A port condition. A name is looked up in the receiving pod; without such a pod it matches nothing. */
function portTest({protocol = 'TCP', port, endPort}: PolicyPort): PortTest {
  const wanted = protocol.toLowerCase()
  if (port === undefined) return packet => packet.protocol === wanted
  const first = typeof port === 'number' || /^\d+$/.test(port) ? Number(port) : undefined
  if (first === undefined)
    return (packet, {pod}) =>
      packet.protocol === wanted && packet.port !== undefined && declares(pod, String(port), wanted, packet.port)
  const last = endPort ?? first
  return packet => packet.protocol === wanted && packet.port !== undefined && packet.port >= first && packet.port <= last
}

const declares = (pod: Pod | undefined, name: string, protocol: string, port: number): boolean =>
  (pod?.spec?.containers ?? []).some(container =>
    (container.ports ?? []).some(
      each => each.name === name && each.containerPort === port && (each.protocol ?? 'TCP').toLowerCase() === protocol,
    ),
  )
