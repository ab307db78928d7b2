import type {DriftItem} from '../contract/drift.ts'
import type {SimulatedProgram} from '../dataplane/simulation.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import {CandidatePackets, firstAddress} from '../packets/candidate-packets.ts'
import type {PacketScope, RuleConditions} from '../packets/rule-conditions.ts'
import {isSmall, MOST_ADDRESSES, type Sample, sampleOf} from '../packets/sample-packets.ts'
import {spread} from '../packets/spread.ts'

/** Limits on walked packets: in one comparison, for each difference after that limit, and for each difference before it. */
const MOST_WALKS = 400_000
const FEW_WALKS = 60
const MOST_WALKS_PER_ITEM = 60_000
/** Limit on the rules that all walks look at, which is what they cost. Then fewer packets are tried, and after half as many again none. */
const MOST_LOOKS = 40_000_000

/** Rules of one difference whose ports and blocks are tried. A missing chain has thousands. */
const MOST_OWN_RULES = 32

/** Limits on the packets that are tried. */
export interface Limits {
  /** On nodes with more address classes, not all pairs of them are tried. */
  readonly mostAddresses?: number
  /** Packets for all differences together. After that, each difference gets a few. */
  readonly mostWalks?: number
  /** Rules that the walks of all differences look at, before fewer packets are tried. */
  readonly mostLooks?: number
}

/**
 * Finds the effect of each difference: when it alone is applied to the program of the policies, are packets accepted or dropped
 * that were not before? It walks packets, because the kind of difference does not decide this: a missing member opens traffic
 * where a policy selects by the set, and blocks it where a policy allows by the set.
 */
export class VerdictChanges<Rule, Difference> {
  private readonly program: SimulatedProgram<Rule, Difference>
  private readonly known = new Map<string, Verdict>()
  /** By list of rules. */
  private readonly conditions = new WeakMap<readonly Rule[], readonly RuleConditions[]>()
  private readonly isSmall: boolean
  private found: CandidatePackets<Rule> | undefined
  private readonly mostWalks: number
  private readonly mostLooks: number
  private walks = 0

  constructor(
    program: SimulatedProgram<Rule, Difference>,
    {mostAddresses = MOST_ADDRESSES, mostWalks = MOST_WALKS, mostLooks = MOST_LOOKS}: Limits = {},
  ) {
    this.mostWalks = mostWalks
    this.mostLooks = mostLooks
    this.program = program
    this.isSmall = isSmall(program.sets, mostAddresses)
  }

  /** Whether the limit was reached, so that later differences were tried with few packets. */
  get isHurried(): boolean {
    return this.walks >= this.mostWalks || this.looks >= this.mostLooks
  }

  /** Rules that all walks so far have looked at. */
  get looks(): number {
    return this.program.looks
  }

  /** Whether no more packets are tried. */
  private get isSpent(): boolean {
    return this.looks >= this.mostLooks * 1.5
  }

  /** The verdict of the program that the policies require. */
  before(packet: Packet): Verdict {
    const key = packetText(packet)
    let verdict = this.known.get(key)
    if (verdict === undefined) {
      verdict = this.program.walk(packet)
      this.known.set(key, verdict)
    }
    return verdict
  }

  /** The verdict of the program with one difference applied. */
  after(difference: Difference, packet: Packet): Verdict {
    return this.program.scopeOf(difference) ? this.program.with(difference).walk(packet) : this.before(packet)
  }

  /** The effect of a difference, with a packet whose verdict it changes. If it opens anything, the effect is `open`. */
  of(difference: Difference): Pick<DriftItem, 'effect' | 'example'> {
    const scope = this.program.scopeOf(difference)
    if (!scope || this.isSpent) return {effect: 'none'}
    const changed = this.program.with(difference)
    let closed: string | undefined
    let walks = 0
    for (const packet of this.packets(scope, changed)) {
      if (++walks > (this.isHurried ? FEW_WALKS : MOST_WALKS_PER_ITEM) || this.isSpent) break
      this.walks++
      const before = this.before(packet)
      const after = changed.walk(packet)
      // What was not known before is not known to have changed.
      if (before === after || before === 'unknown') continue
      if (before === 'drop' && after !== 'drop') return {effect: 'open', example: packetText(packet)}
      closed ??= packetText(packet)
    }
    return closed === undefined ? {effect: 'none'} : {effect: 'closed', example: closed}
  }

  private packets(scope: PacketScope<Rule>, changed: SimulatedProgram<Rule, Difference>): Iterable<Packet> {
    if (!this.isSmall) return this.candidates.packets(scope)
    const about = scope.addresses?.map(firstAddress)
    // Ports are limited, so those of the difference itself come first. A rule that is missing is in no list.
    const own = spread(scope.rules ?? [], MOST_OWN_RULES).map(rule => this.program.conditions(rule))
    const rules = [...own, ...[...changed.ruleLists()].flatMap(list => this.conditionsOf(list))]
    return allPackets(sampleOf(changed.sets, rules, about), about)
  }

  /** The conditions of a list on blocks and ports, each once. */
  private conditionsOf(list: readonly Rule[]): readonly RuleConditions[] {
    const known = this.conditions.get(list)
    if (known) return known
    const seen = new Set<string>()
    const isNew = (part: unknown): boolean => seen.size < seen.add(JSON.stringify(part)).size
    const found: RuleConditions[] = []
    for (const rule of list) {
      const {blocks, ports, ...rest} = this.program.conditions(rule)
      const part = {...rest, blocks: blocks.filter(isNew), ports: ports.filter(isNew)}
      if (part.blocks.length + part.ports.length > 0) found.push(part)
    }
    this.conditions.set(list, found)
    return found
  }

  private get candidates(): CandidatePackets<Rule> {
    this.found ??= new CandidatePackets(this.program)
    return this.found
  }
}

const packetText = ({source, destination, protocol, port}: Packet): string =>
  `${source} -> ${destination} ${protocol}${port === undefined ? '' : `/${port}`}`

/** All pairs and ports of a sample; if `about` is given, only pairs with one of its addresses at an end. */
function* allPackets({addresses, ports}: Sample, about: readonly string[] | undefined): Generator<Packet> {
  for (const source of about ?? addresses)
    for (const destination of addresses) for (const port of ports) yield {source, destination, ...port}
  if (!about) return
  for (const source of addresses) for (const destination of about) for (const port of ports) yield {source, destination, ...port}
}
