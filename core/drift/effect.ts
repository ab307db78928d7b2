import type {DriftItem} from '../contract/drift.ts'
import type {Rule} from '../iptables/model.ts'
import type {Program} from '../policy/program.ts'
import {forwardRules, programChains} from '../policy/program-chains.ts'
import {numbered, programSetMap} from '../simulate/node-rules.ts'
import type {Packet, Verdict} from '../simulate/packet.ts'
import {SetIndex} from '../simulate/set-index.ts'
import {type WalkedRules, walk} from '../simulate/walk.ts'
import type {Difference, Overlay} from './difference.ts'
import {type Sample, sampleOf} from './sample.ts'

/** Walks that one comparison may cost in all; a node in ruins has thousands of differences. */
const MOST_WALKS = 400_000
const MOST_WALKS_PER_ITEM = 60_000

/**
 * Says what each difference does: made alone in a program that is otherwise as the policies ask, does it let packets
 * through or drop them? It is found by walking packets, not by rules of thumb: a member that is missing opens where a policy
 * selects by it, and closes where one allows by it.
 */
export class Effects {
  private readonly base: Overlay
  private readonly baseRules: WalkedRules
  private readonly baseSets: SetIndex
  private readonly foreign: WalkedRules
  private readonly known = new Map<string, Verdict>()
  private walks = 0

  /** @param foreign the node's own rules, for chains that are not Azure NPM's */
  constructor(program: Program, foreign: WalkedRules) {
    this.foreign = foreign
    this.base = overlayOf(program)
    this.baseRules = rulesOf(this.base, foreign)
    this.baseSets = new SetIndex(this.base.sets)
  }

  /** The verdict of the program as it is asked for. */
  before(packet: Packet): Verdict {
    const key = packetText(packet)
    let verdict = this.known.get(key)
    if (verdict === undefined) {
      verdict = walk(this.baseRules, this.baseSets, packet).verdict
      this.known.set(key, verdict)
    }
    return verdict
  }

  /** The verdict of the program with one difference made in it. */
  after({apply}: Difference, packet: Packet): Verdict {
    if (!apply) return this.before(packet)
    const {rules, sets} = this.changed(apply)
    return walk(rules, sets, packet).verdict
  }

  private changed(apply: (overlay: Overlay) => void): {overlay: Overlay; rules: WalkedRules; sets: SetIndex} {
    const overlay: Overlay = {sets: new Map(this.base.sets), chains: new Map(this.base.chains)}
    apply(overlay)
    return {overlay, rules: rulesOf(overlay, this.foreign), sets: new SetIndex(overlay.sets)}
  }

  of({apply, addresses}: Difference): Pick<DriftItem, 'effect' | 'example'> {
    if (!apply) return {effect: 'none'}
    const {overlay: changed, rules, sets} = this.changed(apply)
    const sample = sampleOf(changed.sets, [...changed.chains.values()].flat(), addresses?.flatMap(edges))
    let closed: string | undefined
    let walks = 0
    for (const packet of packets(sample, addresses?.flatMap(edges))) {
      if (++walks > MOST_WALKS_PER_ITEM || ++this.walks > MOST_WALKS) break
      const before = this.before(packet)
      const after = walk(rules, sets, packet).verdict
      if (before === after) continue
      if (before === 'drop' && after !== 'drop') return {effect: 'open', example: packetText(packet)}
      closed ??= packetText(packet)
    }
    return closed === undefined ? {effect: 'none'} : {effect: 'closed', example: closed}
  }
}

const packetText = ({source, destination, protocol, port}: Packet): string =>
  `${source} -> ${destination} ${protocol}${port === undefined ? '' : `/${port}`}`

/** The address of a member; of a block its first one. */
const edges = (entry: string): string[] => [entry.replace(/\/\d+$/, '')]

/** All pairs and ports of a sample; when it is about certain addresses, those with one of them at an end. */
function* packets({addresses, ports}: Sample, about: readonly string[] | undefined): Generator<Packet> {
  for (const source of about ?? addresses)
    for (const destination of addresses) for (const port of ports) yield {source, destination, ...port}
  if (!about) return
  for (const source of addresses) for (const destination of about) for (const port of ports) yield {source, destination, ...port}
}

function overlayOf(program: Program): Overlay {
  const chains = new Map<string, readonly Rule[]>([['FORWARD', numbered(forwardRules(program))]])
  for (const [name, rules] of programChains(program)) chains.set(name, numbered(rules))
  return {sets: programSetMap(program), chains}
}

function rulesOf({chains}: Overlay, foreign: WalkedRules): WalkedRules {
  return {
    chain(table, name) {
      const rules = table === 'filter' ? chains.get(name) : undefined
      if (rules) return {rules, ...(name === 'FORWARD' && {policy: 'ACCEPT'})}
      // Only FORWARD as it is on the node can lead to other programs' chains.
      return table === 'filter' && !name.startsWith('AZURE-NPM') && name !== 'FORWARD' ? foreign.chain(table, name) : undefined
    },
  }
}
