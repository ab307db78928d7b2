import {Bits} from '../../packets/bits.ts'
import type {EndTruth} from '../../packets/packet-domain.ts'
import {cutServices} from '../../packets/services.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {DomainEnds} from './end-conditions.ts'
import {holds} from './match.ts'
import {common, type Part} from './packet-parts.ts'
import type {Passing} from './passing.ts'
import type {PreparedRule} from './prepared-rule.ts'
import {holdsAt, type ServiceTruth, serviceEdges, serviceTruths} from './service-truths.ts'

/** Who receives packets, after translation. */
export interface Receiver {
  /** Undefined for an address that is not in the domain. */
  readonly index: number | undefined
  readonly address: number
}

/** The packets whose parts are divided. */
export interface DividedPackets {
  readonly ends: DomainEnds
  /** Addresses of the domain. */
  readonly senders: readonly number[]
  readonly sets: SetIndex
  /** A packet of the domain before its sender, receiver and service are filled in. */
  readonly blank: Passing
}

/** Tells which packets of a part match a rule. */
export class RuleDivision {
  /** Whether any packet was put into both halves since somebody last set this to false. */
  isForked = false
  private readonly packets: DividedPackets

  constructor(packets: DividedPackets) {
    this.packets = packets
  }

  /**
   * Divides parts into those that match a rule and those that do not. What may match is in both.
   *
   * @param matched takes the parts that match, or may
   * @returns what does not match, or may not
   */
  divide(prepared: PreparedRule, parts: readonly Part[], receiver: Receiver, matched: Part[]): Part[] {
    const {after} = prepared
    if (after)
      return parts.flatMap(part => {
        const met = after(part.state.packet.writtenSets)
        return met ? this.divide(met, [part], receiver, matched) : [part]
      })
    let isCertain = !prepared.isUncertain
    const to = prepared.receivers && this.receiverTruth(prepared, prepared.receivers, receiver)
    if (to === false) return [...parts]
    if (to === 'unknown') isCertain = false
    const left: Part[] = []
    for (const part of parts) this.divideOne(prepared, part, receiver, isCertain, matched, left)
    return left
  }

  private divideOne(
    prepared: PreparedRule,
    part: Part,
    receiver: Receiver,
    isCertainSoFar: boolean,
    matched: Part[],
    left: Part[],
  ): void {
    const possible = prepared.senders ? part.senders.and(prepared.senders.possible) : part.senders
    if (possible.isEmpty) return void left.push(part)
    let isCertain = isCertainSoFar
    for (const match of prepared.changing) {
      const truth = holds(match, part.state.packet, this.packets.sets)
      if (truth === false) return void left.push(part)
      if (truth === 'unknown') isCertain = false
    }
    const services = this.services(prepared, part, receiver)
    if (services.length === 0) return void left.push(part)
    let next = part.from
    for (const {from, to, isCertain: isServiceCertain} of services) {
      if (from > next) left.push({...part, from: next, to: from - 1})
      next = to + 1
      const truth = this.senderTruth(prepared, part, possible, {receiver, service: from})
      const certain = isCertain && isServiceCertain ? truth.certain : Bits.none
      if (!truth.possible.isEmpty) matched.push({...part, from, to, senders: truth.possible})
      const rest = part.senders.without(certain)
      if (!rest.isEmpty) left.push({...part, from, to, senders: rest})
      if (!certain.equals(truth.possible)) this.isForked = true
    }
    if (next <= part.to) left.push({...part, from: next})
  }

  /** The services of a part for which all conditions on services hold or are unknown. */
  private services(prepared: PreparedRule, part: Part, receiver: Receiver): readonly ServiceTruth[] {
    const {packet} = part.state
    const isKept = packet.port === undefined
    const asked = [...prepared.mixed, ...(isKept ? [] : prepared.serviceMatches)]
    const fixed = isKept ? prepared.services : undefined
    let range: readonly ServiceTruth[] = [{from: part.from, to: part.to, isCertain: true}]
    if (fixed) range = common(fixed, part)
    if (asked.length > 0) {
      const whole = {...packet, destination: receiver.address}
      range = range.flatMap(each =>
        serviceTruths(asked, whole, each, this.packets.sets).map(found => ({
          ...found,
          isCertain: found.isCertain && each.isCertain,
        })),
      )
    }
    if (prepared.senderMixed.length === 0) return range
    // Senders are asked about the first service of each piece, so no edge may be within it.
    const edges = prepared.senderMixed.flatMap(match =>
      [receiver.address, ...this.packets.senders].flatMap(address => serviceEdges(match, address, this.packets.sets)),
    )
    return range.flatMap(each => cutServices(each, edges).map(piece => ({...piece, isCertain: each.isCertain})))
  }

  private senderTruth(
    prepared: PreparedRule,
    {senders, state}: Part,
    possible: Bits,
    {receiver, service}: {readonly receiver: Receiver; readonly service: number},
  ): EndTruth {
    const own = prepared.senders
    let truth: EndTruth = {
      possible,
      certain: !own || own.certain === own.possible ? possible : senders.and(own.certain),
    }
    for (const match of prepared.senderMixed) {
      const packet = {...state.packet, destination: receiver.address}
      const asked = this.packets.ends.senders.ask(source => holdsAt(match, {...packet, source}, service, this.packets.sets))
      truth = {possible: truth.possible.and(asked.possible), certain: truth.certain.and(asked.certain)}
    }
    return truth
  }

  private receiverTruth({receiverMatches}: PreparedRule, truth: EndTruth, {index, address}: Receiver): boolean | 'unknown' {
    if (index !== undefined) return truth.certain.has(index) ? true : truth.possible.has(index) ? 'unknown' : false
    let result: boolean | 'unknown' = true
    for (const match of receiverMatches) {
      const each = holds(match, {...this.packets.blank, destination: address}, this.packets.sets)
      if (each === false) return false
      if (each === 'unknown') result = each
    }
    return result
  }
}
