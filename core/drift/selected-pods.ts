import type {ClusterObjects, Pod} from '../kubernetes/objects.ts'
import {policyAddress} from '../kubernetes/pod-filter.ts'
import {printIpv4} from '../net/ipv4.ts'
import type {Packet} from '../net/packet.ts'
import {spread} from '../packets/spread.ts'
import type {Evaluator} from '../policy/evaluate.ts'

/** Pods whose policies are looked up to find some that policies select. */
const MOST_ASKED = 2000
/** Pods of a policy whose packets are tried for what Azure NPM makes of it. */
const MOST_PODS = 6

/** Finds pods that policies select, and packets that policies concern. */
export class SelectedPods {
  private readonly pods: readonly Pod[]
  private readonly evaluator: Evaluator
  private readonly outside: readonly string[]

  /** @param outside addresses that are no pod's, at most one of them is needed */
  constructor({pods}: ClusterObjects, evaluator: Evaluator, outside: readonly string[]) {
    this.pods = pods
    this.evaluator = evaluator
    this.outside = outside
  }

  /** Addresses of pods that policies select. */
  addresses(): string[] {
    return [...this.withPolicies(spread(this.pods, MOST_ASKED))].flatMap(([address, policies]) =>
      policies.size > 0 ? [address] : [],
    )
  }

  /** Packets of some pods that each of these policies selects, to and from others. */
  *packetsOf(policies: ReadonlySet<string>): Generator<Packet> {
    if (policies.size === 0) return
    const chosen = new Map<string, string[]>()
    for (const [address, selecting] of this.withPolicies(this.pods))
      for (const policy of selecting) {
        const known = chosen.get(policy) ?? []
        if (policies.has(policy) && known.length < MOST_PODS) chosen.set(policy, [...known, address])
      }
    const others = [...spread(this.addresses(), MOST_PODS), ...this.outside]
    for (const own of chosen.values())
      for (const one of own)
        for (const other of others)
          if (one !== other) {
            yield {source: other, destination: one, protocol: 'tcp', port: 80}
            yield {source: one, destination: other, protocol: 'tcp', port: 80}
          }
  }

  /** The policies that select each pod, by its address. */
  private *withPolicies(pods: Iterable<Pod>): Generator<readonly [string, ReadonlySet<string>]> {
    const [other = ''] = this.outside
    for (const pod of pods) {
      const address = policyAddress(pod)
      if (address === undefined) continue
      const own = printIpv4(address)
      const {ingress} = this.evaluator.evaluate({source: other, destination: own, protocol: 'icmp'})
      const {egress} = this.evaluator.evaluate({source: own, destination: other, protocol: 'icmp'})
      yield [own, new Set([...ingress.selecting, ...egress.selecting])]
    }
  }
}
