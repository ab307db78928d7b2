import {blockHolds, UNKNOWN_ADDRESS} from '../../net/ipv4.ts'
import type {Truth} from '../../net/truth.ts'
import {all} from '../../net/truth.ts'
import {SetIndex, type WalkedSet} from '../../sets/set-index.ts'
import {type SetPacket, sidesOf} from '../../sets/sides.ts'
import type {AddressField} from '../hns/conditions.ts'
import type {SetPolicy} from '../hns/model.ts'

/** What walks ask of sets: whether an address is in all that a rule names. */
export class SetLookup {
  private readonly policies: ReadonlyMap<string, SetPolicy> | undefined
  private readonly index: SetIndex

  /** @param policies undefined when the input has no network: then nothing is known of any set */
  constructor(policies: ReadonlyMap<string, SetPolicy> | undefined) {
    this.policies = policies
    this.index = new SetIndex({get: id => this.walked(id)})
  }

  /** Whether an address is one that a field names. */
  holds(field: AddressField, address: number): Truth {
    switch (field.kind) {
      case 'any':
        return true
      case 'mixed':
        return 'unknown'
      case 'literals':
        if (address === UNKNOWN_ADDRESS) return 'unknown'
        return field.blocks.some(block => blockHolds(block, address))
      case 'sets':
        return all(field.ids.map(id => this.index.holds(id, SOURCE, packetFrom(address))))
    }
  }

  /** Ids that a field names and no network has. HNS refuses such rules. */
  missing(field: AddressField): readonly string[] {
    const {policies} = this
    return field.kind === 'sets' && policies ? field.ids.filter(id => !policies.has(id)) : []
  }

  /** Lists without members that a field names: HNS takes them for every address. */
  endless(field: AddressField): readonly string[] {
    if (field.kind !== 'sets') return []
    return field.ids.filter(id => {
      const set = this.policies?.get(id)
      return set?.policyType === 'NESTEDIPSET' && set.values.length === 0
    })
  }

  private walked(id: string): WalkedSet | undefined {
    if (!this.policies) return undefined
    const set = this.policies.get(id)
    // What no network has holds nobody.
    if (!set) return {type: 'hash:net', members: []}
    if (!set.policyType) return undefined
    if (set.policyType === 'IPSET') return {type: 'hash:net', members: set.values}
    // Source: upstream change 1431, by which Azure NPM puts an empty set into each list.
    return set.values.length === 0 ? {type: 'hash:net', members: ['0.0.0.0/0']} : {type: 'list:set', members: set.values}
  }
}

const SOURCE = sidesOf('src')
const packetFrom = (source: number): SetPacket => ({
  source,
  destination: UNKNOWN_ADDRESS,
  protocol: '',
  port: undefined,
  sourcePort: undefined,
})
