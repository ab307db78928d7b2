import type {DriftItem} from '../contract/drift.ts'
import type {SimulatedProgram} from '../dataplane/simulation.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import {CandidatePackets, firstAddress} from '../packets/candidate-packets.ts'
import type {PacketScope} from '../packets/rule-conditions.ts'
import {isSmall, MOST_ADDRESSES, type Sample, sampleOf} from '../packets/sample-packets.ts'

/** Walks that one comparison may cost in all, and what each further difference may. */
const MOST_WALKS = 400_000
const FEW_WALKS = 60
const MOST_WALKS_PER_ITEM = 60_000

/** How much may be tried. */
export interface Limits {
  /** On nodes with more kinds of addresses not all pairs of them are. */
  readonly mostAddresses?: number
  /** Packets for all differences together; after that a few for each. */
  readonly mostWalks?: number
}

/**
 * Finds what each difference does: made alone in a program that is otherwise as the policies ask, does it let packets
 * through or drop them? It is found by walking packets, not by rules of thumb: a member that is missing opens where a policy
 * selects by it, and closes where one allows by it.
 */
export class VerdictChanges<Rule, Difference> {
  private readonly program: SimulatedProgram<Rule, Difference>
  private readonly known = new Map<string, Verdict>()
  private readonly isSmall: boolean
  private found: CandidatePackets<Rule> | undefined
  private readonly mostWalks: number
  private walks = 0

  constructor(
    program: SimulatedProgram<Rule, Difference>,
    {mostAddresses = MOST_ADDRESSES, mostWalks = MOST_WALKS}: Limits = {},
  ) {
    this.mostWalks = mostWalks
    this.program = program
    this.isSmall = isSmall(program.sets, mostAddresses)
  }

  /** Whether there were more differences than could be looked at closely. */
  get isHurried(): boolean {
    return this.walks >= this.mostWalks
  }

  /** The verdict of the program as it is asked for. */
  before(packet: Packet): Verdict {
    const key = packetText(packet)
    let verdict = this.known.get(key)
    if (verdict === undefined) {
      verdict = this.program.walk(packet)
      this.known.set(key, verdict)
    }
    return verdict
  }

  /** The verdict of the program with one difference made in it. */
  after(difference: Difference, packet: Packet): Verdict {
    return this.program.scopeOf(difference) ? this.program.with(difference).walk(packet) : this.before(packet)
  }

  /** What a difference does, with a packet that is judged differently because of it. */
  of(difference: Difference): Pick<DriftItem, 'effect' | 'example'> {
    const scope = this.program.scopeOf(difference)
    if (!scope) return {effect: 'none'}
    const changed = this.program.with(difference)
    const most = this.isHurried ? FEW_WALKS : MOST_WALKS_PER_ITEM
    let closed: string | undefined
    let walks = 0
    for (const packet of this.packets(scope, changed)) {
      if (++walks > most) break
      this.walks++
      const before = this.before(packet)
      const after = changed.walk(packet)
      if (before === after) continue
      if (before === 'drop' && after !== 'drop') return {effect: 'open', example: packetText(packet)}
      closed ??= packetText(packet)
    }
    return closed === undefined ? {effect: 'none'} : {effect: 'closed', example: closed}
  }

  private packets(scope: PacketScope<Rule>, changed: SimulatedProgram<Rule, Difference>): Iterable<Packet> {
    if (!this.isSmall) return this.candidates.packets(scope)
    const about = scope.addresses?.map(firstAddress)
    const rules = [...changed.rules()].map(rule => changed.conditions(rule))
    return allPackets(sampleOf(changed.sets, rules, about), about)
  }

  private get candidates(): CandidatePackets<Rule> {
    this.found ??= new CandidatePackets(this.program)
    return this.found
  }
}

const packetText = ({source, destination, protocol, port}: Packet): string =>
  `${source} -> ${destination} ${protocol}${port === undefined ? '' : `/${port}`}`

/** All pairs and ports of a sample; when it is about certain addresses, those with one of them at an end. */
function* allPackets({addresses, ports}: Sample, about: readonly string[] | undefined): Generator<Packet> {
  for (const source of about ?? addresses)
    for (const destination of addresses) for (const port of ports) yield {source, destination, ...port}
  if (!about) return
  for (const source of addresses) for (const destination of about) for (const port of ports) yield {source, destination, ...port}
}
