import {type IncompleteObjects, incompleteObjects, mayMiss} from '../kubernetes/completeness.ts'
import type {ClusterObjects, NetworkPolicy, PolicyPeer} from '../kubernetes/objects.ts'
import {policyTypes} from '../kubernetes/policy-types.ts'
import {printIpv4} from '../net/ipv4.ts'
import {NamespaceLabels} from '../policy/namespace-labels.ts'
import {type End, PacketEnds} from '../policy/packet-ends.ts'
import type {AllowedPackets, PacketMeaning} from './allowed-packets.ts'
import {Bits, BitsUnion} from './bits.ts'
import type {EndTruth} from './packet-domain.ts'
import {PolicyEnds} from './policy-ends.ts'
import {PolicyPorts} from './policy-ports.ts'
import {allServices, type ServiceRange} from './services.ts'

interface PeersAndPorts {
  /** Undefined for every peer. */
  readonly peers: readonly EndTruth[] | undefined
  readonly ports: PolicyPorts
}

/** Senders that one direction allows at some services. */
interface Allowance {
  readonly ranges: readonly ServiceRange[]
  readonly senders: EndTruth
}

/**
 * What NetworkPolicies mean for sets of packets, as `Evaluator` says it of each packet: senders as bits, services as ranges.
 * A receiver and a sender that are the same pod, and a pod and its own node, are allowed.
 */
export class PolicyPackets implements PacketMeaning {
  private readonly senders: PolicyEnds
  private readonly receivers: PolicyEnds
  private readonly known: PacketEnds
  private readonly missingPolicies: readonly IncompleteObjects[]
  /** Rules of the ingress policies that select a receiver, by its index. */
  private readonly ingress = new Map<number, PeersAndPorts[]>()
  private readonly egress: {readonly selected: Bits; readonly rules: readonly PeersAndPorts[]}[] = []
  private hasIngress = false
  private readonly isForwarded: boolean
  /** Receivers and senders whose policies are asked; undefined for all. */
  private readonly enforced: {readonly receivers: Bits; readonly senders: Bits} | undefined
  private readonly free: EndTruth
  private readonly withMissing: EndTruth

  /**
   * @param ends.isForwarded whether all packets are forwarded by a node. Then an address that may be the node on which a pod runs is
   *   taken for another one: packets between these two are not forwarded
   * @param ends.isEnforced at which addresses policies are asked, as `Evaluator` has it
   */
  constructor(
    cluster: ClusterObjects,
    {
      senders,
      receivers,
      isForwarded = false,
      isEnforced,
    }: {
      readonly senders: readonly End[]
      readonly receivers: readonly End[]
      readonly isForwarded?: boolean
      readonly isEnforced?: ((address: string) => boolean) | undefined
    },
  ) {
    this.isForwarded = isForwarded
    const incomplete = incompleteObjects(cluster)
    const namespaces = new NamespaceLabels(cluster)
    this.known = new PacketEnds(cluster, incomplete)
    this.senders = new PolicyEnds(senders, namespaces)
    this.receivers = new PolicyEnds(receivers, namespaces)
    this.missingPolicies = incomplete.filter(({kind}) => kind === 'policies')
    if (isEnforced) this.enforced = {receivers: endsAt(receivers, isEnforced), senders: endsAt(senders, isEnforced)}
    for (const policy of cluster.policies) this.addPolicy(policy)
    this.withMissing = this.missing()
    this.free = this.freeSenders()
  }

  allowed(receiver: number): AllowedPackets[] {
    const end = this.receivers.ends[receiver] as End
    const [into, out] = [this.ingressOf(receiver, end), this.egressTo(receiver, end)]
    const exempt = this.exempt(end)
    const starts = new Set([allServices.from])
    for (const {ranges} of [...into, ...out])
      for (const {from, to} of ranges) {
        starts.add(from)
        if (to < allServices.to) starts.add(to + 1)
      }
    const sorted = [...starts].toSorted((a, b) => a - b)
    return sorted.map((from, at) => {
      const to = (sorted[at + 1] ?? allServices.to + 1) - 1
      const [ingress, egress] = [this.union(into, from), this.union(out, from)]
      return {
        from,
        to,
        certain: ingress.certain.and(egress.certain).or(exempt.certain),
        possible: ingress.possible.and(egress.possible).or(exempt.possible),
      }
    })
  }

  private addPolicy(policy: NetworkPolicy): void {
    const namespace = policy.metadata.namespace ?? 'default'
    const {podSelector = {}, ingress, egress} = policy.spec
    const types = policyTypes(policy)
    const rule = (ends: PolicyEnds, peers: readonly PolicyPeer[] | undefined, ports: PeersAndPorts['ports']): PeersAndPorts => ({
      peers: peers && peers.length > 0 ? peers.map(peer => ends.peer(peer, namespace)) : undefined,
      ports,
    })
    if (types.includes('Ingress')) {
      this.hasIngress = true
      const rules = (ingress ?? []).map(({from, ports}) => rule(this.senders, from, new PolicyPorts(ports)))
      for (const receiver of this.receivers.selected(namespace, podSelector)) {
        const known = this.ingress.get(receiver)
        if (known) known.push(...rules)
        else this.ingress.set(receiver, [...rules])
      }
    }
    if (!types.includes('Egress')) return
    this.egress.push({
      selected: this.enforcedOf(this.senders.selected(namespace, podSelector)),
      rules: (egress ?? []).map(({to, ports}) => rule(this.receivers, to, new PolicyPorts(ports))),
    })
  }

