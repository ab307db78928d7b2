import type {Cause} from '../dataplane/cause.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import type {SimulatedNode} from '../dataplane/simulation.ts'
import type {Packet} from '../net/packet.ts'
import {CandidatePackets, firstAddress} from '../packets/candidate-packets.ts'
import type {PacketScope, RuleConditions, SimulatedSet, SimulatedSets} from '../packets/rule-conditions.ts'
import {isSmall, MOST_ADDRESSES, OTHER_PORT, OUTSIDE, sampleOf} from '../packets/sample-packets.ts'
import {spread} from '../packets/spread.ts'

type Node = SimulatedNode<object, AnyDifference>

/** The most packets that are judged of a node whose kinds of packets can all be tried. */
const MOST_PACKETS = 60_000
/** Rules of one difference whose packets are tried. A missing chain has thousands. */
const MOST_RULES = 32
/** Packets that are tried for one cause, when there are few causes and when there are many. */
const MOST_OF_CAUSE = 1000
const FEW_OF_CAUSE = 32
/** Causes of which each is tried closely. */
const FEW_CAUSES = 50
/** Pods, and packets, that are tried for the rules of other programs. */
const MOST_PODS = 24

/** Finds the packets whose verdicts tell what the causes of a node do, and whether anything else decides otherwise. */
export class TriedPackets {
  private readonly node: Node
  private readonly repaired: Node
  /** Whether one packet of each kind is tried, so that nothing is overlooked. */
  readonly isExact: boolean
  private readonly isEnd: (address: string) => boolean
  private wanted: CandidatePackets<object> | undefined
  private found: CandidatePackets<object> | undefined

  /**
   * @param repaired the same node without its differences
   * @param isEnd whether forwarded packets have an address at an end; those of nodes pass other hooks
   */
  constructor(node: Node, repaired: Node, isEnd: (address: string) => boolean, mostAddresses = MOST_ADDRESSES) {
    this.node = node
    this.repaired = repaired
    this.isEnd = isEnd
    this.isExact = isSmall(bothSets(node.sets, repaired.sets), mostAddresses)
  }

  /** An address that is no pod's. */
  get outside(): readonly string[] {
    return [OUTSIDE].filter(this.isEnd)
  }

  /** One packet of each kind that rules and sets of the node, as it is or repaired, tell apart. Nothing unless `isExact`. */
  *all(): Generator<Packet> {
    if (!this.isExact) return
    const rules: RuleConditions[] = [...this.node.foreignConditions()]
    const seen = new Set<string>()
    for (const node of [this.node, this.repaired])
      for (const list of node.ruleLists())
        for (const rule of list) {
          const {blocks, ports, ...rest} = node.conditions(rule)
          const key = JSON.stringify([blocks, ports])
          if (blocks.length + ports.length === 0 || seen.has(key)) continue
          seen.add(key)
          rules.push({...rest, blocks, ports})
        }
    const {addresses, twins, ports} = sampleOf(bothSets(this.node.sets, this.repaired.sets), rules)
    const ends = addresses.filter(this.isEnd)
    const each = Math.max(1, Math.floor(MOST_PACKETS / (ends.length * ends.length)))
    const tried = ports.length <= each ? ports : spread(ports, each)
    for (const source of ends)
      for (const end of ends) {
        const destination = source === end ? twins.get(end) : end
        if (destination !== undefined) for (const port of tried) yield {source, destination, ...port}
      }
  }

  /**
   * Packets that a cause may concern, the most likely ones first.
   *
   * @param causes how many there are
   */
  *of({differences}: Cause, causes: number): Generator<Packet> {
    const most = causes > FEW_CAUSES ? FEW_OF_CAUSE : MOST_OF_CAUSE
    let count = 0
    for (const difference of spread(differences, MOST_RULES)) {
      const scope = this.node.scopeOf(difference)
      if (!scope) continue
      for (const packet of this.ofScope(scope, difference)) {
        if (packet.source === packet.destination || !this.isEnd(packet.source) || !this.isEnd(packet.destination)) continue
        if (++count > most) return
        yield packet
      }
    }
  }

  private *ofScope(scope: PacketScope<object>, difference: AnyDifference): Generator<Packet> {
    this.wanted ??= new CandidatePackets(this.repaired)
    yield* this.wanted.packets(scope)
    // What only the node has is in no list of the repaired one.
    if (difference.kind !== 'chain' || !difference.found) return
    this.found ??= new CandidatePackets(this.node)
    yield* this.found.packets(scope)
  }

  /**
   * Packets that rules of other programs may decide about.
   *
   * @param pods addresses of pods, those that policies select first
   */
  *ofForeignRules(pods: readonly string[]): Generator<Packet> {
    const ends = [...spread(pods, MOST_PODS), OUTSIDE].filter(this.isEnd)
    const seen = new Set<string>()
    for (const conditions of this.node.foreignConditions()) {
      const key = JSON.stringify(conditions)
      if (seen.has(key)) continue
      seen.add(key)
      const given = conditions.blocks.map(firstAddress).filter(this.isEnd)
      const ports = conditions.ports.flatMap(({protocol, range}) =>
        protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp'
          ? [{protocol, port: range?.from ?? OTHER_PORT} as const]
          : [],
      )
      const tried = ports.length > 0 ? ports : ([{protocol: 'tcp', port: OTHER_PORT}] as const)
      const inSets = conditions.sets.flatMap(({set}) => spread(this.node.sets.get(set)?.members ?? [], 2)).map(firstAddress)
      for (const one of [...given, ...inSets, ...ends])
        for (const other of ends)
          for (const port of tried)
            if (one !== other) {
              yield {source: one, destination: other, ...port}
              yield {source: other, destination: one, ...port}
            }
    }
  }
}

/** The sets of two nodes as if they were of one. */
function bothSets(one: SimulatedSets, other: SimulatedSets): SimulatedSets {
  return {
    get: name => other.get(name),
    *entries(): Generator<[string, SimulatedSet]> {
      yield* other.entries()
      for (const [name, set] of one.entries()) if (other.get(name) !== set) yield [`found ${name}`, set]
    },
  }
}
