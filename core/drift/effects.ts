import type {JudgedPacket} from '../contract/drift.ts'
import type {Cause} from '../dataplane/cause.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import type {SimulatedNode} from '../dataplane/simulation.ts'
import type {Packet, Verdict} from '../net/packet.ts'

type Node = SimulatedNode<object, AnyDifference>

/** A packet with what happens to it on the node as it is, on the node without anything wrong, and by the policies. */
export interface Judged {
  readonly packet: Packet
  readonly now: Verdict
  readonly repaired: Verdict
  /** Undefined where the policies are not asked, or do not tell. */
  readonly expected: Verdict | undefined
}

/** What a cause does on the node as it is: packets that pass or are dropped only because of it. */
export interface Effect {
  readonly opens: readonly JudgedPacket[]
  readonly closes: readonly JudgedPacket[]
  /** What it would do once all other causes are repaired, where these hide what it does. */
  readonly hidden?: {readonly opens: readonly JudgedPacket[]; readonly closes: readonly JudgedPacket[]}
  readonly isUncertain: boolean
}

interface Found {
  /** The packets that are shown, with the verdict that they should have. */
  readonly packets: {readonly packet: Packet; readonly repaired: Verdict}[]
  readonly opens: JudgedPacket[]
  readonly closes: JudgedPacket[]
  hidden?: {readonly opens: JudgedPacket[]; readonly closes: JudgedPacket[]}
  isUncertain: boolean
}

/** How many packets are shown of what a cause opens, and of what it closes. */
const MOST_EXAMPLES = 3
/** How many packets are looked at for which no cause alone is the reason. */
const MOST_TOGETHER = 200

/** Attributes packets that are judged otherwise than on a repaired node to what must be repaired for them. */
export class Effects {
  private readonly node: Node
  private readonly causes: readonly Cause[]
  private readonly show: (packet: Packet) => JudgedPacket
  private readonly mayPass: (packet: Packet) => boolean
  private readonly singles: (Node | undefined)[] = []
  private readonly found: Found[]
  private together = 0

  /**
   * @param show a packet as documents have it
   * @param mayPass whether a packet may pass the node
   */
  constructor(
    node: Node,
    causes: readonly Cause[],
    show: (packet: Packet) => JudgedPacket,
    mayPass: (packet: Packet) => boolean = () => true,
  ) {
    this.mayPass = mayPass
    this.node = node
    this.causes = causes
    this.show = show
    this.found = causes.map(() => ({packets: [], opens: [], closes: [], isUncertain: false}))
  }

  /** What a cause does, as far as packets were attributed. */
  of(cause: number): Effect {
    return this.found[cause] as Effect
  }

  /** Whether nothing more about a cause would be shown. */
  isTold(cause: number, most = MOST_EXAMPLES): boolean {
    const {opens, closes} = this.of(cause)
    return opens.length >= most || closes.length >= most
  }

  /** Something about a cause is not known: its packets have no known verdict, or were too many. */
  doubt(cause: number): void {
    const found = this.found[cause]
    if (found) found.isUncertain = true
  }

  /**
   * Tells the reasons of a packet whose verdict on the node is not that of the repaired node: each cause whose repair alone gives
   * it that verdict, or else the fewest that must be repaired together.
   *
   * @param likely positions of causes that it may concern
   * @returns whether there is a reason
   */
  attribute({packet, now, repaired}: Judged, likely: readonly number[]): boolean {
    let isFound = false
    for (const cause of likely)
      if (this.single(cause).walk(packet) === repaired) {
        this.add(cause, {packet, now, repaired})
        isFound = true
      }
    if (isFound || likely.length < 2 || this.together >= MOST_TOGETHER) return isFound
    this.together++
    const needed = this.needed(packet, repaired, likely)
    for (const cause of needed)
      this.add(
        cause,
        {packet, now, repaired},
        needed.filter(other => other !== cause),
      )
    return needed.length > 0
  }

  /**
   * Finds what a cause would do on a node on which everything else is repaired.
   *
   * @param packets that it may concern
   * @param repaired the node without anything wrong
   */
  reveal(cause: number, packets: Iterable<Packet>, repaired: Node): void {
    const found = this.found[cause]
    if (!found) return
    const alone = this.node.repaired(this.causes.filter((_, at) => at !== cause))
    const hidden: {opens: JudgedPacket[]; closes: JudgedPacket[]} = {opens: [], closes: []}
    for (const packet of packets) {
      const [then, asked] = [alone.walk(packet), repaired.walk(packet)]
      if (then === asked || then === 'unknown' || asked === 'unknown') continue
      const list = then === 'accept' ? hidden.opens : hidden.closes
      if (list.length < MOST_EXAMPLES) list.push(this.show(packet))
      if (list.length === MOST_EXAMPLES) break
    }
    if (hidden.opens.length + hidden.closes.length > 0) found.hidden = hidden
  }

  /** The fewest causes, found one by one, that must be repaired together. Empty if all together do not do. */
  private needed(packet: Packet, repaired: Verdict, likely: readonly number[]): readonly number[] {
    const isRepaired = (causes: readonly number[]): boolean =>
      this.node.repaired(causes.map(at => this.causes[at] as Cause)).walk(packet) === repaired
    if (!isRepaired(likely)) return []
    let needed = likely
    for (const cause of likely) {
      const fewer = needed.filter(other => other !== cause)
      if (isRepaired(fewer)) needed = fewer
    }
    return needed
  }

  private single(cause: number): Node {
    let single = this.singles[cause]
    if (!single) this.singles[cause] = single = this.node.repaired([this.causes[cause] as Cause])
    return single
  }

  /** Whether the repair of another cause alone would do for all packets that are shown of a cause. */
  isExplainedBy(cause: number, other: number): boolean {
    const {packets = []} = this.found[cause] ?? {}
    return packets.length > 0 && packets.every(({packet, repaired}) => this.single(other).walk(packet) === repaired)
  }

  private add(cause: number, {packet, now, repaired}: Omit<Judged, 'expected'>, together: readonly number[] = []): void {
    const found = this.found[cause]
    if (!found) return
    if (now === 'unknown') {
      found.isUncertain = true
      return
    }
    const list = now === 'accept' ? found.opens : found.closes
    // Those that pass this node come first; one that does not only stands for what they would tell.
    if (list.length >= MOST_EXAMPLES || (list.length > 0 && !this.mayPass(packet))) return
    list.push({...this.show(packet), ...(together.length > 0 && {together: [...together]})})
    found.packets.push({packet, repaired})
  }
}
