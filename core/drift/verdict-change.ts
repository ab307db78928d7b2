import type {DriftItem} from '../contract/drift.ts'
import {forwardRules, programChains} from '../linux/compile/program-chains.ts'
import type {Rule} from '../linux/iptables/model.ts'
import type {LinuxProgram} from '../linux/npm/program.ts'
import {numbered, programSetMap} from '../linux/walk/node-rules.ts'
import {type WalkedRules, walk} from '../linux/walk/walk.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import {CandidatePackets, firstAddress} from '../packets/candidate-packets.ts'
import {Narrow} from '../packets/constraints.ts'
import {CopyOnWriteMap} from '../packets/copy-on-write-map.ts'
import {isSmall, MOST_ADDRESSES, type Sample, sampleOf} from '../packets/sample-packets.ts'
import {SetIndex} from '../sets/set-index.ts'
import type {Difference, Overlay, OverlaySet} from './difference.ts'

/** Walks that one comparison may cost in all, and what each further difference may. */
const MOST_WALKS = 400_000
const FEW_WALKS = 60
const MOST_WALKS_PER_ITEM = 60_000

/** How much may be tried. */
export interface Limits {
  /** On nodes with more kinds of addresses not all pairs of them are. */
  readonly mostAddresses?: number
  /** Packets for all differences together; after that a few for each. */
  readonly mostWalks?: number
}

/** A program with one difference in it. */
interface Changed {
  readonly overlay: Overlay
  readonly sets: SetIndex
  readonly rules: Narrow
}

/**
 * Says what each difference does: made alone in a program that is otherwise as the policies ask, does it let packets
 * through or drop them? It is found by walking packets, not by rules of thumb: a member that is missing opens where a policy
 * selects by it, and closes where one allows by it.
 */
export class Effects {
  private readonly sets: ReadonlyMap<string, OverlaySet>
  private readonly chains: ReadonlyMap<string, readonly Rule[]>
  private readonly index: SetIndex
  private readonly narrow: Narrow
  private readonly foreign: WalkedRules
  private readonly known = new Map<string, Verdict>()
  private readonly isSmall: boolean
  private focused: CandidatePackets | undefined
  private readonly mostWalks: number
  private walks = 0

  /**
   * @param foreign the node's own rules, for chains that are not Azure NPM's
   */
  constructor(
    program: LinuxProgram,
    foreign: WalkedRules,
    {mostAddresses = MOST_ADDRESSES, mostWalks = MOST_WALKS}: Limits = {},
  ) {
    this.mostWalks = mostWalks
    this.foreign = foreign
    this.sets = programSetMap(program)
    const chains = new Map<string, readonly Rule[]>([['FORWARD', numbered(forwardRules(program))]])
    for (const [name, rules] of programChains(program)) chains.set(name, numbered(rules))
    this.chains = chains
    this.index = new SetIndex(this.sets)
    this.narrow = new Narrow(chains, this.index)
    this.isSmall = isSmall(this.sets, mostAddresses)
  }

  /** Whether there were more differences than could be looked at closely. */
  get isHurried(): boolean {
    return this.walks >= this.mostWalks
  }

  /** The verdict of the program as it is asked for. */
  before(packet: Packet): Verdict {
    const key = packetText(packet)
    let verdict = this.known.get(key)
    if (verdict === undefined) {
      verdict = this.walk(packet, this.narrow, this.index)
      this.known.set(key, verdict)
    }
    return verdict
  }

  /** The verdict of the program with one difference made in it. */
  after(difference: Difference, packet: Packet): Verdict {
    if (!difference.apply) return this.before(packet)
    const {rules, sets} = this.changed(difference, difference.apply)
    return this.walk(packet, rules, sets)
  }

  of(difference: Difference): Pick<DriftItem, 'effect' | 'example'> {
    if (!difference.apply) return {effect: 'none'}
    const changed = this.changed(difference, difference.apply)
    const most = this.isHurried ? FEW_WALKS : MOST_WALKS_PER_ITEM
    let closed: string | undefined
    let walks = 0
    for (const packet of this.packets(difference, changed.overlay)) {
      if (++walks > most) break
      this.walks++
      const before = this.before(packet)
      const after = this.walk(packet, changed.rules, changed.sets)
      if (before === after) continue
      if (before === 'drop' && after !== 'drop') return {effect: 'open', example: packetText(packet)}
      closed ??= packetText(packet)
    }
    return closed === undefined ? {effect: 'none'} : {effect: 'closed', example: closed}
  }

  private packets(difference: Difference, {sets, chains}: Overlay): Iterable<Packet> {
    const about = difference.addresses?.map(firstAddress)
    if (this.isSmall) {
      const rules = [...chains.entries()].flatMap(([, each]) => each)
      return allPackets(sampleOf(sets.entries(), rules, about), about)
    }
    return this.focus.packets(difference)
  }

  private get focus(): CandidatePackets {
    this.focused ??= new CandidatePackets(this.sets, this.index, this.chains)
    return this.focused
  }

  private changed({addresses}: Difference, apply: (overlay: Overlay) => void): Changed {
    const overlay: Overlay = {sets: new CopyOnWriteMap(this.sets), chains: new CopyOnWriteMap(this.chains)}
    apply(overlay)
    const changedSets = new Set(overlay.sets.changes.keys())
    for (const name of changedSets) for (const list of this.focus.listsOf(name)) changedSets.add(list)
    const sets = new SetIndex(overlay.sets, {index: this.index, changed: changedSets})
    const about = addresses && new Set(addresses.map(firstAddress))
    const isBlock = addresses?.some(address => address.includes('/')) === true
    const rules = new Narrow(overlay.chains, sets, {
      narrow: this.narrow,
      isChanged: chain => overlay.chains.changes.has(chain),
      isMoved: address => changedSets.size > 0 && (about === undefined || isBlock || about.has(address)),
    })
    return {overlay, sets, rules}
  }

  private walk(packet: Packet, narrow: Narrow, sets: SetIndex): Verdict {
    const rules: WalkedRules = {
      chain: (table, name) => {
        const own = table === 'filter' ? narrow.rules(name, packet) : undefined
        if (own) return {rules: own, ...(name === 'FORWARD' && {policy: 'ACCEPT'})}
        // Only FORWARD as it is on the node can lead to other programs' chains.
        return table === 'filter' && !name.startsWith('AZURE-NPM') && name !== 'FORWARD'
          ? this.foreign.chain(table, name)
          : undefined
      },
    }
    return walk(rules, sets, packet).verdict
  }
}

const packetText = ({source, destination, protocol, port}: Packet): string =>
  `${source} -> ${destination} ${protocol}${port === undefined ? '' : `/${port}`}`

/** All pairs and ports of a sample; when it is about certain addresses, those with one of them at an end. */
function* allPackets({addresses, ports}: Sample, about: readonly string[] | undefined): Generator<Packet> {
  for (const source of about ?? addresses)
    for (const destination of addresses) for (const port of ports) yield {source, destination, ...port}
  if (!about) return
  for (const source of addresses) for (const destination of about) for (const port of ports) yield {source, destination, ...port}
}
