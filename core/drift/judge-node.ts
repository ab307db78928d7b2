import type {IncompletePart} from '../contract/common.ts'
import type {Departure, JudgedPacket} from '../contract/drift.ts'
import type {Cause} from '../dataplane/cause.ts'
import type {NodeState} from '../dataplane/dataplane.ts'
import type {AnyDifference} from '../dataplane/difference.ts'
import type {SimulatedNode} from '../dataplane/simulation.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {Packet, Verdict} from '../net/packet.ts'
import {spread} from '../packets/spread.ts'
import {Evaluator} from '../policy/evaluate.ts'
import type {Program} from '../policy/program.ts'
import {Departures} from './departures.ts'
import {DisputedPackets, type Limits, MOST_LIKELY} from './disputed-packets.ts'
import {type Effect, Effects, type Judged} from './effects.ts'
import {PodNames} from './pod-names.ts'

/** Packets that are attributed to causes, and packets whose way is searched for rules of other programs. */
const MOST_ATTRIBUTED = 20_000
const MOST_SEARCHED = 1000
/** Causes without an effect that are tried on a node on which all others are repaired. */
const MOST_HIDDEN = 24
/** Packets that are held against the program, to tell what Azure NPM does from what nothing explains; and such that are shown. */
const MOST_PROGRAM_WALKS = 1000
const MOST_SURPRISES = 3
const UNEXPLAINED =
  'packets are judged otherwise than the policies say, and neither a difference nor a rule of another program explains it'

export interface NodeJudgement {
  /** `at` is the position that `together` of an effect means. */
  readonly causes: readonly {readonly at: number; readonly cause: Cause; readonly effect: Effect}[]
  readonly departures: readonly Departure[]
  readonly notes: readonly string[]
  readonly judged: 'all' | 'some' | 'none'
  /** Parts of the input that are not whole, and on which verdicts of packets rest. */
  readonly incomplete: readonly IncompletePart[]
  /** Whether limits kept packets from being tried. */
  readonly isHurried: boolean
}

interface Question extends Limits {
  readonly node: NodeState
  readonly simulated: SimulatedNode<object, AnyDifference>
  readonly program: Program
  readonly cluster: ClusterObjects
  /** Of the differences. */
  readonly causes: readonly Cause[]
  /** Whether the policies are not asked, only what Azure NPM makes of them. */
  readonly isProgramOnly: boolean
}

/**
 * Finds what each cause opens and closes on the node as it is, rules of other programs that decide before Azure NPM, and what Azure
 * NPM itself does otherwise than the policies ask for. It walks packets through the node as it is and through the node with
 * causes repaired.
 */
export function judgeNode(question: Question): NodeJudgement {
  return new NodeJudge(question).judge()
}

class NodeJudge {
  private readonly question: Question
  private readonly pods: PodNames
  private readonly departures: Departures | undefined
  private readonly fixed: SimulatedNode<object, AnyDifference>
  private readonly packets: DisputedPackets
  /** Packets that nothing explains. */
  private readonly surprises: {readonly opens: JudgedPacket[]; readonly closes: JudgedPacket[]} = {opens: [], closes: []}
  /** The node as Azure NPM alone would program it. */
  private foretold: NodeState | undefined
  private programWalks = 0

  constructor(question: Question) {
    const {simulated, causes, cluster, program, node, isProgramOnly} = question
    this.question = question
    this.pods = new PodNames(cluster, node.node)
    const evaluator = isProgramOnly ? undefined : new Evaluator(cluster, node.judges)
    this.departures = evaluator && new Departures(cluster, program, node.dataPlane.policyCompiler, evaluator)
    this.fixed = causes.length > 0 ? simulated.repaired(causes) : simulated
    const {fixed, pods, departures} = this
    this.packets = new DisputedPackets({node, simulated, fixed, cluster, causes, pods, evaluator, departures}, question)
  }

  judge(): NodeJudgement {
    const {causes, simulated, isProgramOnly} = this.question
    if (this.question.node.completeness.rules === 'absent') return this.withoutRules()
    const isSearched = this.packets.search()
    const foreign = this.foreignCauses()
    const all = [...causes, ...foreign]
    const repaired = foreign.length > 0 ? simulated.repaired(all) : this.fixed
    const effects = new Effects(
      simulated,
      all,
      packet => this.pods.show(packet),
      packet => this.pods.mayPass(packet),
    )
    const foreignAt = foreign.map((_, at) => causes.length + at)
    this.attribute(effects, repaired, foreignAt)
    for (const cause of this.packets.doubtful) effects.doubt(cause)
    if (all.length > 1) this.reveal(effects, repaired)
    const isHurried = this.packets.isSpent
    const incomplete = this.packets.incomplete()
    // Who cannot tell what happens to packets cannot tell either that nothing happens to them.
    if (isHurried || incomplete.length > 0) for (const at of causes.keys()) if (!effects.isTold(at, 1)) effects.doubt(at)
    const jump = causes.findIndex(({kind}) => kind === 'jump')
    const behindJump = foreignAt.filter(at => jump >= 0 && effects.isExplainedBy(at, jump))
    const told = [...all.entries()].flatMap(([at, cause]) => {
      const effect = effects.of(at)
      // A rule of another program is a cause only if it decides, and none of its own where the jump should come before it.
      const isCause = effect.opens.length + effect.closes.length > 0 || effect.isUncertain
      if (at >= causes.length && (!isCause || behindJump.includes(at))) return []
      const text = [cause.text, ...(at === jump ? behindJump.map(each => all[each]?.text) : [])].join('; ')
      return [{at, cause: {...cause, text}, effect}]
    })
    const {opens, closes} = this.surprises
    // Of many causes not each packet is attributed.
    const isExplained = told.some(({effect}) => effect.isUncertain || effect.opens.length + effect.closes.length > 0)
    if (opens.length + closes.length > 0 && !isExplained)
      told.push({
        at: all.length,
        cause: {kind: 'unexplained', text: UNEXPLAINED, differences: []},
        effect: {opens, closes, isUncertain: false},
      })
    return {
      causes: told,
      departures: this.departures?.told ?? [],
      notes: this.departures?.notes ?? [],
      judged: isProgramOnly ? 'none' : isSearched && !isHurried ? 'all' : 'some',
      incomplete,
      isHurried,
    }
  }

