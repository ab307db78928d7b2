import {agreement, type Disagreement, examplePacket} from '../agreement/agreement.ts'
import type {IncompletePart} from '../contract/common.ts'
import type {Cause} from '../dataplane/cause.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import type {SimulatedNode} from '../dataplane/simulation.ts'
import {type ClusterObjects, objectKey} from '../kubernetes/objects.ts'
import {policyIp} from '../kubernetes/pod-filter.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import type {Evaluator} from '../policy/evaluate.ts'
import type {Departures} from './departures.ts'
import type {Judged} from './effects.ts'
import {type PodNames, packetText} from './pod-names.ts'
import {SelectedPods} from './selected-pods.ts'
import {TriedPackets} from './tried-packets.ts'

const MOST_LOOKS = 40_000_000
/** Causes that each packet is held against, when all packets are tried. */
export const MOST_LIKELY = 24
/**
 * Pods of a cluster whose packets are all judged at once, which takes less than a second: fewer where it is not known which of them
 * are on the node, as then packets between any two of them are.
 */
const MOST_PODS_AT_ONCE = {ofNode: 2000, ofCluster: 1000}
/** Packets of disagreements that are looked at. */
const MOST_DISAGREEMENTS = 2000
/** Packets without a known verdict of which is found out what it rests on. */
const MOST_UNKNOWN = 200

/** Limits on the packets that are tried. */
export interface Limits {
  /** On nodes with more kinds of addresses, not one packet of each kind is tried. */
  readonly mostAddresses?: number
  /** Rules that all walks look at, which is what they cost. What is left then is not tried, and said to be uncertain. */
  readonly mostLooks?: number
}

/** What packets are judged by. */
export interface Judges {
  readonly node: NodeState
  readonly simulated: SimulatedNode<object, AnyDifference>
  /** The node without the differences that causes are made of. */
  readonly fixed: SimulatedNode<object, AnyDifference>
  readonly cluster: ClusterObjects
  readonly causes: readonly Cause[]
  readonly pods: PodNames
  /** What the policies mean. Undefined where they are not asked, only what Azure NPM makes of them. */
  readonly evaluator?: Evaluator | undefined
  readonly departures?: Departures | undefined
}

/** A packet about which something disagrees, and the cause for which it was tried. */
export interface Disputed extends Judged {
  readonly likely?: number
}

/** Judges packets on the node as it is, on the node with causes repaired, and by the policies, and keeps those that disagree. */
export class DisputedPackets {
  readonly tried: TriedPackets
  readonly found: Disputed[] = []
  /** Causes about which something is not known. */
  readonly doubtful = new Set<number>()
  /** Some packets whose verdict on the node is not known. */
  private readonly unknown: Packet[] = []
  private readonly judges: Judges
  private readonly mostLooks: number

  constructor(judges: Judges, {mostAddresses, mostLooks = MOST_LOOKS}: Limits) {
    const {simulated, fixed, pods} = judges
    this.judges = judges
    this.mostLooks = mostLooks
    this.tried = new TriedPackets(simulated, fixed, address => pods.isForwarded(address), mostAddresses)
  }

  /** Whether no further packet may be tried. */
  get isSpent(): boolean {
    return this.judges.simulated.looks >= this.mostLooks
  }

  /**
   * Looks for them.
   *
   * @returns whether all packets were held against each other
   */
  search(): boolean {
    const {causes, evaluator} = this.judges
    const isAsked = causes.length > 0 || evaluator !== undefined
    if (isAsked && this.tried.isExact) for (const packet of this.tried.all()) if (!this.look(packet)) break
    if (isAsked && !this.tried.isExact) this.lookAtSome()
    return this.lookAtDisagreements() || this.tried.isExact
  }

  /** The parts of the input that verdicts which are not known rest on, each once. */
  incomplete(): IncompletePart[] {
    const parts = this.unknown.flatMap(packet => this.judges.simulated.incompleteFor(packet))
    return [...new Map(parts.map(part => [part.part, part])).values()]
  }

