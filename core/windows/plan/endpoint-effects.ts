import {printIpv4} from '../../net/ipv4.ts'
import {endClasses} from '../../packets/end-classes.ts'
import type {JudgedPackets} from '../../packets/packet-domain.ts'
import {allServices} from '../../packets/services.ts'
import type {WalkedSet} from '../../sets/set-index.ts'
import {type HnsEndpoint, plainGuid} from '../hns/model.ts'
import type {WindowsNode} from '../node-state.ts'
import {isNpmAclId} from '../npm/acl-id.ts'
import type {ProgramAcl} from '../npm/program.ts'
import {type AclDirection, type RuleList, rulesOf} from '../walk/endpoint-rules.ts'
import {NodeEndpoints} from '../walk/node-endpoints.ts'
import {SetLookup} from '../walk/set-lookup.ts'
import {WindowsSetWalker} from '../walk/walk-sets.ts'
import type {EndpointChange} from './change.ts'
import {nodeWith} from './node-with.ts'
import {keyOf, type WindowsPart} from './part.ts'

/** What a change of ACLs does to the packets that an endpoint receives, or sends; `both` also where that is not known. */
export type ListEffect = 'none' | 'opens' | 'closes' | 'both'

/** A change of an endpoint with what it does. */
export interface JudgedChange extends EndpointChange {
  readonly effects: Readonly<Record<AclDirection, ListEffect>>
  /** Whether ACLs of one direction can change without the other: the first ACL of an endpoint, and its last, concern both. */
  readonly isDivisible: boolean
  readonly lists: Readonly<Record<'before' | 'after', Readonly<Record<AclDirection, RuleList>>>>
}

/** An address that no pod has, in place of an endpoint's own where no ACL asks for it. */
const NOBODY = 0xff_ff_ff_fe

/** Finds what changes of ACLs do, each endpoint by itself. */
export class EndpointEffects {
  private readonly node: WindowsNode
  private readonly sets: SetLookup
  private readonly endpoints: ReadonlyMap<string, HnsEndpoint>
  private readonly blocks = new Set<string>()
  private readonly known = new Map<string, ListEffect>()
  private addresses: readonly number[] | undefined

  /** @param part all sets that the ACLs name before and behind */
  constructor(node: WindowsNode, part: WindowsPart) {
    this.node = nodeWith(node, part)
    this.sets = new SetLookup(this.node.documents.policies)
    this.endpoints = new Map(node.endpoints.map(endpoint => [plainGuid(endpoint.id), endpoint]))
    for (const block of this.node.ruleBlocks()) this.blocks.add(block)
  }

  of(change: EndpointChange): JudgedChange {
    const endpoint = this.endpoints.get(change.key) as HnsEndpoint
    const [now, next] = [withOwn(endpoint, change.now.own), withOwn(endpoint, change.next.own)]
    const lists = {before: listsOf(now), after: listsOf(next)}
    const effects = {In: this.effect('In', now, next), Out: this.effect('Out', now, next)}
    const isDivisible = lists.before.In.hasAny && lists.after.In.hasAny
    return {...change, lists, effects, isDivisible}
  }

  private effect(direction: AclDirection, now: HnsEndpoint, next: HnsEndpoint): ListEffect {
    const [before, after] = [rulesOf(now, direction), rulesOf(next, direction)]
    const keys = [before, after].map(({rules, hasAny}) => `${hasAny} ${rules.map(({acl}) => keyOf(acl)).join()}`)
    if (keys[0] === keys[1]) return 'none'
    const isOwnAsked = [...before.rules, ...after.rules].some(
      rule => (direction === 'In' ? rule.destination : rule.source).length > 0,
    )
    const key = `${direction} ${isOwnAsked ? now.id : ''} ${keys.join(' ')}`
    let effect = this.known.get(key)
    if (effect === undefined) {
      const address = isOwnAsked ? now.address : printIpv4(NOBODY)
      effect = this.judged(direction, at(now, address), at(next, address))
      this.known.set(key, effect)
    }
    return effect
  }

  private judged(direction: AclDirection, now: HnsEndpoint, next: HnsEndpoint): ListEffect {
    let [opens, closes] = [false, false]
    for (const [before, after] of this.packets(direction, now, next))
      for (const one of before)
        for (const other of after) {
          if (one.verdict === other.verdict && one.verdict !== 'unknown') continue
          if (one.to < other.from || other.to < one.from || !one.senders.meets(other.senders)) continue
          if (one.verdict === 'unknown' || other.verdict === 'unknown') return 'both'
          if (one.verdict === 'drop') opens = true
          else closes = true
          if (opens && closes) return 'both'
        }
    return opens ? 'opens' : closes ? 'closes' : 'none'
  }

  /** All packets that an endpoint receives, or sends, as they are judged with either ACLs. */
  private *packets(
    direction: AclDirection,
    now: HnsEndpoint,
    next: HnsEndpoint,
  ): Generator<readonly [readonly JudgedPackets[], readonly JudgedPackets[]]> {
    this.addresses ??= this.allAddresses()
    const others = this.addresses.filter(address => printIpv4(address) !== now.address)
    const own = this.addressOf(now)
    const [senders, receivers] = direction === 'In' ? [others, [own]] : [[own], others]
    const domain = {senders, receivers, services: [allServices]}
    const walks = [now, next].map(endpoint => {
      const documents = {...this.node.documents, endpoints: [endpoint], lost: []}
      const {cluster: _cluster, ...alone} = documents
      return new WindowsSetWalker({endpoints: new NodeEndpoints(alone), sets: this.sets}, domain)
    })
    const [before, after] = walks as [WindowsSetWalker, WindowsSetWalker]
    for (const receiver of receivers.keys()) yield [before.judge(receiver), after.judge(receiver)]
  }

  private addressOf({address = ''}: HnsEndpoint): number {
    return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  }

  private allAddresses(): readonly number[] {
    const sets = new Map<string, WalkedSet>()
    for (const {id, policyType, values} of this.node.documents.policies?.values() ?? [])
      if (policyType === 'IPSET') sets.set(id, {type: 'hash:net', members: values})
    const {all} = endClasses({pods: [], nodes: new Map(), sets, blocks: this.blocks, likeness: () => ''})
    return all.map(({address}) => address)
  }
}

const listsOf = (endpoint: HnsEndpoint): Readonly<Record<AclDirection, RuleList>> => ({
  In: rulesOf(endpoint, 'In'),
  Out: rulesOf(endpoint, 'Out'),
})

const withOwn = (endpoint: HnsEndpoint, own: readonly ProgramAcl[]): HnsEndpoint => ({
  ...endpoint,
  isAttached: true,
  isRemote: false,
  acls: [...endpoint.acls.filter(({id}) => !isNpmAclId(id)), ...own.map((acl, index) => ({...acl, position: index + 1}))],
})

const at = (endpoint: HnsEndpoint, address: string | undefined): HnsEndpoint => ({
  ...endpoint,
  ...(address !== undefined && {address}),
})
