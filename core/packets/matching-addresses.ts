import {parseIpv4, printIpv4} from '../net/ipv4.ts'
import type {Truth} from '../net/truth.ts'
import {blockOf, edgesOf, parseMember} from '../sets/member.ts'
import type {SetIndex} from '../sets/set-index.ts'
import {packetFrom, sidesOf} from '../sets/sides.ts'
import type {SimulatedSets} from './rule-conditions.ts'
import {OUTSIDE} from './sample-packets.ts'

/** A condition that an address is in a set, or is not. */
export interface SetTerm {
  readonly set: string
  readonly negated: boolean
}

/** The first dimension of a set is asked about, whatever the others are. */
const FIRST_ALONE = sidesOf('src,dst,dst')

/** Limits: addresses returned, addresses tried, and addresses tried to find one that does not match. */
const MOST = {addresses: 4, looks: 4000, misfits: 100} as const

/** Finds addresses that are in given sets and not in others. */
export class MatchingAddresses {
  private readonly sets: SimulatedSets
  private readonly index: SetIndex
  /** Cached results: rules repeat the same few terms. */
  private readonly known = new Map<string, readonly string[]>()

  constructor(sets: SimulatedSets, index: SetIndex) {
    this.sets = sets
    this.index = index
  }

  /** Whether all terms hold for an address; `unknown` counts as holding. */
  fits(address: string, terms: readonly SetTerm[]): boolean {
    const value = parseIpv4(address)
    if (value === undefined) return true
    const packet = packetFrom(value)
    return terms.every(({set, negated}) => this.index.holds(set, FIRST_ALONE, packet) !== negated)
  }

  /** A test of one address for many terms, which asks about each set once. */
  memberships(address: string): (term: SetTerm) => boolean {
    const value = parseIpv4(address)
    if (value === undefined) return () => true
    const packet = packetFrom(value)
    const known = new Map<string, Truth>()
    return ({set, negated}) => {
      let truth = known.get(set)
      if (truth === undefined) known.set(set, (truth = this.index.holds(set, FIRST_ALONE, packet)))
      return truth !== negated
    }
  }

  /** A few addresses for which all terms hold, and one near them for which they do not. */
  of(terms: readonly SetTerm[]): readonly string[] {
    const key = terms.map(({set, negated}) => (negated ? `!${set}` : set)).join(' ')
    let fits = this.known.get(key)
    if (!fits) {
      fits = this.find(terms)
      this.known.set(key, fits)
    }
    return fits
  }

  private find(terms: readonly SetTerm[]): string[] {
    const size = ({set}: SetTerm): number => this.sets.get(set)?.members.length ?? 0
    const [narrowest] = terms.filter(({negated}) => !negated).toSorted((a, b) => size(a) - size(b))
    const candidates = narrowest ? this.candidates(narrowest.set) : [OUTSIDE]
    const found: string[] = []
    let misfit: string | undefined
    let looks = 0
    for (const address of candidates) {
      if (++looks > MOST.looks) break
      if (this.fits(address, terms)) found.push(address)
      else misfit ??= address
      // Keep looking for a while: exceptions come after their block.
      if (found.length >= MOST.addresses - 1 && (misfit !== undefined || looks > MOST.misfits)) break
    }
    return [...found.slice(0, MOST.addresses - 1), ...(misfit === undefined ? [] : [misfit])]
  }

  /** Addresses near the members of a set: of each block the first address, and the first after it. */
  private *candidates(name: string): Generator<string> {
    const set = this.sets.get(name)
    if (!set) return
    if (set.type === 'list:set') {
      for (const member of set.members) yield* this.candidates(member)
      return
    }
    for (const member of set.members) {
      const block = blockOf(parseMember(member))
      if (block) yield* edgesOf(block).map(printIpv4)
    }
  }

  /** A few addresses of a set. */
  membersOf(name: string): string[] {
    const found: string[] = []
    for (const address of this.candidates(name)) {
      found.push(address)
      if (found.length >= MOST.addresses) break
    }
    return found
  }
}
