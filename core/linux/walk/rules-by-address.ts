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
}

/**
 * Chains without the rules that a packet cannot match because of its address. A node of a large cluster has thousands of
 * jumps to policies, and a packet matches few of them. The rules for each address are computed once.
 */
export class RulesByAddress {
  private readonly chains: Chains
  private readonly sets: SetIndex
  private readonly long = new Map<string, LongChain>()
  private readonly known = new Map<string, readonly Rule[]>()
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
    let chain = this.long.get(name)
    if (!chain) {
      const count = (side: Side) => rules.filter(rule => termsOf(rule, side).length > 0).length
      const side = count('src') > count('dst') ? 'src' : 'dst'
      chain = {side, groups: grouped(rules, side)}
      this.long.set(name, chain)
    }
    return chain
  }

  private met(name: string, address: string): readonly Rule[] {
    if (this.below && !this.below.isChanged(name) && !this.below.isMoved(address)) return this.below.rules.met(name, address)
    const key = `${name} ${address}`
    let rules = this.known.get(key)
    if (!rules) {
      rules = this.find(name, address)
      this.keep(key, rules)
    }
    return rules
  }

  private keep(key: string, rules: readonly Rule[]): void {
    this.kept += rules.length
    if (this.kept > MOST_KEPT) {
      this.known.clear()
      this.kept = rules.length
    }
    this.known.set(key, rules)
  }

  private find(name: string, text: string): readonly Rule[] {
    const all = this.chains.get(name) ?? []
    const address = parseIpv4(text)
    if (address === undefined) return all
    const {groups} = this.longChain(name, all)
    // Terms have one direction, so it makes no difference which.
    const packet = packetFrom(address)
    const mayMatch = ({set, negated}: Term): boolean => this.sets.holds(set, SOURCE, packet) !== negated
    return groups.filter(({terms}) => terms.every(mayMatch)).flatMap(({rules}) => rules)
  }
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