  private enforcedOf(senders: Bits): Bits {
    return this.enforced ? senders.and(this.enforced.senders) : senders
  }

  /** Senders of which a policy that was not given may restrict, or allow, what they send. */
  private missing(): EndTruth {
    const pods = this.missingPolicies.length === 0 ? Bits.none : this.senders.all.without(this.senders.notPods)
    const concerned = [...pods].filter(index => {
      const {pod} = this.senders.ends[index] as End
      return !pod || this.missingPolicies.some(gap => mayMiss(gap, pod.metadata.namespace ?? 'default'))
    })
    const open = this.egress.length > 0 ? this.senders.mayBePods : Bits.none
    return {certain: Bits.none, possible: this.enforcedOf(Bits.of(concerned).or(open))}
  }

  /** Senders that no egress policy selects. */
  private freeSenders(): EndTruth {
    const selected = new BitsUnion(this.senders.ends.length)
    for (const policy of this.egress) selected.add(policy.selected)
    const possible = this.senders.all.without(selected.bits())
    return {possible, certain: possible.without(this.withMissing.possible)}
  }

  private ingressOf(receiver: number, {pod, mayBePod}: End): Allowance[] {
    const {all} = this.senders
    const everyone = (truth: EndTruth): Allowance => ({ranges: [allServices], senders: truth})
    const unsure = everyone({certain: Bits.none, possible: all})
    if (this.enforced?.receivers.has(receiver) === false) return [everyone({certain: all, possible: all})]
    if (!pod) {
      const isOpen = mayBePod && (this.missingPolicies.length > 0 || this.hasIngress)
      return isOpen ? [unsure] : [everyone({certain: all, possible: all})]
    }
    const rules = this.ingress.get(receiver)
    const isMissing = this.missingPolicies.some(gap => mayMiss(gap, pod.metadata.namespace ?? 'default'))
    if (!rules) return isMissing ? [unsure] : [everyone({certain: all, possible: all})]
    const end = this.receivers.ends[receiver] as End
    const allowed = rules.flatMap(({peers, ports}) => {
      const ranges = ports.of(end)
      return peers ? peers.map(senders => ({ranges, senders})) : [{ranges, senders: {certain: all, possible: all}}]
    })
    return isMissing ? [...allowed, unsure] : allowed
  }

  private egressTo(receiver: number, end: End): Allowance[] {
    const byRanges = new Map<string, {readonly ranges: readonly ServiceRange[]; certain: BitsUnion; possible: BitsUnion}>()
    const count = this.senders.ends.length
    for (const {selected, rules} of this.egress) {
      // Of the pods of one node most policies select none.
      if (selected.isEmpty) continue
      for (const {peers, ports} of rules) {
        const isPossible = !peers || peers.some(({possible}) => possible.has(receiver))
        if (!isPossible) continue
        const isCertain = !peers || peers.some(({certain}) => certain.has(receiver))
        for (const [ranges, isSure] of [
          [ports.of(end), isCertain],
          [ports.unsureOf(end), false],
        ] as const) {
          if (ranges.length === 0) continue
          const key = ranges.map(({from, to}) => `${from}-${to}`).join()
          let group = byRanges.get(key)
          if (!group) byRanges.set(key, (group = {ranges, certain: new BitsUnion(count), possible: new BitsUnion(count)}))
          group.possible.add(selected)
          if (isSure) group.certain.add(selected)
        }
      }
    }
    const groups = [...byRanges.values()].map(({ranges, certain, possible}) => ({
      ranges,
      senders: {certain: certain.bits(), possible: possible.bits()},
    }))
    const ranges = [allServices]
    return [
      {ranges, senders: this.free},
      ...groups,
      ...(this.withMissing.possible.isEmpty ? [] : [{ranges, senders: this.withMissing}]),
    ]
  }

  /** Senders whose packets no node forwards to a receiver: the same pod, and a pod and its own node. */
  notForwarded(receiver: number): Bits {
    return this.exemptFor(this.receivers.ends[receiver] as End).certain
  }

  private exempt(end: End): EndTruth {
    const truth = this.exemptFor(end)
    return this.isForwarded ? {certain: truth.certain, possible: truth.certain} : truth
  }

  private exemptFor(end: End): EndTruth {
    if (!end.pod) return this.senders.podsOn(end, this.known)
    const node = this.senders.ownNode(end.pod, this.known)
    const self = this.senders.podsOf(end.pod.metadata.namespace ?? 'default', pod => pod === end.pod)
    return self.isEmpty ? node : {certain: node.certain.or(self), possible: node.possible.or(self)}
  }

  private union(allowances: readonly Allowance[], service: number): EndTruth {
    let [certain, possible] = [Bits.none, Bits.none]
    for (const {ranges, senders} of allowances) {
      if (!ranges.some(({from, to}) => from <= service && service <= to)) continue
      certain = certain.or(senders.certain)
      possible = possible.or(senders.possible)
    }
    return {certain, possible}
  }
}

const endsAt = (ends: readonly End[], test: (address: string) => boolean): Bits =>
  Bits.of([...ends.keys()].filter(index => isAt((ends[index] as End).address, test)))

const isAt = (address: number | undefined, test: (address: string) => boolean): boolean =>
  address !== undefined && test(printIpv4(address))
