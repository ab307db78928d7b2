import {printIpv4} from '../../net/ipv4.ts'
import {Bits, BitsUnion} from '../../packets/bits.ts'
import {disjointPackets} from '../../packets/disjoint-packets.ts'
import type {EndTruth, JudgedPackets, PacketDomain, PacketSetWalk} from '../../packets/packet-domain.ts'
import {commonRange, gaps} from '../../packets/service-ranges.ts'
import type {AddressField} from '../hns/conditions.ts'
import type {HnsEndpoint} from '../hns/model.ts'
import {aclSettings} from '../hns/print.ts'
import type {EndpointRule, RuleList} from './endpoint-rules.ts'
import {endlessDoubt, missingDoubt, NO_RULE, tieDoubt, withoutMissing} from './judge.ts'
import {type RuleServices, ruleServices} from './rule-services.ts'
import type {SetLookup} from './set-lookup.ts'
import type {WalkedNode} from './walk.ts'

type Part = Pick<JudgedPackets, 'from' | 'to' | 'senders'>

/** Judges sets of packets as `walk` judges each of them. */
export class WindowsSetWalker implements PacketSetWalk {
  private readonly node: WalkedNode
  private readonly domain: PacketDomain
  private readonly allSenders: Bits
  private readonly services = new Map<EndpointRule, RuleServices>()
  /** The same by the fields of a rule, so that their text is made once. */
  private readonly known = {source: new Map<object, EndTruth>(), destination: new Map<object, EndTruth>()}
  private readonly truths = {source: new Map<string, EndTruth>(), destination: new Map<string, EndTruth>()}
  /** What of a list of rules is not certain: found once, as hardly any list has such rules. */
  private readonly suspects = new Map<RuleList, readonly Suspect[]>()
  readonly doubts = new Set<string>()
  private readonly sending: readonly Sending[]
  /** Whether an address has several endpoints. */
  private readonly hasShared: boolean
  private readonly lostSenders: Bits
  private readonly freeSenders: Bits

  constructor(node: WalkedNode, domain: PacketDomain) {
    this.node = node
    this.domain = domain
    this.allSenders = Bits.below(domain.senders.length)
    const groups = new Map<string, {list: RuleList; senders: number[]}>()
    const [lost, free]: [number[], number[]] = [[], []]
    let hasShared = false
    for (const [index, sender] of domain.senders.entries()) {
      const {endpoints, lost: isLost} = node.endpoints.at(printIpv4(sender))
      if (isLost !== undefined) lost.push(index)
      if (endpoints.length === 0 && isLost === undefined) free.push(index)
      if (endpoints.length > 1) hasShared = true
      for (const endpoint of endpoints) this.group(endpoint, index, groups)
    }
    this.hasShared = hasShared
    this.sending = [...groups.values()].map(({list, senders}) => ({list, senders: Bits.of(senders), known: new Map()}))
    this.lostSenders = Bits.of(lost)
    this.freeSenders = Bits.of(free)
  }

  /** Pods of one policy have the same rules: those are asked once. */
  private group(endpoint: HnsEndpoint, sender: number, groups: Map<string, {list: RuleList; senders: number[]}>): void {
    const list = this.node.endpoints.rules(endpoint, 'Out')
    const key = JSON.stringify([list.hasAny, list.rules.map(({acl}) => aclSettings(acl))])
    const known = groups.get(key)
    if (known) known.senders.push(sender)
    else groups.set(key, {list, senders: [sender]})
  }

  judge(receiver: number): JudgedPackets[] {
    const sent = this.sent(receiver)
    const address = this.domain.receivers[receiver] as number
    const {endpoints, lost} = this.node.endpoints.at(printIpv4(address))
    if (lost === undefined && endpoints.length === 0) return sent
    const received: JudgedPackets[] = []
    if (lost !== undefined) received.push(...this.whole(this.allSenders, 'unknown'))
    for (const endpoint of endpoints)
      received.push(...this.run(this.node.endpoints.rules(endpoint, 'In'), this.allSenders, receiver))
    return both(sent, endpoints.length > 1 ? disjointPackets(received) : received)
  }

