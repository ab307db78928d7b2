import {examplePacket} from '../agreement/agreement.ts'
import {type PacketProduct, verifiedPackets} from '../agreement/verified-packets.ts'
import type {JudgedPacket} from '../contract/drift.ts'
import type {PlanStep, TrafficEffect} from '../contract/plan.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import {PodNames} from '../drift/pod-names.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {blockHolds, type Ipv4Block} from '../net/ipv4.ts'
import {Bits, BitsUnion} from '../packets/bits.ts'
import {type EndClass, endClasses} from '../packets/end-classes.ts'
import type {AskingPackets, JudgedPackets, PacketSetWalk} from '../packets/packet-domain.ts'
import {allServices} from '../packets/services.ts'
import {memberText} from '../sets/member.ts'
import type {NodeSet} from '../sets/node-set.ts'
import {movedMembers} from './moved-members.ts'

/** What a step does to the packets that a node forwards. */
export type StepEffect = Pick<PlanStep, 'effect' | 'opens' | 'closes'>

export const NO_EFFECT: StepEffect = {effect: 'none', opens: [], closes: []}

/** How many packets are shown of what a step opens, and of what it closes. */
const MOST_EXAMPLES = 3
/** Pairs of a sender and a receiver that are judged for one plan, before and after its steps. */
const MOST_PAIRS = 6_000_000

/** Walks are made anew for some of the senders when they are fewer than all by this factor. */
const FEWER = 8

const NOTHING: ClusterObjects = {pods: [], namespaces: [], policies: [], nodes: []}

/**
 * Finds what the steps of a plan open and close: all packets of new connections that the node forwards are judged before and after
 * each. Of a node on which they are too many for that, what is found is shown, and what is not found is unknown.
 */
export class StepEffects {
  private readonly cluster: ClusterObjects
  private readonly pods: PodNames
  private left: number

  constructor(node: NodeState, mostPairs = MOST_PAIRS) {
    this.cluster = node.cluster ?? NOTHING
    this.pods = new PodNames(this.cluster, node.node)
    this.left = mostPairs
  }

  /**
   * What is judged otherwise on a node than before.
   *
   * @param isOfSets whether only sets differ: then only packets from and to addresses that came into one or left it are judged otherwise
   */
  between(before: NodeState, after: NodeState, isOfSets: boolean): StepEffect {
    const found = new Found(this.pods)
    let isWhole = true
    for (const {product, receivers, earlier: then, later: now} of this.walks(before, after, isOfSets)) {
      const {senders} = product
      // The one in which packets are told apart less is judged first: often it says that nothing new can be found.
      let isNowFirst = false
      for (const receiver of receivers) {
        if (found.isTold) return found.effect(true)
        const first = (isNowFirst ? now : then).judge(receiver)
        if (found.isToldWith(first, isNowFirst)) continue
        this.left -= senders.length
        if (this.left < 0) {
          isWhole = false
          break
        }
        const second = (isNowFirst ? then : now).judge(receiver)
        found.add(isNowFirst ? second : first, isNowFirst ? first : second, {product, receiver})
        if (second.length < first.length) isNowFirst = !isNowFirst
      }
    }
    return found.effect(isWhole)
  }

  /** The packets to judge, with their walks before and after. */
  private *walks(before: NodeState, after: NodeState, isOfSets: boolean): Generator<Walks> {
    if (!isOfSets) {
      for (const product of productsOf(before, after, this.cluster)) yield walksOf(product, before, after)
      return
    }
    // A set that no rule asks decides about no packet.
    const asking = walksOf({senders: [], receivers: [], behind: []}, before, after).later.asking?.()
    const moved = movedMembers(before, after)
    if (asking?.rules.length === 0 || moved.length === 0) return
    for (const {product, isMoved, isOfReceivers} of touchedBy(moved, productsOf(before, after, this.cluster))) {
      const walks = walksOf(product, before, after)
      const asked = walks.later.asking?.()
      if (!asked) yield walks
      else {
        const {senders, receivers} = endsAsking(product, asked, isOfReceivers ? isMoved : undefined)
        if (senders.isEmpty || receivers.isEmpty) continue
        // Answers for all senders are there already.
        const isWorthwhile = senders.size * FEWER < product.senders.length
        const fewer = {...product, senders: product.senders.filter((_, at) => senders.has(at))}
        yield {...(isWorthwhile ? walksOf(fewer, before, after) : walks), receivers}
      }
    }
  }
}

