import type {IncompletePart} from '../../contract/common.ts'
import type {Cause} from '../../dataplane/cause.ts'
import type {SimulatedNode} from '../../dataplane/simulation.ts'
import type {Packet, Verdict} from '../../net/packet.ts'
import type {PacketScope, RuleConditions, SimulatedSet, SimulatedSets} from '../../packets/rule-conditions.ts'
import {spread} from '../../packets/spread.ts'
import {memberText} from '../../sets/member.ts'
import type {NodeSets} from '../../sets/node-set.ts'
import {SetIndex} from '../../sets/set-index.ts'
import type {ComparedRule, LinuxDifference} from '../compare/compared-rule.ts'
import {scopeOf} from '../compare/difference-scope.ts'
import type {Rule} from '../iptables/model.ts'
import {directionChains, FORWARD_CHAIN, isNpmChain, NPM_CHAIN} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import type {LinuxProgram} from '../npm/program.ts'
import {CopyOnWriteMap, type Entries} from '../walk/copy-on-write-map.ts'
import {programSetMap} from '../walk/node-rules.ts'
import type {Host} from '../walk/passing.ts'
import {RulesByAddress} from '../walk/rules-by-address.ts'
import type {Step} from '../walk/trail.ts'
import {type LinuxWalk, walk} from '../walk/walk.ts'
import type {WalkedChain, WalkedRules} from '../walk/walked-rules.ts'
import {writtenSets} from '../walk/written-sets.ts'
import {foreignCauses, foreignRules, isForeignRule} from './foreign-rules.ts'
import {repairedChain} from './repair.ts'
import {type RepairedSets, repairedSets} from './repaired-sets.ts'
import {Jumps, Lists, ruleConditions} from './rule-conditions.ts'
import type {RuleDifferences} from './rule-differences.ts'

/** What is walked of a node that was read. */
export interface ReadNode extends NodeSets {
  readonly rules: WalkedRules
  readonly setIndex: SetIndex
  readonly host: Host
  /** Azure NPM's chains. */
  readonly ruleLists: readonly string[]
}

/**
 * A node as it is, as something that can be repaired.
 *
 * @param program whose members the sets of a repaired node have, where those of the node are not known
 */
export const simulateNode = (node: ReadNode, program: LinuxProgram): SimulatedNode<ComparedRule, LinuxDifference> => {
  const sets = setsOf(node)
  const chains: Entries<readonly Rule[]> = {
    get: name => node.rules.chain('filter', name)?.rules,
    *entries() {
      for (const name of [FORWARD_CHAIN, ...node.ruleLists]) yield [name, node.rules.chain('filter', name)?.rules ?? []]
    },
  }
  const index = node.setIndex
  return new Simulation({
    node,
    sets,
    chains,
    index,
    rules: new RulesByAddress(chains, index),
    without: new Map(),
    program,
    jumps: new Jumps(chains),
    lists: new Lists(sets),
    effort: {looks: 0},
  })
}

function setsOf({sets, hasMembers}: NodeSets): Entries<SimulatedSet> {
  const read = new Map<string, SimulatedSet>()
  const get = (name: string): SimulatedSet | undefined => {
    const known = read.get(name)
    const set = known ? undefined : hasMembers ? sets?.get(name) : undefined
    if (!set) return known
    const simulated = {type: set.type, members: set.members.map(memberText)}
    read.set(name, simulated)
    return simulated
  }
  return {
    get,
    *entries() {
      for (const name of sets?.keys() ?? []) {
        const set = get(name)
        if (set) yield [name, set]
      }
    },
  }
}

/** The sets of a repaired node whose own are not known. */
function setsOfProgram(program: LinuxProgram): RepairedSets {
  const sets = programSetMap(program)
  return {sets, index: new SetIndex(sets), changed: new Set(sets.keys()), isMoved: () => true}
}

interface Parts {
  readonly node: ReadNode
  readonly sets: Entries<SimulatedSet>
  /** FORWARD and Azure NPM's chains. */
  readonly chains: Entries<readonly Rule[]>
  readonly index: SetIndex
  readonly rules: RulesByAddress
  /** Chains of other programs, without some of their rules, by table and name. */
  readonly without: ReadonlyMap<string, WalkedChain>
  readonly program: LinuxProgram
  readonly jumps: Jumps
  readonly lists: Lists
  /** Shared by all nodes made of this one. */
  readonly effort: {looks: number}
}

class Simulation implements SimulatedNode<ComparedRule, LinuxDifference> {
  private readonly parts: Parts

  constructor(parts: Parts) {
    this.parts = parts
  }

  get sets(): SimulatedSets {
    return this.parts.sets
  }

  get index(): SetIndex {
    return this.parts.index
  }

  get looks(): number {
    return this.parts.effort.looks
  }

  listsOf(set: string): readonly string[] {
    return this.parts.lists.of(set)
  }

  *ruleLists(): Generator<readonly ComparedRule[]> {
    for (const [, rules] of this.parts.chains.entries()) yield rules
  }

  *rules(): Generator<ComparedRule> {
    for (const [name, rules] of this.parts.chains.entries()) if (isNpmChain(name)) yield* rules
  }

  conditions(rule: ComparedRule): RuleConditions {
    return ruleConditions(rule)
  }

  leader({chain}: ComparedRule): ComparedRule | undefined {
    return this.parts.jumps.to(chain)
  }