  /** What the senders' endpoints let go to a receiver. */
  private sent(receiver: number): JudgedPackets[] {
    const merged = new MergedParts(this.domain.senders.length)
    for (const part of this.whole(this.freeSenders, 'accept')) merged.add(part)
    for (const part of this.whole(this.lostSenders, 'unknown')) merged.add(part)
    for (const group of this.sending) for (const part of this.sentBy(group, receiver)) merged.add(part)
    // A sender has one endpoint, if its documents are in order: then no packet is in two parts.
    return this.hasShared ? disjointPackets(merged.all()) : merged.all()
  }

  /** What the senders of one list of rules let go to a receiver: the same for receivers that its rules do not tell apart. */
  private sentBy(group: Sending, receiver: number): readonly JudgedPackets[] {
    const {list, senders, known} = group
    if (this.suspectsOf(list).length > 0) return this.run(list, senders, receiver)
    group.targets ??= [...new Set(list.rules.map(({destination}) => this.truth(destination, 'destination')))]
    let key = ''
    for (const {possible, certain} of group.targets) {
      key += possible.has(receiver) ? (certain.has(receiver) ? '+' : '?') : '-'
    }
    let parts = known.get(key)
    if (!parts) known.set(key, (parts = this.run(list, senders, receiver)))
    return parts
  }

  private whole(senders: Bits, verdict: JudgedPackets['verdict']): JudgedPackets[] {
    return senders.isEmpty ? [] : this.domain.services.map(({from, to}) => ({from, to, senders, verdict}))
  }

  private run(list: RuleList, senders: Bits, receiver: number): JudgedPackets[] {
    const {rules, hasAny} = list
    const suspects = this.suspectsOf(list)
    const done: JudgedPackets[] = []
    let isForked = false
    let left: Part[] = this.domain.services.map(({from, to}) => ({from, to, senders}))
    for (const rule of rules) {
      if (left.length === 0) break
      if (suspects.length > 0) this.doubt(suspects, rule, left, receiver)
      const to = this.truth(rule.destination, 'destination')
      if (!to.possible.has(receiver)) continue
      const from = this.truth(rule.source, 'source')
      const {ranges, isCertain} = this.servicesOf(rule)
      const certain = isCertain && to.certain.has(receiver) ? from.certain : Bits.none
      const verdict = rule.allows === undefined ? 'unknown' : rule.allows ? 'accept' : 'drop'
      const next: Part[] = []
      for (const part of left) {
        const possible = part.senders.and(from.possible)
        const met = possible.isEmpty ? [] : ranges.flatMap(range => commonRange(part, range))
        if (met.length === 0) {
          next.push(part)
          continue
        }
        for (const range of met) done.push({...range, senders: possible, verdict})
        const sure = part.senders.and(certain)
        if (!sure.equals(possible)) isForked = true
        const others = part.senders.without(sure)
        // Beside the met services all stay; within them those that surely match are gone.
        for (const range of gaps(part, met)) next.push({...range, senders: part.senders})
        if (!others.isEmpty) for (const range of met) next.push({...range, senders: others})
      }
      left = next
    }
    for (const part of left) done.push({...part, verdict: hasAny ? 'drop' : 'accept'})
    if (hasAny && left.length > 0) this.doubts.add(NO_RULE)
    return isForked ? disjointPackets(done) : done
  }

  private suspectsOf(list: RuleList): readonly Suspect[] {
    let suspects = this.suspects.get(list)
    if (!suspects) this.suspects.set(list, (suspects = suspectsIn(list, this.node.sets)))
    return suspects
  }

  /** Notes what is not certain of a rule that some packets come to and may meet. */
  private doubt(suspects: readonly Suspect[], asked: EndpointRule, left: readonly Part[], receiver: number): void {
    for (const {rule, meets, text} of suspects) {
      if (rule !== asked || this.doubts.has(text)) continue
      const isMet = meets.every(each => {
        if (!this.truth(each.destination, 'destination').possible.has(receiver)) return false
        const from = this.truth(each.source, 'source').possible
        const {ranges} = this.servicesOf(each)
        return left.some(part => !part.senders.and(from).isEmpty && ranges.some(range => commonRange(part, range).length > 0))
      })
      if (isMet) this.doubts.add(text)
    }
  }

