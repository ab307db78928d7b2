import {parseIpv4} from '../../net/ipv4.ts'
import {parseMember} from '../../sets/member.ts'
import type {CompiledSet} from '../../sets/membership.ts'
import type {MemberDifference} from '../../sets/set-difference.ts'
import {SetIndex, type WalkedSets} from '../../sets/set-index.ts'
import {addressAt} from '../../sets/sides.ts'

/**
 * Sets of which single addresses have other answers. A set of thousands of members is not indexed again for one that is
 * repaired: the longest prefix decides, and none is longer than a single address.
 */
export class OverriddenSets extends SetIndex {
  private readonly base: SetIndex
  private readonly overrides: ReadonlyMap<string, ReadonlyMap<string, boolean>>

  /**
   * @param below the same sets without the overrides, and the names of those that change in whatever way
   * @param overrides by set, the answers by key
   */
  constructor(
    sets: WalkedSets,
    below: {readonly index: SetIndex; readonly changed: ReadonlySet<string>},
    overrides: ReadonlyMap<string, ReadonlyMap<string, boolean>>,
  ) {
    super(sets, below)
    this.base = below.index
    this.overrides = overrides
  }

  protected override get(name: string): CompiledSet {
    const own = this.overrides.get(name)
    if (!own) return super.get(name)
    return {
      fields: sides => this.base.asks(name, sides),
      holds: (packet, sides, wantsException) => {
        const address = addressAt(packet, sides, 0)
        const port = sides.isSource[1] ? packet.sourcePort : packet.port
        const isIn = own.get(`${address}`) ?? own.get(`${address},${packet.protocol}:${port}`)
        if (isIn !== undefined) return isIn
        // Without a port, whether any port of the address is in the set may have changed.
        if (port === undefined && own.has(`${address},any`)) return 'unknown'
        return this.base.holds(name, sides, packet, wantsException)
      },
    }
  }
}

/**
 * The answers of a set of addresses, or of addresses and ports, once differences of its members are repaired.
 *
 * @returns undefined if one of them is more than a single address, so that the set must be indexed again
 */
export function overridesOf(differences: readonly MemberDifference[]): Map<string, boolean> | undefined {
  const answers = new Map<string, boolean>()
  for (const {type, wanted, found} of differences) {
    if (type !== 'hash:net' && type !== 'hash:ip,port') return undefined
    const {subject, port, isException} = parseMember((wanted ?? found)?.text ?? '')
    const address = parseIpv4(subject)
    // Without the member, a block that contains the address decides.
    if (address === undefined || isException || (wanted && found)) return undefined
    if (!port && !wanted) return undefined
    answers.set(port ? `${address},${port.protocol}:${port.number}` : `${address}`, wanted !== undefined)
    if (port) answers.set(`${address},any`, true)
  }
  return answers
}
