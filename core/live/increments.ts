import type {LiveNode} from '../contract/live.ts'
import type {RuleCounters, RuleStructure} from '../dataplane/rule-counters.ts'

/** Whose a rule is. */
export interface RuleOwner {
  /** `namespace/name` */
  readonly policy: string
  readonly direction: 'Ingress' | 'Egress'
  readonly verdict: 'allow' | 'drop'
}

/** What rules of one policy, direction and verdict have counted since the first read; it never goes back. */
export interface PolicyTotal extends RuleOwner {
  readonly packets: number
  readonly bytes: number
}

/** What was counted for the node since the first read; it never goes back. */
export interface NodeIncrements {
  /** At the jump that brings new connections, and nothing else, to Azure NPM. */
  readonly newConnections: number
  /** At the rules that drop. */
  readonly drops: number
  readonly dropBytes: number
}

/** All that is kept, as plain data: it can be saved, and loaded by a program that goes on where this one was. */
export interface SavedIncrements {
  readonly version: 1
  /** Each rule of the last read as printed, with its packets and bytes. */
  readonly last: readonly (readonly [string, number, number])[]
  /** With the time, in milliseconds since 1970, at which one of its rules was last there. */
  readonly policies: readonly (PolicyTotal & {readonly seenMs: number})[]
  readonly node: NodeIncrements
}

/** Totals of a policy that has gone are kept this long: Azure NPM takes a policy away and writes it again when it changes. */
const KEPT_MS = 3_600_000

type Counted = {-readonly [Key in keyof PolicyTotal]: PolicyTotal[Key]} & {seenMs: number}

/**
 * Totals that only grow, of counters that do not: the kernel's begin again at 0 when somebody resets them, and when a rule is written
 * again. A rule is told again by its chain, its text, and which one it is of those that are equal, wherever it stands.
 *
 * What rules counted between the last read and their removal is not known, nor is a reset behind which a counter passes its old count
 * before it is read.
 */
export class Increments {
  private last: {readonly rules: readonly string[]; readonly packets: ArrayLike<number>; readonly bytes: ArrayLike<number>} = {
    rules: [],
    packets: [],
    bytes: [],
  }
  private readonly policies = new Map<string, Counted>()
  private ofNode = {newConnections: 0, drops: 0, dropBytes: 0}

  /** @param saved by a program that has ended; what was counted since is then added at the first read */
  constructor(saved?: SavedIncrements) {
    if (!saved) return
    const {last, policies, node} = saved
    this.last = {
      rules: last.map(([rule]) => rule),
      packets: last.map(([, packets]) => packets),
      bytes: last.map(([, , bytes]) => bytes),
    }
    for (const each of policies) this.policies.set(keyOf(each), {...each})
    this.ofNode = {...node}
  }

  /**
   * Adds what was counted since the last read. Without one, that is all that the kernel has counted.
   *
   * @param ownerOf whose a rule is, by its number. What belongs to no policy counts for the node only
   * @param nowMs   milliseconds since 1970
   */
  add(read: RuleCounters, ownerOf: (number: number) => RuleOwner | undefined, nowMs: number): void {
    if (!read.hasCounters) return
    const {structure, packets, bytes} = read
    const {jump, drops} = structure
    const dropRules = new Set(drops)
    const numberBefore = this.numbersBefore(structure)
    for (let number = 0; number < packets.length; number++) {
      const owner = ownerOf(number)
      const total = owner && this.totalOf(owner, nowMs)
      const old = numberBefore(number)
      const packetsNow = packets[number] as number
      const bytesNow = bytes[number] as number
      const [packetsBefore, bytesBefore] = old === undefined ? [0, 0] : [this.last.packets[old] ?? 0, this.last.bytes[old] ?? 0]
      // Both are reset at once, and bytes tell it even where more packets came since.
      const isReset = packetsNow < packetsBefore || bytesNow < bytesBefore
      const newPackets = isReset ? packetsNow : packetsNow - packetsBefore
      const newBytes = isReset ? bytesNow : bytesNow - bytesBefore
      if (newPackets === 0 && newBytes === 0) continue
      if (total) {
        total.packets += newPackets
        total.bytes += newBytes
      }
      if (number === jump) this.ofNode.newConnections += newPackets
      if (dropRules.has(number)) {
        this.ofNode.drops += newPackets
        this.ofNode.dropBytes += newBytes
      }
    }
    this.last = {rules: structure.rules, packets, bytes}
    for (const [key, {seenMs}] of this.policies) if (nowMs - seenMs > KEPT_MS) this.policies.delete(key)
  }

  get node(): NodeIncrements {
    return {...this.ofNode}
  }

  /** By policy, direction and verdict. */
  totals(): PolicyTotal[] {
    return [...this.policies.values()]
      .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
      .map(({seenMs: _seen, ...total}) => total)
  }

  save(): SavedIncrements {
    const {rules, packets, bytes} = this.last
    return {
      version: 1,
      last: rules.map((rule, number) => [rule, packets[number] ?? 0, bytes[number] ?? 0] as const),
      policies: [...this.policies.values()].map(each => ({...each})),
      node: {...this.ofNode},
    }
  }

  private totalOf(owner: RuleOwner, nowMs: number): Counted {
    const key = keyOf(owner)
    let total = this.policies.get(key)
    if (!total) {
      const {policy, direction, verdict} = owner
      this.policies.set(key, (total = {policy, direction, verdict, packets: 0, bytes: 0, seenMs: nowMs}))
    }
    total.seenMs = nowMs
    return total
  }

  /** The number that a rule had in the last read. */
  private numbersBefore({rules}: RuleStructure): (number: number) => number | undefined {
    const {rules: old} = this.last
    if (old === rules) return number => number
    const numbers = new Map(identities(old).map((identity, number) => [identity, number]))
    const now = identities(rules)
    return number => numbers.get(now[number] ?? '')
  }
}

const keyOf = ({policy, direction, verdict}: RuleOwner): string => `${policy} ${direction} ${verdict}`

function identities(rules: readonly string[]): string[] {
  const met = new Map<string, number>()
  return rules.map(rule => {
    const equal = met.get(rule) ?? 0
    met.set(rule, equal + 1)
    return equal === 0 ? rule : `${rule}\n${equal}`
  })
}

/** Rules of policies by their numbers: a `LiveNode`, or what is read of a node for it. */
export interface OwnedRules {
  readonly policies: readonly (Pick<LiveNode['policies'][number], 'policy' | 'direction' | 'chain'> & {
    readonly rules: readonly Pick<LiveNode['policies'][number]['rules'][number], 'number' | 'action'>[]
  })[]
}

/**
 * Whose the rules of a node are, by their numbers in its document. Undefined for rules of no policy, for those of a policy that nothing
 * names, and where several policies collide in one chain.
 */
export function ruleOwners({policies}: OwnedRules): (number: number) => RuleOwner | undefined {
  const owners = new Map<number, RuleOwner>()
  const byChain = new Map<string, Set<string>>()
  for (const {chain, policy} of policies) byChain.set(chain, (byChain.get(chain) ?? new Set()).add(policy))
  for (const {policy, direction, chain, rules} of policies) {
    if (policy === 'unknown' || (byChain.get(chain)?.size ?? 0) > 1) continue
    for (const {number, action} of rules) if (action !== 'unknown') owners.set(number, {policy, direction, verdict: action})
  }
  return number => owners.get(number)
}