  private truth(fields: readonly AddressField[], end: 'source' | 'destination'): EndTruth {
    let truth = this.known[end].get(fields)
    if (!truth) this.known[end].set(fields, (truth = this.foundTruth(fields, end)))
    return truth
  }

  private foundTruth(fields: readonly AddressField[], end: 'source' | 'destination'): EndTruth {
    const key = fields.map(fieldKey).join(' ')
    const known = this.truths[end].get(key)
    if (known) return known
    const addresses = end === 'source' ? this.domain.senders : this.domain.receivers
    const [possible, certain]: [number[], number[]] = [[], []]
    for (const [index, address] of addresses.entries()) {
      const truths = fields.map(field => this.node.sets.holds(field, address))
      if (truths.includes(false)) continue
      possible.push(index)
      if (!truths.includes('unknown')) certain.push(index)
    }
    const truth = {possible: Bits.of(possible), certain: Bits.of(certain)}
    this.truths[end].set(key, truth)
    return truth
  }

  private servicesOf(rule: EndpointRule): RuleServices {
    let services = this.services.get(rule)
    if (!services) this.services.set(rule, (services = ruleServices(rule)))
    return services
  }
}

/** Senders with equal rules. */
interface Sending {
  readonly list: RuleList
  readonly senders: Bits
  /** What they let go, by which destinations of the rules hold the receiver. */
  readonly known: Map<string, readonly JudgedPackets[]>
  /** What the destinations of its rules hold, each once. */
  targets?: readonly EndTruth[]
}

/** Parts of the same services and verdict, joined. */
class MergedParts {
  private readonly parts = new Map<string, {readonly part: JudgedPackets; readonly senders: BitsUnion}>()
  private readonly count: number

  constructor(count: number) {
    this.count = count
  }

  add(part: JudgedPackets): void {
    const key = `${part.from} ${part.to} ${part.verdict}`
    let known = this.parts.get(key)
    if (!known) this.parts.set(key, (known = {part, senders: new BitsUnion(this.count)}))
    known.senders.add(part.senders)
  }

  all(): JudgedPackets[] {
    return [...this.parts.values()].map(({part, senders}) => ({...part, senders: senders.bits()}))
  }
}

/** What is not certain where packets meet a rule. */
interface Suspect {
  readonly rule: EndpointRule
  /** Rules that such packets meet, all of them. */
  readonly meets: readonly EndpointRule[]
  readonly text: string
}

function suspectsIn({rules}: RuleList, sets: SetLookup): Suspect[] {
  const differing = Map.groupBy(rules, ({acl}) => acl.priority)
  return rules.flatMap((rule): Suspect[] => {
    const endless = [...rule.source, ...rule.destination].flatMap(field => sets.endless(field))
    const missing = withoutMissing(rule, sets)
    const tied = (differing.get(rule.acl.priority) ?? []).filter(({allows}) => rule.allows === false && allows !== false)
    return [
      ...endless.map(id => ({rule, meets: [rule], text: endlessDoubt(id)})),
      ...(missing ? [{rule, meets: [missing.rest], text: missingDoubt(rule, missing.ids)}] : []),
      ...tied.map(other => ({rule, meets: [rule, other], text: tieDoubt(rule, other)})),
    ]
  })
}

const fieldKey = (field: AddressField): string =>
  field.kind === 'sets'
    ? field.ids.join()
    : field.kind === 'literals'
      ? `literals ${field.blocks.map(({base, prefix}) => `${base}/${prefix}`).join()}`
      : field.kind

/** What both ends say together. */
function both(sent: readonly JudgedPackets[], received: readonly JudgedPackets[]): JudgedPackets[] {
  return sent.flatMap(one =>
    received.flatMap((other): JudgedPackets[] => {
      const senders = one.senders.and(other.senders)
      if (senders.isEmpty) return []
      const verdict =
        one.verdict === 'drop' || other.verdict === 'drop'
          ? 'drop'
          : one.verdict === 'unknown' || other.verdict === 'unknown'
            ? 'unknown'
            : 'accept'
      return commonRange(one, other).map(range => ({...range, senders, verdict}))
    }),
  )
}