  /** What a node does to packets is not known without its rules, so nothing is said to do nothing. */
  private withoutRules(): NodeJudgement {
    const uncertain: Effect = {opens: [], closes: [], isUncertain: true}
    return {
      causes: [...this.question.causes.entries()].map(([at, cause]) => ({at, cause, effect: uncertain})),
      departures: [],
      notes: this.departures?.notes ?? [],
      judged: 'none',
      incomplete: [],
      isHurried: false,
    }
  }

  /** Rules of other programs on the way of packets that are judged otherwise than the policies say. */
  private foreignCauses(): Cause[] {
    const {simulated} = this.question
    const found = new Map<string, Cause>()
    const strange = this.packets.found.filter(({now, expected}) => expected !== undefined && now !== expected)
    // What is wrong with Azure NPM's rules may keep the packet from a rule that decides the same.
    for (const {packet} of spread(strange, MOST_SEARCHED))
      for (const node of [simulated, this.fixed]) for (const cause of node.foreignCauses(packet)) found.set(cause.text, cause)
    // Rules that came before the jump are told as such.
    const told = new Set(this.question.causes.flatMap(({where}) => (where ? [JSON.stringify(where)] : [])))
    return [...found.values()].filter(({where}) => !where || !told.has(JSON.stringify(where)))
  }

  private attribute(effects: Effects, all: SimulatedNode<object, AnyDifference>, foreign: readonly number[]): void {
    const {causes} = this.question
    const ranked = this.packets.found.toSorted((a, b) => this.rank(a) - this.rank(b))
    const structural = causes.flatMap(({kind}, at) => (kind === 'pod' || kind === 'namespace' ? [] : [at])).slice(0, MOST_LIKELY)
    for (const judged of spread(ranked, MOST_ATTRIBUTED)) {
      if (this.packets.isSpent) return
      const {packet, now, expected, likely} = judged
      const isStrange = expected !== undefined && expected !== 'unknown' && expected !== now && now !== 'unknown'
      // What Azure NPM does by itself is the fault of no other rule.
      if (isStrange && judged.repaired === now && this.isProgrammed(packet, now)) {
        this.departures?.add(packet, now, this.pods.show(packet))
        continue
      }
      // Rules of other programs are asked only about packets that should be judged otherwise.
      const asked = isStrange ? foreign : []
      const without = asked.length > 0 ? all.walk(packet) : judged.repaired
      // Without rules of other programs it may not be known what happens; then they explain nothing.
      const repaired = without === 'unknown' ? judged.repaired : without
      let isTold = false
      if (repaired !== now && repaired !== 'unknown') {
        const of =
          causes.length + asked.length <= MOST_LIKELY
            ? [...causes.keys(), ...asked]
            : [...new Set([...(likely === undefined ? [] : [likely]), ...structural, ...asked])]
        isTold = effects.attribute({...judged, repaired}, of)
      }
      if (isStrange && !isTold) this.addSurprise(packet, now)
    }
  }

  /** Whether Azure NPM's own program, without anything else on the node, gives a packet this verdict. */
  private isProgrammed(packet: Packet, now: Verdict): boolean {
    const {node, program, cluster} = this.question
    if (this.programWalks++ >= MOST_PROGRAM_WALKS) return true
    this.foretold ??= node.dataPlane.foretell(program, {node: node.node, cluster})
    const {verdict} = this.foretold.walk(packet)
    return verdict === now || verdict === 'unknown'
  }

  private addSurprise(packet: Packet, now: 'accept' | 'drop'): void {
    const list = now === 'accept' ? this.surprises.opens : this.surprises.closes
    if (list.length < MOST_SURPRISES) list.push(this.pods.show(packet))
  }

  /** What causes would do that others hide. */
  private reveal(effects: Effects, repaired: SimulatedNode<object, AnyDifference>): void {
    const {causes} = this.question
    const quiet = [...causes.keys()].filter(at => !effects.isTold(at, 1)).slice(0, MOST_HIDDEN)
    for (const at of quiet)
      if (!this.packets.isSpent) effects.reveal(at, this.packets.tried.of(causes[at] as Cause, causes.length), repaired)
  }

  /** Packets that a person can follow come first: between pods, and judged otherwise than the policies say. */
  private rank({packet, now, expected}: Judged): number {
    return (expected !== undefined && expected !== now ? 0 : 4) + this.pods.distance(packet)
  }
}