  /** Judges a packet, and keeps it if anything disagrees. @returns whether there is time for more */
  private look(packet: Packet, likely?: number): boolean {
    if (this.isSpent) return false
    const {simulated, fixed, causes} = this.judges
    const now = simulated.walk(packet)
    const repaired = causes.length > 0 ? fixed.walk(packet) : now
    const expected = this.expected(packet)
    if (now === 'unknown' && this.unknown.length < MOST_UNKNOWN) this.unknown.push(packet)
    if (repaired === 'unknown' && now !== 'unknown' && likely !== undefined) this.doubtful.add(likely)
    if (now !== repaired || (expected !== undefined && expected !== now))
      this.found.push({packet, now, repaired, expected, ...(likely !== undefined && {likely})})
    return true
  }

  /**
   * Looks at packets of all that rules and policies judge otherwise, whatever the reason.
   *
   * @returns whether all packets were held against each other
   */
  private lookAtDisagreements(): boolean {
    const {node, cluster, pods, evaluator} = this.judges
    if (!evaluator || node.completeness.rules !== 'whole') return false
    const isOfNode = cluster.pods.some(({spec}) => spec?.nodeName === node.node)
    if (cluster.pods.length > MOST_PODS_AT_ONCE[isOfNode ? 'ofNode' : 'ofCluster']) return false
    const known = new Set(this.found.map(({packet}) => packetText(packet)))
    let count = 0
    for (const disagreement of agreement(node, cluster).disagreements) {
      if (disagreement.effect === 'unknown') continue
      const packet = examplePacket(disagreement)
      if (!pods.isForwarded(packet.source) || !pods.isForwarded(packet.destination)) continue
      this.lookAtShared(disagreement, packet)
      if (known.has(packetText(packet))) continue
      if (++count > MOST_DISAGREEMENTS || !this.look(packet)) return false
    }
    return true
  }

  /** Of an address that several pods have, the policies of one may say what those of another deny: then the address alone tells nothing. */
  private lookAtShared({product, senders, receiver, effect, translated}: Disagreement, packet: Packet): void {
    const {cluster, simulated, evaluator, departures} = this.judges
    if (translated || effect === 'unknown' || evaluator?.evaluate(packet).verdict !== 'unknown') return
    const ends = {source: product.senders[senders.first ?? 0]?.pods[0], destination: receiver.pods.at(-1)}
    const now = effect === 'open' ? 'accept' : 'drop'
    const {verdict} = evaluator.evaluate(packet, ends)
    if (verdict === 'unknown' || verdict === now || simulated.walk(packet) !== now) return
    const shown = {
      packet: packetText(packet),
      ...(ends.source && {source: objectKey(ends.source)}),
      ...(ends.destination && {destination: objectKey(ends.destination)}),
    }
    for (const address of [packet.source, packet.destination]) {
      const pods = cluster.pods.filter(pod => policyIp(pod) === address).map(objectKey)
      if (pods.length > 1) departures?.addShared(address, pods.toSorted(), now, shown)
    }
  }

  private expected(packet: Packet): Verdict | undefined {
    const {pods, evaluator} = this.judges
    return pods.mayPass(packet) ? evaluator?.evaluate(packet).verdict : undefined
  }

  /** Where not all kinds of packets can be tried: those that causes, departures and rules of other programs concern. */
  private lookAtSome(): void {
    const {causes, cluster, evaluator, departures} = this.judges
    for (const [at, cause] of causes.entries())
      for (const packet of this.tried.of(cause, causes.length)) {
        const before = this.found.length
        if (!this.look(packet, at)) return
        // Where there are many, one packet of each tells what it does.
        if (causes.length > MOST_LIKELY && this.found.length > before && this.found.at(-1)?.now !== this.found.at(-1)?.repaired)
          break
      }
    if (!evaluator) return
    const selected = new SelectedPods(cluster, evaluator, this.tried.outside)
    for (const packet of this.tried.ofForeignRules(selected.addresses())) if (!this.look(packet)) return
    for (const packet of selected.packetsOf(departures?.policies ?? new Set())) if (!this.look(packet)) return
  }
}
