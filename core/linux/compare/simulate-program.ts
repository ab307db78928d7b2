import type {SimulatedProgram} from '../../dataplane/simulation.ts'
import type {Packet, Verdict} from '../../net/packet.ts'
import type {PacketScope, RuleConditions, SetCondition, SimulatedSet, SimulatedSets} from '../../packets/rule-conditions.ts'
import {spread} from '../../packets/spread.ts'
import {SetIndex} from '../../sets/set-index.ts'
import {forwardRules} from '../compile/program-chains.ts'
import type {Match, Rule} from '../iptables/model.ts'
import {directionChains, FORWARD_CHAIN, NPM_CHAIN} from '../npm/chain-names.ts'
import {policyChain} from '../npm/policy-chain.ts'
import type {LinuxProgram, ProgramRule} from '../npm/program.ts'
import {CopyOnWriteMap, type Entries} from '../walk/copy-on-write-map.ts'
import {programSetMap} from '../walk/node-rules.ts'
import {RulesByAddress} from '../walk/rules-by-address.ts'
import {type WalkedRules, walk} from '../walk/walk.ts'
import {applyDifference} from './apply-difference.ts'
import type {ComparedRule, LinuxDifference} from './compared-rule.ts'
import {scopeOf} from './difference-scope.ts'
import {wantedChains} from './wanted-chains.ts'

/**
 * Simulates a program as if it were loaded on a node.
 *
 * @param foreign the node's rules, for chains that are not Azure NPM's
 */
export function simulateProgram(program: LinuxProgram, foreign: WalkedRules): SimulatedProgram<ComparedRule, LinuxDifference> {
  const chains = new Map<string, readonly Rule[]>([[FORWARD_CHAIN, placed(forwardRules(program))]])
  for (const [name, rules] of wantedChains(program)) chains.set(name, placed(rules))
  const sets = programSetMap(program)
  const index = new SetIndex(sets)
  return new Simulation({
    sets,
    chains,
    index,
    rules: new RulesByAddress(chains, index),
    foreign,
    jumps: new Jumps(chains),
    lists: new Lists(sets),
    effort: {looks: 0},
  })
}

/** Rules with their positions. Nobody reads their text. */
const placed = (rules: Iterable<ProgramRule>): Rule[] =>
  Array.from(rules, ({chain, matches, target}, index) => ({chain, matches, target, position: index + 1, line: 0, source: ''}))

interface Parts {
  readonly sets: SimulatedSets
  readonly chains: Entries<readonly Rule[]>
  readonly index: SetIndex
  readonly rules: RulesByAddress
  readonly foreign: WalkedRules
  /** Jumps of the program without any difference. */
  readonly jumps: Jumps
  readonly lists: Lists
  /** Shared by all programs made of this one. */
  readonly effort: {looks: number}
}

class Simulation implements SimulatedProgram<ComparedRule, LinuxDifference> {
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

  listsOf(set: string): readonly string[] {
    return this.parts.lists.of(set)
  }

  get looks(): number {
    return this.parts.effort.looks
  }

  *ruleLists(): Generator<readonly ComparedRule[]> {
    for (const [, rules] of this.parts.chains.entries()) yield rules
  }

  *rules(): Generator<ComparedRule> {
    for (const [, rules] of this.parts.chains.entries()) yield* rules
  }

  conditions({chain, matches}: ComparedRule): RuleConditions {
    const sets = matches.filter(match => match.kind === 'set').map(setCondition)
    return {
      sets,
      blocks: matches.flatMap(match => (match.kind === 'address' ? [match.block] : [])),
      ports: matches.flatMap(portConditions),
      isOfPolicy: sets.length > 0 || policyChain(chain) !== undefined,
    }
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

  walk(packet: Packet): Verdict {
    const {rules, foreign, index} = this.parts
    const walked: WalkedRules = {
      chain: (table, name) => {
        const own = table === 'filter' ? rules.rules(name, packet) : undefined
        if (own) return {rules: own, ...(name === FORWARD_CHAIN && {policy: 'ACCEPT'})}
        // Only a FORWARD chain found on the node can jump to other programs' chains.
        return table === 'filter' && !name.startsWith(NPM_CHAIN) && name !== FORWARD_CHAIN
          ? foreign.chain(table, name)
          : undefined
      },
    }
    const {verdict, looks} = walk(walked, index, packet)
    this.parts.effort.looks += looks
    return verdict
  }

  scopeOf(difference: LinuxDifference): PacketScope<ComparedRule> | undefined {
    return scopeOf(difference)
  }

  with(difference: LinuxDifference): Simulation {
    const {parts} = this
    const sets = new CopyOnWriteMap(parts.sets)
    const chains = new CopyOnWriteMap(parts.chains)
    applyDifference(difference, {sets, chains})
    const changedSets = new Set(sets.changes.keys())
    for (const name of changedSets) for (const list of this.listsOf(name)) changedSets.add(list)
    const index = new SetIndex(sets, {index: parts.index, changed: changedSets})
    const {addresses} = scopeOf(difference) ?? {}
    const about = addresses && new Set(addresses)
    // A changed block may affect every address in it.
    const isBlock = addresses?.some(address => address.includes('/')) === true
    const rules = new RulesByAddress(chains, index, {
      rules: parts.rules,
      isChanged: chain => chains.changes.has(chain),
      isMoved: address => changedSets.size > 0 && (about === undefined || isBlock || about.has(address)),
    })
    return new Simulation({...parts, sets, chains, index, rules})
  }
}

const setCondition = ({set, sides, negated}: Extract<Match, {kind: 'set'}>): SetCondition => ({
  set,
  side: sides.startsWith('src') ? 'src' : 'dst',
  negated,
  hasPort: sides.includes(','),
})

function portConditions(match: Match): RuleConditions['ports'] {
  if (match.kind === 'protocol') return [{protocol: match.protocol}]
  if (match.kind !== 'ports' || !match.destination) return []
  const {from, to} = match.destination
  return [{protocol: match.protocol, range: {from, to}}]
}

/** The first jump to each policy chain. */
class Jumps {
  private readonly chains: ReadonlyMap<string, readonly Rule[]>
  private found: Map<string, Rule> | undefined

  constructor(chains: ReadonlyMap<string, readonly Rule[]>) {
    this.chains = chains
  }

  to(chain: string): Rule | undefined {
    this.found ??= this.find()
    return this.found.get(chain)
  }

  private find(): Map<string, Rule> {
    const jumps = new Map<string, Rule>()
    for (const rules of this.chains.values())
      for (const rule of rules)
        if (rule.target?.kind === 'jump' && policyChain(rule.target.chain) && !jumps.has(rule.target.chain))
          jumps.set(rule.target.chain, rule)
    return jumps
  }
}

/** The lists that contain each set. */
class Lists {
  private readonly sets: ReadonlyMap<string, SimulatedSet>
  private found: Map<string, string[]> | undefined

  constructor(sets: ReadonlyMap<string, SimulatedSet>) {
    this.sets = sets
  }

  of(set: string): readonly string[] {
    this.found ??= this.find()
    return this.found.get(set) ?? []
  }

  private find(): Map<string, string[]> {
    const lists = new Map<string, string[]>()
    for (const [list, {type, members}] of this.sets)
      if (type === 'list:set')
        for (const member of members) {
          const known = lists.get(member)
          if (known) known.push(list)
          else lists.set(member, [list])
        }
    return lists
  }
}
