import {parseIpv4} from '../../net/ipv4.ts'
import type {Packet} from '../../net/packet.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import {packetFrom, sidesOf} from '../../sets/sides.ts'
import type {Rule} from '../iptables/model.ts'

/** In rules. Shorter chains are walked without an index. */
const LONG_CHAIN = 24

/** Rules of all addresses that are kept. Where conditions are not known, each address has nearly all rules of a chain. */
const MOST_KEPT = 4_000_000

type Side = 'src' | 'dst'

const SOURCE = sidesOf('src')

interface Chains {
  get(name: string): readonly Rule[] | undefined
}

/** An index of the same chains and sets before some of them changed. */
interface Below {
  readonly rules: RulesByAddress
  /** Whether a chain's rules changed. */
  readonly isChanged: (chain: string) => boolean
  /** Whether the sets that contain an address may have changed. */
  readonly isMoved: (address: string) => boolean
  /** The sets that may contain other addresses. */
  readonly changedSets: ReadonlySet<string>
}

interface Term {
  readonly set: string
  readonly negated: boolean
}

/** Rules one behind the other whose set conditions on one side are the same objects: those of one peer at several ports. */
interface Group {
  readonly terms: readonly Term[]
  readonly rules: Rule[]
}

/** A chain, the side whose sets exclude most of its rules, and its rules with their set conditions on that side. */
interface LongChain {
  readonly side: Side
  readonly groups: readonly Group[]
  /** Positions of all groups. */
  readonly every: readonly number[]
  /** Positions of the groups that name a set. */
  readonly bySet: ReadonlyMap<string, readonly number[]>
}

/** Chains that nodes have in common are looked at once: each repaired node has an index of its own. */
const longChains = new WeakMap<readonly Rule[], LongChain>()

function longChainOf(rules: readonly Rule[]): LongChain {
  let chain = longChains.get(rules)
  if (!chain) {
    const count = (side: Side) => rules.filter(rule => termsOf(rule, side).length > 0).length
    const side = count('src') > count('dst') ? 'src' : 'dst'
    const groups = grouped(rules, side)
    chain = {side, groups, every: [...groups.keys()], bySet: positionsBySet(groups)}
    longChains.set(rules, chain)
  }
  return chain
}

/**
 * Chains without the rules that a packet cannot match because of its address. A node of a large cluster has thousands of
 * jumps to policies, and a packet matches few of them. The rules for each address are computed once.
 */
export class RulesByAddress {
  private readonly chains: Chains
  private readonly sets: SetIndex
  private readonly known = new Map<string, readonly Rule[]>()
  /** By chain and address, like `known`. */
  private readonly groups = new Map<string, readonly number[]>()
  /** Rules in `known`. */
  private kept = 0
  private readonly below: Below | undefined

  constructor(chains: Chains, sets: SetIndex, below?: Below) {
    this.chains = chains
    this.sets = sets
    this.below = below
  }

  /** The rules of a chain that a packet may match, in order. Undefined if there is no such chain. */
  rules(name: string, packet: Packet): readonly Rule[] | undefined {
    const all = this.chains.get(name)
    if (!all || all.length < LONG_CHAIN) return all
    const {side} = this.longChain(name, all)
    return this.met(name, side === 'src' ? packet.source : packet.destination)
  }

  private longChain(name: string, rules: readonly Rule[]): LongChain {
    if (this.below && !this.below.isChanged(name)) return this.below.rules.longChain(name, rules)
    return longChainOf(rules)
  }

  private met(name: string, address: string): readonly Rule[] {
    if (this.below && !this.below.isChanged(name) && !this.below.isMoved(address)) return this.below.rules.met(name, address)
    const key = `${name} ${address}`
    let rules = this.known.get(key)
    if (!rules) {
      const all = this.chains.get(name) ?? []
      const {groups} = this.longChain(name, all)
      const met = this.groupsMet(name, address)
      rules = met.length === groups.length ? all : met.flatMap(at => groups[at]?.rules ?? [])
      this.keep(key, rules, rules === all ? 1 : rules.length)
    }
    return rules
  }

  /** Positions of the groups that an address may match. Those that name no changed set are the same as before. */
  private groupsMet(name: string, address: string): readonly number[] {
    const {below} = this
    if (below && !below.isChanged(name) && !below.isMoved(address)) return below.rules.groupsMet(name, address)
    const key = `${name} ${address}`
    let groups = this.groups.get(key)
    if (!groups) {
      groups = below && !below.isChanged(name) ? this.groupsMetNow(name, address, below) : this.find(name, address)
      this.groups.set(key, groups)
    }
    return groups
  }

  private groupsMetNow(name: string, address: string, below: Below): readonly number[] {
    const {bySet} = this.longChain(name, this.chains.get(name) ?? [])
    const affected = new Set([...below.changedSets].flatMap(set => bySet.get(set) ?? []))
    const others = below.rules.groupsMet(name, address).filter(at => !affected.has(at))
    return [...others, ...this.find(name, address, affected)].toSorted((a, b) => a - b)
  }

  private keep(key: string, rules: readonly Rule[], count: number): void {
    this.kept += count
    if (this.kept > MOST_KEPT) {
      this.known.clear()
      this.groups.clear()
      this.kept = count
    }
    this.known.set(key, rules)
  }

  /** @param only the groups that are looked at; by default all */
  private find(name: string, text: string, only?: Iterable<number>): readonly number[] {
    const {groups, every} = this.longChain(name, this.chains.get(name) ?? [])
    const all = only ? [...only] : every
    const address = parseIpv4(text)
    if (address === undefined) return all
    // Terms have one direction, so it makes no difference which.
    const packet = packetFrom(address)
    const mayMatch = ({set, negated}: Term): boolean => this.sets.holds(set, SOURCE, packet) !== negated
    const met = all.filter(at => groups[at]?.terms.every(mayMatch))
    return met.length === all.length ? all : met
  }
}

function positionsBySet(groups: readonly Group[]): Map<string, number[]> {
  const positions = new Map<string, number[]>()
  for (const [at, {terms}] of groups.entries())
    for (const {set} of terms) {
      const known = positions.get(set)
      if (known) known.push(at)
      else positions.set(set, [at])
    }
  return positions
}

function grouped(rules: readonly Rule[], side: Side): Group[] {
  const groups: Group[] = []
  let last: Group | undefined
  for (const rule of rules) {
    const terms = termsOf(rule, side)
    const isSame = last?.terms.length === terms.length && terms.every((term, at) => term === last?.terms[at])
    if (last && isSame) last.rules.push(rule)
    else groups.push((last = {terms, rules: [rule]}))
  }
  return groups
}

const termsOf = ({matches}: Rule, side: Side): Term[] =>
  matches.flatMap(match => (match.kind === 'set' && match.sides === side ? [match] : []))