interface Walks {
  readonly product: PacketProduct
  /** Indexes of the receivers of packets that may be judged otherwise. */
  readonly receivers: Iterable<number>
  readonly earlier: PacketSetWalk
  readonly later: PacketSetWalk
}

function walksOf(product: PacketProduct, before: NodeState, after: NodeState): Walks {
  const domain = {
    senders: product.senders.map(({address}) => address),
    receivers: product.receivers.map(({lastAddress}) => lastAddress),
    services: [allServices],
  }
  const earlier = before.walkSets(domain)
  return {product, receivers: product.receivers.keys(), earlier, later: after.walkSets(domain, earlier)}
}

/**
 * The ends of packets of a product that meet a rule which asks a changed set for an address that moved.
 *
 * @param isMoved which senders did, where the product is of receivers that did; undefined where it is of senders that did, and of no such receiver
 */
function endsAsking(
  {senders, receivers}: PacketProduct,
  {rules, sentOn}: AskingPackets,
  isMoved: ((end: EndClass) => boolean) | undefined,
): {readonly senders: Bits; readonly receivers: Bits} {
  const [from, to] = [new BitsUnion(senders.length), new BitsUnion(receivers.length)]
  const movedSenders = isMoved && Bits.of([...senders.keys()].filter(at => isMoved(senders[at] as EndClass)))
  for (const rule of isMoved ? rules : rules.filter(({asksSender}) => asksSender)) {
    from.add(movedSenders && !rule.asksReceiver ? rule.senders.and(movedSenders) : rule.senders)
    to.add(rule.receivers)
  }
  to.add(sentOn)
  return {senders: from.bits(), receivers: to.bits()}
}

/** All packets, divided by what tells them apart on either node. */
function productsOf(before: NodeState, after: NodeState, cluster: ClusterObjects): readonly PacketProduct[] {
  const sets = new Map<string, NodeSet>(before.sets)
  for (const [name, set] of after.sets ?? []) if (sets.get(name) !== set) sets.set(sets.has(name) ? `${name} after` : name, set)
  const {node} = before
  const blocks = [...new Set([...before.ruleBlocks(), ...after.ruleBlocks()])]
  // A set may hold the address of a pod that is not known yet, or that has ended: the node forwards what is sent from and to it, too.
  const rulesAt = (address: string): string => `${before.rulesAt?.(address)} ${after.rulesAt?.(address)}`
  const {judges} = before
  const distinctions = {node, sets, ruleBlocks: () => blocks, rulesAt, ...(judges && {judges})}
  const {pods, products} = verifiedPackets(distinctions, cluster, true)
  if (pods > 0) return products
  // Without pods nothing tells which packets the node forwards.
  const {all} = endClasses({
    pods: [],
    nodes: new Map(),
    sets: new Map([...sets].map(([name, {type, members, header}]) => [name, {type, header, members: members.map(memberText)}])),
    blocks: [...blocks, ...(before.judgedAddresses ?? [])],
    likeness: () => '',
  })
  return [{senders: all, receivers: all, behind: []}]
}

interface TouchedProduct {
  readonly product: PacketProduct
  readonly isMoved: (end: EndClass) => boolean
  /** Whether the receivers are those that moved. */
  readonly isOfReceivers: boolean
}

