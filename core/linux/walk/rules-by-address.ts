import {parseIpv4} from '../../net/ipv4.ts'
import type {Packet} from '../../net/packet.ts'
import type {SetIndex} from '../../sets/set-index.ts'
import type {Rule} from '../iptables/model.ts'

/** Shorter chains are walked as they are. */
const LONG_CHAIN = 24

type Side = 'src' | 'dst'

interface Chains {
  get(name: string): readonly Rule[] | undefined
}

/** The same chains and sets before some of them changed. */
interface Below {
  readonly rules: RulesByAddress
  /** Whether a chain has other rules now. */
  readonly isChanged: (chain: string) => boolean
  /** Whether an address may be in other sets now. */
  readonly isMoved: (address: string) => boolean
}

interface Term {
  readonly set: string
  readonly negated: boolean
}

/** A chain, the side by whose sets most of its rules can be passed over, and what each asks of that side. */
interface LongChain {
  readonly side: Side
  readonly rules: readonly {readonly rule: Rule; readonly terms: readonly Term[]}[]
}

/**
 * Chains without the rules that a packet cannot match because of its address. A node of a large cluster has thousands of jumps
 * to policies, and a packet meets a few of them; for each address they are looked for once.
 */
export class RulesByAddress {
  private readonly chains: Chains
  private readonly sets: SetIndex
  private readonly long = new Map<string, LongChain>()
  private readonly known = new Map<string, readonly Rule[]>()
  private readonly below: Below | undefined

  constructor(chains: Chains, sets: SetIndex, below?: Below) {
    this.chains = chains
    this.sets = sets
    this.below = below
  }

  /** The rules of a chain that a packet may match, in order. Undefined when there is no such chain. */
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
      chain = {side, rules: rules.map(rule => ({rule, terms: termsOf(rule, side)}))}
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
      this.known.set(key, rules)
    }
    return rules
  }

  private find(name: string, text: string): readonly Rule[] {
    const all = this.chains.get(name) ?? []
    const address = parseIpv4(text)
    if (address === undefined) return all
    // Sets of ports are asked without one: they say no only to addresses that are not in them at all.
    const question = {address, protocol: '', port: undefined}
    const mayMatch = ({set, negated}: Term): boolean => this.sets.holds(set, question) !== negated
    return this.longChain(name, all)
      .rules.filter(({terms}) => terms.every(mayMatch))
      .map(({rule}) => rule)
  }
}

const termsOf = ({matches}: Rule, side: Side): Term[] =>
  matches.flatMap(match => (match.kind === 'set' && match.sides === side ? [match] : []))
