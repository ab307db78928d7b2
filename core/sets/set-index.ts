import {parseIpv4} from '../net/ipv4.ts'
import type {Truth} from '../net/truth.ts'
import {blockOf, parseMember} from './member.ts'

/** A set as a walk needs it, read from a node or compiled. */
export interface WalkedSet {
  readonly type: string
  /** As ipset prints them, exceptions with ` nomatch`. */
  readonly members: Iterable<string>
}

/** Sets by kernel name. */
export interface WalkedSets {
  get(name: string): WalkedSet | undefined
}

/** A membership query: an address, and for `hash:ip,port` a protocol and a port. */
export interface SetQuestion {
  readonly address: number
  readonly protocol: string
  /** Undefined when the port is unknown. */
  readonly port: number | undefined
}

/** What a set looks at: `nothing` if its answer is the same for all packets. */
export type SetFields = 'nothing' | 'address' | 'addressAndPort'

type Test = (question: SetQuestion) => Truth

/**
 * Ipsets, indexed for membership queries. A set that is absent, or of a type that is not modelled, gives `unknown`.
 * Source: ipset(8); measured on a real kernel.
 */
export class SetIndex {
  private readonly sets: WalkedSets
  private readonly tests = new Map<string, Test>()
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

  /** Whether a set contains the address, or the address and port. */
  holds(name: string, question: SetQuestion): Truth {
    if (this.below && !this.below.changed.has(name)) return this.below.index.holds(name, question)
    let test = this.tests.get(name)
    if (!test) {
      test = this.compile(name)
      this.tests.set(name, test)
    }
    return test(question)
  }

  /** What a set looks at of a question: questions that agree on it have the same answer. */
  asks(name: string): SetFields {
    if (this.below && !this.below.changed.has(name)) return this.below.index.asks(name)
    const set = this.sets.get(name)
    if (set?.type === 'list:set') {
      let asked: SetFields = 'nothing'
      for (const member of set.members) {
        const part = parseMember(member).subject
        // What a list in a list holds is unknown, see below.
        const each = this.sets.get(part)?.type === 'list:set' ? 'nothing' : this.asks(part)
        if (each === 'addressAndPort') return each
        if (each === 'address') asked = each
      }
      return asked
    }
    if (set?.type === 'hash:net' || set?.type === 'hash:ip') return 'address'
    return set?.type === 'hash:ip,port' ? 'addressAndPort' : 'nothing'
  }

  /** The kernel refuses lists in lists, so what such a list holds is unknown. */
  private isInAny(sets: readonly string[], question: SetQuestion): Truth {
    let result: Truth = false
    for (const set of sets) {
      const truth = this.sets.get(set)?.type === 'list:set' ? 'unknown' : this.holds(set, question)
      if (truth === true) return true
      if (truth === 'unknown') result = truth
    }
    return result
  }

  private compile(name: string): Test {
    const set = this.sets.get(name)
    switch (set?.type) {
      case 'hash:net':
      case 'hash:ip':
        return netTest(set.members)
      case 'hash:ip,port':
        return portTest(set.members)
      case 'list:set': {
        const members = [...set.members].map(member => parseMember(member).subject)
        return remembered(question => this.isInAny(members, question))
      }
      default:
        return () => 'unknown'
    }
  }
}

/** A test that keeps its last two answers. Thousands of rules ask one list of thousands of sets about both ends of one packet. */
function remembered(test: Test): Test {
  let last: {readonly question: SetQuestion; readonly truth: Truth} | undefined
  let before: typeof last
  return question => {
    if (last && isSame(last.question, question)) return last.truth
    const found = before && isSame(before.question, question) ? before : {question, truth: test(question)}
    before = last
    last = found
    return found.truth
  }
}

const isSame = (one: SetQuestion, other: SetQuestion): boolean =>
  one.address === other.address && one.port === other.port && one.protocol === other.protocol

/** The longest matching prefix decides. A `nomatch` block means "not in the set". */
function netTest(members: Iterable<string>): Test {
  const byPrefix = new Map<number, Map<number, boolean>>()
  for (const text of members) {
    const member = parseMember(text)
    const block = blockOf(member)
    if (!block) return () => 'unknown'
    const bases = byPrefix.get(block.prefix) ?? new Map<number, boolean>()
    byPrefix.set(block.prefix, bases)
    bases.set(block.base, !member.isException)
  }
  const prefixes = [...byPrefix]
    .toSorted(([a], [b]) => b - a)
    .map(([prefix, bases]) => ({mask: prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0, bases}))
  return ({address}) => {
    for (const {mask, bases} of prefixes) {
      const isIn = bases.get((address & mask) >>> 0)
      if (isIn !== undefined) return isIn
    }
    return false
  }
}

function portTest(members: Iterable<string>): Test {
  const known = new Set<string>()
  const addresses = new Set<number>()
  for (const text of members) {
    const {subject, port} = parseMember(text)
    const value = parseIpv4(subject)
    if (value === undefined) return () => 'unknown'
    addresses.add(value)
    if (port) known.add(`${value},${port.protocol}:${port.number}`)
  }
  return ({address, protocol, port}) => {
    if (port === undefined) return addresses.has(address) ? 'unknown' : false
    return known.has(`${address},${protocol}:${port}`)
  }
}
