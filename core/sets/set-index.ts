import type {Truth} from '../net/truth.ts'
import {parseMember} from './member.ts'
import {type CompiledSet, compileSet, unknownSet, type WalkedSet} from './membership.ts'
import {addressAt, type SetField, type SetPacket, type Sides} from './sides.ts'

export type {WalkedSet} from './membership.ts'

/** Sets by kernel name. */
export interface WalkedSets {
  get(name: string): WalkedSet | undefined
}

/**
 * Ipsets, indexed for membership queries. A set that is absent, or of a type that is not modelled, gives `unknown`.
 * Source: ipset(8); measured on a real kernel.
 */
export class SetIndex {
  private readonly sets: WalkedSets
  private readonly compiled = new Map<string, CompiledSet>()
  private readonly below: {readonly index: SetIndex; readonly changed: ReadonlySet<string>} | undefined

  /** @param below an index of the same sets, except for the sets in `changed`; it is reused for all others */
  constructor(sets: WalkedSets, below?: {readonly index: SetIndex; readonly changed: ReadonlySet<string>}) {
    this.sets = sets
    this.below = below
  }

  /** A set as it was given. */
  set(name: string): WalkedSet | undefined {
    return this.sets.get(name)
  }

  /**
   * Whether a packet is in a set.
   *
   * @param sides which end of the packet each dimension of the set looks at
   * @param wantsException whether the rule has `--return-nomatch`
   */
  holds(name: string, sides: Sides, packet: SetPacket, wantsException = false): Truth {
    return this.get(name).holds(packet, sides, wantsException)
  }

  /** What a set looks at of a packet: packets that agree on it have the same answer. */
  asks(name: string, sides: Sides): readonly SetField[] {
    return this.get(name).fields(sides)
  }

  /** Whether a set is known to be the same in another index, because both have it from one. */
  isSame(name: string, other: SetIndex): boolean {
    // Most sets need not be compiled for that.
    if (other.below?.index === this || this.below?.index === other)
      return (other.below?.index === this ? other : this).below?.changed.has(name) === false
    const set = this.get(name)
    return set !== unknownSet && set === other.get(name)
  }

  protected get(name: string): CompiledSet {
    if (this.below && !this.below.changed.has(name)) return this.below.index.get(name)
    let set = this.compiled.get(name)
    if (!set) {
      set = this.compile(name)
      this.compiled.set(name, set)
    }
    return set
  }

  private compile(name: string): CompiledSet {
    const set = this.sets.get(name)
    if (!set) return unknownSet
    const compiled = set.type === 'list:set' ? this.compileList(set) : compileSet(set)
    return set.isCut ? withoutSomeMembers(set, compiled) : compiled
  }

  private compileList({members}: WalkedSet): CompiledSet {
    const names = [...members].map(member => parseMember(member).subject)
    let found: readonly CompiledSet[] | undefined
    const parts = (): readonly CompiledSet[] => (found ??= names.map(name => this.member(name)))
    // A list has thousands of members, which mostly look at the same, and each rule that names it asks.
    const knownFields = new Map<Sides, readonly SetField[]>()
    const fields = (sides: Sides): readonly SetField[] => {
      let known = knownFields.get(sides)
      if (!known) knownFields.set(sides, (known = [...new Set(parts().flatMap(part => part.fields(sides)))]))
      return known
    }
    const holds = (packet: SetPacket, sides: Sides, wantsException: boolean): Truth => {
      let result: Truth = false
      for (const part of parts()) {
        const truth = part.holds(packet, sides, wantsException)
        if (truth === true) return true
        if (truth === 'unknown') result = truth
      }
      return result
    }
    return {fields, holds: remembered(holds, fields)}
  }

  /** The kernel refuses lists in lists, so what such a list holds is unknown. */
  private member(name: string): CompiledSet {
    return this.sets.get(name)?.type === 'list:set' ? unknownSet : this.get(name)
  }
}

/** Of a set that may have more members: what it holds it holds, unless it is of blocks, which may have exceptions among the others. */
function withoutSomeMembers({type}: WalkedSet, compiled: CompiledSet): CompiledSet {
  if (type.includes('net')) return unknownSet
  return {
    fields: sides => compiled.fields(sides),
    holds: (packet, sides, wantsException) => (compiled.holds(packet, sides, wantsException) === true ? true : 'unknown'),
  }
}

interface Answer {
  readonly sides: Sides
  readonly packet: SetPacket
  readonly wantsException: boolean
  readonly truth: Truth
}

/**
 * A test that keeps its last two answers. Thousands of rules ask one list of thousands of sets about both ends of one packet, and
 * most lists hold addresses only.
 */
function remembered(test: CompiledSet['holds'], fieldsOf: CompiledSet['fields']): CompiledSet['holds'] {
  const byAddress = new Map<Sides, boolean>()
  const isByAddress = (sides: Sides): boolean => {
    let known = byAddress.get(sides)
    if (known === undefined) {
      const first = sides.isSource[0] ? 'source' : 'destination'
      known = fieldsOf(sides).every(field => field === first)
      byAddress.set(sides, known)
    }
    return known
  }
  const isSame = (known: Answer, packet: SetPacket, sides: Sides, wantsException: boolean): boolean => {
    if (known.sides !== sides || known.wantsException !== wantsException) return false
    if (known.packet === packet) return true
    return isByAddress(sides) && addressAt(known.packet, sides, 0) === addressAt(packet, sides, 0)
  }
  let last: Answer | undefined
  let before: Answer | undefined
  return (packet, sides, wantsException) => {
    if (last && isSame(last, packet, sides, wantsException)) return last.truth
    const known = before && isSame(before, packet, sides, wantsException) ? before : undefined
    const found = known ?? {sides, packet, wantsException, truth: test(packet, sides, wantsException)}
    before = last
    last = found
    return found.truth
  }
}