  behind({chain, target}: ComparedRule, most: number): readonly ComparedRule[] {
    const {chains} = this.parts
    const leadsTo = target?.kind === 'jump' ? target.chain : undefined
    if (leadsTo !== undefined && policyChain(leadsTo)) return chains.get(leadsTo) ?? []
    if (policyChain(chain)) return []
    const names = chain === FORWARD_CHAIN || chain === NPM_CHAIN ? Object.values(directionChains) : [chain]
    return [...chains.entries()]
      .filter(([name]) => names.some(prefix => name.startsWith(prefix)))
      .flatMap(([, rules]) => spread(rules, most))
  }

  foreignConditions(): readonly RuleConditions[] {
    return foreignRules(this.walked(undefined)).flatMap(({rule}) => (rule ? [ruleConditions(rule)] : []))
  }

  walk(packet: Packet): Verdict {
    return this.walkedBy(packet).verdict
  }

  foreignCauses(packet: Packet): readonly Cause[] {
    const {rules} = this.parts.node
    const walk = this.walkedBy(packet)
    return foreignCauses({...walk, trail: walk.trail.map(step => this.asRead(step))}, rules.backend)
  }

  /** A step with the position that its rule has on the node as it is. */
  private asRead(step: Step): Step {
    const {rules} = this.parts.node
    const of = step.backend === rules.backend ? rules : (rules.beside ?? rules)
    const {line, source} = step.rule ?? {}
    const read = line
      ? of.chain(step.table, step.chain)?.rules.find(rule => rule.line === line && rule.source === source)
      : undefined
    return read ? {...step, position: read.position, rule: read} : step
  }

  incompleteFor(packet: Packet): readonly IncompletePart[] {
    return (this.walkedBy(packet).incomplete ?? []).filter(({part}) => part !== 'table nat')
  }

  scopeOf(difference: LinuxDifference): PacketScope<ComparedRule> | undefined {
    return scopeOf(difference)
  }

  repaired(causes: readonly Cause[]): Simulation {
    const {parts} = this
    // Causes come from the same data plane.
    const differences = causes.flatMap(cause => cause.differences as readonly LinuxDifference[])
    const isKnown = parts.node.sets !== undefined && parts.node.hasMembers
    const {sets, index, changed, isMoved} = isKnown ? repairedSets(differences, parts) : setsOfProgram(parts.program)
    const chains = new CopyOnWriteMap(parts.chains)
    const isOfRules = (each: LinuxDifference): each is RuleDifferences => 'chain' in each
    for (const [name, group] of Map.groupBy(differences.filter(isOfRules), each => each.chain))
      chains.set(name, repairedChain(parts.chains.get(name) ?? [], group))
    const without = new Map(parts.without)
    for (const {foreign} of causes) {
      if (!foreign || !isForeignRule(foreign)) continue
      const {table, chain, rule, backend} = foreign
      const own = parts.node.rules
      const of = backend === undefined || backend === own.backend ? own : (own.beside ?? own)
      const isCompared = of === own && table === 'filter' && parts.chains.get(chain) !== undefined
      const key = keyOf(of, table, chain)
      const rules = (isCompared ? chains.get(chain) : (without.get(key) ?? of.chain(table, chain))?.rules) ?? []
      const left = rules.filter(each => each.line !== rule?.line || each.source !== rule.source)
      if (isCompared && rule) chains.set(chain, left)
      else without.set(key, rule ? {...of.chain(table, chain), rules: left} : {rules})
    }
    const rules = new RulesByAddress(chains, index, {
      rules: parts.rules,
      isChanged: name => chains.changes.has(name),
      isMoved,
      changedSets: changed,
    })
    return new Simulation({
      ...parts,
      sets,
      chains,
      index,
      rules,
      without,
      lists: changed.size > 0 ? new Lists(sets) : parts.lists,
      jumps: chains.changes.size > 0 ? new Jumps(chains) : parts.jumps,
    })
  }

  private walkedBy(packet: Packet): LinuxWalk {
    const {node, index, effort} = this.parts
    const {host} = node
    // What sets hold now says nothing of a set that a rule changes on the way.
    const isLeftOut = writtenSets(node.rules).length === 0
    let walked = walk(this.walked(isLeftOut ? packet : undefined), index, packet, {host})
    // Rules were left out for the address of the service.
    if (walked.translated) walked = walk(this.walked(undefined), index, packet, {host})
    effort.looks += walked.looks
    return walked
  }

  /** @param packet leaves out rules that it cannot match because of its addresses */
  private walked(packet: Packet | undefined): WalkedRules {
    const {rules, chains, node, without} = this.parts
    const {beside} = node.rules
    return {
      ...node.rules,
      chain: (table, name) => {
        const other = without.get(keyOf(node.rules, table, name))
        if (other) return other
        const chain = node.rules.chain(table, name)
        if (table !== 'filter') return chain
        const own = packet ? rules.rules(name, packet) : chains.get(name)
        return own && {...chain, rules: own}
      },
      ...(beside && {
        beside: {
          ...beside,
          chain: (table: string, name: string) => without.get(keyOf(beside, table, name)) ?? beside.chain(table, name),
        },
      }),
    }
  }
}

const keyOf = ({backend}: WalkedRules, table: string, chain: string): string => `${backend} ${table} ${chain}`