/** The packets of products of which one end is in some blocks. */
function touchedBy(blocks: readonly Ipv4Block[], products: readonly PacketProduct[]): TouchedProduct[] {
  const isTouched = ({address}: EndClass): boolean => blocks.some(block => blockHolds(block, address))
  const known = new Map<EndClass, boolean>()
  const isMoved = (end: EndClass): boolean => {
    const before = known.get(end)
    const found = before ?? isTouched(end)
    if (before === undefined) known.set(end, found)
    return found
  }
  return products
    .flatMap(({senders, receivers, behind}) => [
      {product: {senders, receivers: receivers.filter(isMoved), behind}, isMoved, isOfReceivers: true},
      {
        product: {senders: senders.filter(isMoved), receivers: receivers.filter(end => !isMoved(end)), behind},
        isMoved,
        isOfReceivers: false,
      },
    ])
    .filter(({product: {senders, receivers}}) => senders.length > 0 && receivers.length > 0)
}

interface Place {
  readonly product: PacketProduct
  readonly receiver: number
}

class Found {
  private readonly opens: JudgedPacket[] = []
  private readonly closes: JudgedPacket[] = []
  /** Whether packets may be opened, or closed, of which it is not known. */
  private mayOpen = false
  private mayClose = false
  private readonly pods: PodNames

  constructor(pods: PodNames) {
    this.pods = pods
  }

  /** Whether nothing more would be shown. */
  get isTold(): boolean {
    return this.opens.length >= MOST_EXAMPLES && this.closes.length >= MOST_EXAMPLES
  }

  /**
   * Whether packets that are judged so on one side cannot be of a kind that is not shown yet: what passed can only be closed, and what was
   * dropped only be opened.
   */
  isToldWith(judged: readonly JudgedPackets[], isNow: boolean): boolean {
    return judged.every(({verdict}) => {
      if (verdict === 'unknown') return false
      const list = (verdict === 'accept') === isNow ? this.opens : this.closes
      return list.length >= MOST_EXAMPLES
    })
  }

  /** @param isWhole whether all packets were judged */
  effect(isWhole: boolean): StepEffect {
    const {opens, closes} = this
    const isOpening = opens.length > 0 || (isWhole && !this.mayOpen ? false : undefined)
    const isClosing = closes.length > 0 || (isWhole && !this.mayClose ? false : undefined)
    let effect: TrafficEffect = 'unknown'
    if (isOpening !== undefined && isClosing !== undefined)
      effect = isOpening ? (isClosing ? 'both' : 'opens') : isClosing ? 'closes' : 'none'
    return {effect, opens, closes}
  }

  add(before: readonly JudgedPackets[], after: readonly JudgedPackets[], place: Place): void {
    const {product, receiver} = place
    const {lastAddress} = product.receivers[receiver] as EndClass
    const own = Bits.of([...product.senders.keys()].filter(at => product.senders[at]?.address === lastAddress))
    for (const then of before)
      for (const now of after) {
        if (then.verdict === now.verdict && then.verdict !== 'unknown') continue
        if (then.to < now.from || now.to < then.from || !isSameWay(then, now)) continue
        const senders = then.senders.and(now.senders).without(own)
        if (senders.isEmpty) continue
        if (then.verdict === 'unknown' || now.verdict === 'unknown') {
          this.mayOpen ||= then.verdict !== 'accept' && now.verdict !== 'drop'
          this.mayClose ||= then.verdict !== 'drop' && now.verdict !== 'accept'
          continue
        }
        const list = now.verdict === 'accept' ? this.opens : this.closes
        if (list.length >= MOST_EXAMPLES) continue
        const range = {from: Math.max(then.from, now.from), to: Math.min(then.to, now.to)}
        const packet = examplePacket({...range, senders, product, receiver: product.receivers[receiver] as EndClass})
        list.push(this.pods.show(packet))
      }
  }
}

/** Whether packets of both are sent on to the same place, which no plan changes. */
const isSameWay = ({translated: one}: JudgedPackets, {translated: other}: JudgedPackets): boolean =>
  one?.destination === other?.destination && one?.port === other?.port
