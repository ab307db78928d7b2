/** Rules in order. An array is one; others make each rule when somebody asks for it. */
export interface RuleList<Rule> extends Iterable<Rule> {
  readonly length: number
  /** @param index from 0 */
  at(index: number): Rule | undefined
}

/** Peers of a policy's rule, each of them at every port. */
export interface PeersAndPorts<Peer, Port> {
  readonly peers: readonly Peer[]
  readonly ports: readonly Port[]
}

/** The rules of peers and ports: peer by peer, each at every port. They are not kept, because a policy of 17 KB combines to 50,000. */
export class CombinedRules<Peer, Port, Rule> implements RuleList<Rule> {
  readonly length: number
  private readonly blocks: readonly PeersAndPorts<Peer, Port>[]
  private readonly make: (peer: Peer, port: Port) => Rule

  constructor(blocks: readonly PeersAndPorts<Peer, Port>[], make: (peer: Peer, port: Port) => Rule) {
    this.blocks = blocks
    this.make = make
    this.length = countRules(blocks)
  }

  *[Symbol.iterator](): Generator<Rule> {
    for (const {peers, ports} of this.blocks) for (const peer of peers) for (const port of ports) yield this.make(peer, port)
  }

  toJSON(): readonly Rule[] {
    return [...this]
  }

  at(index: number): Rule | undefined {
    let left = index < 0 ? this.length + index : index
    if (left < 0) return undefined
    for (const {peers, ports} of this.blocks) {
      const count = peers.length * ports.length
      if (left < count) return this.make(peers[Math.floor(left / ports.length)] as Peer, ports[left % ports.length] as Port)
      left -= count
    }
    return undefined
  }
}

/** Several lists, one behind the other. */
export class JoinedRules<Rule> implements RuleList<Rule> {
  readonly length: number
  private readonly lists: readonly RuleList<Rule>[]

  constructor(lists: readonly RuleList<Rule>[]) {
    this.lists = lists
    this.length = lists.reduce((sum, {length}) => sum + length, 0)
  }

  *[Symbol.iterator](): Generator<Rule> {
    for (const list of this.lists) yield* list
  }

  toJSON(): readonly Rule[] {
    return [...this]
  }

  at(index: number): Rule | undefined {
    let left = index < 0 ? this.length + index : index
    if (left < 0) return undefined
    for (const list of this.lists) {
      if (left < list.length) return list.at(left)
      left -= list.length
    }
    return undefined
  }
}

/** A list with each rule changed. */
export class MappedRules<From, Rule> implements RuleList<Rule> {
  private readonly rules: RuleList<From>
  private readonly change: (rule: From) => Rule

  constructor(rules: RuleList<From>, change: (rule: From) => Rule) {
    this.rules = rules
    this.change = change
  }

  get length(): number {
    return this.rules.length
  }

  *[Symbol.iterator](): Generator<Rule> {
    for (const rule of this.rules) yield this.change(rule)
  }

  toJSON(): readonly Rule[] {
    return [...this]
  }

  at(index: number): Rule | undefined {
    const rule = this.rules.at(index)
    return rule && this.change(rule)
  }
}

/** How many rules peers and ports combine to. */
export const countRules = (blocks: readonly PeersAndPorts<unknown, unknown>[]): number =>
  blocks.reduce((sum, {peers, ports}) => sum + peers.length * ports.length, 0)

/**
 * The pairs that name a peer or a port for the first time: the first peer at every port, the others at the first port. In the
 * order of the rules, so that what they name is found in that order too.
 */
export function* firstUses<Peer, Port>(blocks: readonly PeersAndPorts<Peer, Port>[]): Generator<readonly [Peer, Port]> {
  for (const {peers, ports} of blocks)
    for (const [index, peer] of peers.entries()) for (const port of index === 0 ? ports : ports.slice(0, 1)) yield [peer, port]
}
