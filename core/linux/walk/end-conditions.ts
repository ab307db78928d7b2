import type {Truth} from '../../net/truth.ts'
import {Bits} from '../../packets/bits.ts'
import type {EndTruth} from '../../packets/packet-domain.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Match} from '../iptables/model.ts'
import {specialAddresses} from './candidates.ts'
import type {ChangedSets} from './changed-sets.ts'
import {holds, type Passing} from './match.ts'

/** Answers of which those hold, too, for which no changed set was asked. */
export interface SharedConditions {
  readonly ends: EndConditions
  readonly changed: ChangedSets
}

/** So few ends are asked one by one: to find those of which a condition says something special takes longer. */
const FEW_ENDS = 4

/** Nearly all conditions on ends are of sets, and a text is made for each rule of a node. */
const keyOf = (match: Match): string =>
  match.kind === 'set' ? `${match.negated ? '!' : '='}${match.sides} ${match.set}` : JSON.stringify(match)

/** The answers of conditions on one end of a packet, for many ends at once. */
export class EndConditions {
  private readonly side: 'source' | 'destination'
  private readonly addresses: readonly number[]
  private readonly sets: SetIndex
  private readonly shared: SharedConditions | undefined
  private readonly blank: Passing
  /** Indexes of the ends in the order of their addresses. */
  private readonly order: Uint32Array
  private readonly sorted: Float64Array
  private readonly known = new Map<string, EndTruth>()
  readonly all: Bits

  /**
   * @param blank a packet, of which only this end is replaced
   * @param shared answers for the same ends of the same packet
   */
  constructor(
    side: 'source' | 'destination',
    addresses: readonly number[],
    sets: SetIndex,
    blank: Passing,
    shared?: SharedConditions,
  ) {
    this.shared = shared
    this.side = side
    this.addresses = addresses
    this.sets = sets
    this.blank = blank
    this.order = Uint32Array.from(addresses.keys()).sort((a, b) => (addresses[a] as number) - (addresses[b] as number))
    this.sorted = Float64Array.from(this.order, index => addresses[index] as number)
    this.all = Bits.below(addresses.length)
  }

  /** The ends for which a condition holds that looks at nothing but this end. */
  of(match: Match): EndTruth {
    const key = keyOf(match)
    let truth = this.known.get(key)
    if (!truth) {
      const {shared} = this
      truth = shared && !shared.changed.isAskedBy(match) ? shared.ends.of(match) : this.find(match)
      this.known.set(key, truth)
    }
    return truth
  }

  /** Ends for which all of several conditions hold. Undefined when there is no condition. */
  ofAll(matches: readonly Match[]): EndTruth | undefined {
    let result: EndTruth | undefined
    for (const match of matches) {
      const truth = this.of(match)
      result = result ? {possible: result.possible.and(truth.possible), certain: result.certain.and(truth.certain)} : truth
    }
    return result
  }

  /** Asks about each end. */
  ask(truthOf: (address: number) => Truth): EndTruth {
    return this.collect(truthOf, this.addresses.keys(), undefined)
  }

  private find(match: Match): EndTruth {
    const truthOf = (address: number) => holds(match, {...this.blank, [this.side]: address}, this.sets)
    if (this.addresses.length <= FEW_ENDS) return this.ask(truthOf)
    const ranges = specialAddresses(match, this.sets)
    if (!ranges) return this.ask(truthOf)
    const special = new Set<number>()
    let at = 0
    for (let range = 0; range < ranges.from.length; range++) {
      const to = ranges.to[range] as number
      at = this.firstFrom(ranges.from[range] as number, at)
      for (; at < this.sorted.length && (this.sorted[at] as number) <= to; at++) special.add(this.order[at] as number)
    }
    if (match.kind === 'set' && ranges.areMembers) {
      const members = Bits.of(special)
      const possible = match.negated ? this.all.without(members) : members
      return {possible, certain: possible}
    }
    if (special.size === this.addresses.length) return this.ask(truthOf)
    let other = 0
    while (special.has(other)) other++
    return this.collect(truthOf, special, other)
  }

  /** @param other an end that stands for all that are not asked */
  private collect(truthOf: (address: number) => Truth, asked: Iterable<number>, other: number | undefined): EndTruth {
    const rest = other === undefined ? false : truthOf(this.addresses[other] as number)
    const [held, notKnown, failed]: [number[], number[], number[]] = [[], [], []]
    for (const index of asked) {
      const truth = truthOf(this.addresses[index] as number)
      ;(truth === true ? held : truth === false ? failed : notKnown).push(index)
    }
    if (rest === false) {
      const certain = Bits.of(held)
      return {certain, possible: notKnown.length === 0 ? certain : certain.or(Bits.of(notKnown))}
    }
    const possible = this.all.without(Bits.of(failed))
    if (rest === 'unknown') return {possible, certain: Bits.of(held)}
    return {possible, certain: notKnown.length === 0 ? possible : possible.without(Bits.of(notKnown))}
  }

  /**
   * Place of the first end with this address or a larger one.
   *
   * @param near a place that is not far before it, mostly
   */
  private firstFrom(address: number, near: number): number {
    const {sorted} = this
    let low = near > 0 && (sorted[near - 1] as number) >= address ? 0 : near
    let step = 1
    while (low + step <= sorted.length && (sorted[low + step - 1] as number) < address) {
      low += step
      step *= 2
    }
    let high = Math.min(low + step - 1, sorted.length)
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sorted[middle] as number) < address) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The ends of a domain's packets. */
export interface DomainEnds {
  readonly senders: EndConditions
  readonly receivers: EndConditions
}
