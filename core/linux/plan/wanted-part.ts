import {invert} from '../../differences/invert.ts'
import type {ProgramSet} from '../../policy/program.ts'
import {applySetDifferences} from '../../sets/apply-set-differences.ts'
import type {MemberDifference, SetDifference, SetState} from '../../sets/set-difference.ts'
import {repairedChain} from '../causes/repair.ts'
import type {RuleDifferences} from '../causes/rule-differences.ts'
import {maxelemOf} from '../compare/compare-program.ts'
import type {LinuxDifference} from '../compare/compared-rule.ts'
import {programChains} from '../compile/program-chains.ts'
import type {LinuxNode} from '../node-state.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import {DEFAULT_MEMBERS} from '../npm/limits.ts'
import type {LinuxProgram} from '../npm/program.ts'
import {isListType, isOwnSet, type LinuxPart, type PartSet, type PartTable} from './part.ts'
import {isJump, leadsTo, PartRule, setsOf} from './part-rule.ts'
import {wholePartOf} from './read-part.ts'

/** Nothing of Azure NPM: no chain, no jump, no set. */
export function emptyPart(node: LinuxNode): LinuxPart {
  const part = wholePartOf(node)
  const without = ({forward}: PartTable): PartTable => ({chains: new Map(), forward: forward.filter(rule => !isJump(rule))})
  return {...part, sets: new Map(), tables: {nft: without(part.tables.nft), legacy: without(part.tables.legacy)}}
}

/**
 * What a node would have with some differences repaired and all else as it is. What a repaired rule or list needs comes with it:
 * the sets that it names and the chains that it leads to. What is needed by something that stays, stays.
 */
export function repairedPart(node: LinuxNode, differences: readonly LinuxDifference[], program: LinuxProgram): LinuxPart {
  const part = wholePartOf(node)
  const repair = new Repair(part, node, program)
  repair.sets(differences.filter(each => 'set' in each))
  repair.rules(differences.filter(each => 'chain' in each))
  return repair.result()
}

type OfSets = SetDifference | MemberDifference

class Repair {
  private readonly part: LinuxPart
  private readonly node: LinuxNode
  private readonly program: LinuxProgram
  private readonly bySet: Map<string, PartSet>
  private readonly chains: Map<string, readonly PartRule[]>
  private forward: readonly PartRule[]
  /** What a difference says is too much. */
  private readonly gone = new Set<string>()
  private knownChains: ReturnType<typeof programChains> | undefined

  constructor(part: LinuxPart, node: LinuxNode, program: LinuxProgram) {
    this.part = part
    this.node = node
    this.program = program
    this.bySet = new Map(part.sets)
    const {chains, forward} = part.tables[part.backend]
    this.chains = new Map(chains)
    this.forward = forward
  }

  sets(differences: readonly OfSets[]): void {
    for (const [name, group] of Map.groupBy(differences, each => each.set.kernelName)) {
      const found = this.part.sets.get(name)
      const state = applySetDifferences(
        found && stateOf(found),
        group.map(each => invert(each) as OfSets),
      )
      if (state) this.bySet.set(name, setOfState(name, state, found))
      else this.gone.add(name)
    }
  }

  rules(differences: readonly RuleDifferences[]): void {
    // In NPM v1 rules of all policies stand in the same chains: without all policies none of them is known.
    const {leftOut, options} = this.program
    if (leftOut.length > 0 && options.generation === 'v1') return
    for (const [chain, group] of Map.groupBy(differences, each => each.chain)) {
      const found = this.node.rules.chain('filter', chain)?.rules ?? []
      const rules = repairedChain(found, group).map(rule => PartRule.of(rule))
      if (chain === FORWARD_CHAIN) this.forward = rules
      else if (group.some(each => each.kind === 'chain' && !each.wanted)) this.gone.add(chain)
      else
        this.chains.set(
          chain,
          rules.filter(rule => this.canLead(rule)),
        )
    }
  }

  result(): LinuxPart {
    const {part, chains, bySet, forward, gone} = this
    const needed = this.needed()
    for (const name of gone) {
      // A chain that a rule still leads to is emptied, a set that a rule or list still names stays.
      if (chains.has(name) && needed.has(name)) chains.set(name, [])
      else if (!needed.has(name)) {
        chains.delete(name)
        bySet.delete(name)
      }
    }
    const {backend, tables} = part
    return {
      ...part,
      sets: bySet,
      tables: {...tables, [backend]: {chains, forward}},
      names: new Map(this.program.sets),
    }
  }

  /** Policies that are left out of the program have no chains in it: a rule that leads to one that the node has not leads nowhere. */
  private canLead(rule: PartRule): boolean {
    const chain = leadsTo(rule)
    return chain === undefined || this.chains.has(chain) || this.programChains.has(chain)
  }

  private get programChains(): ReturnType<typeof programChains> {
    this.knownChains ??= programChains(this.program)
    return this.knownChains
  }

  /** All chains and sets that rules and lists need. Those that are missing are made as the program has them. */
  private needed(): Set<string> {
    const {chains, bySet, program, gone} = this
    const needed = new Set<string>()
    const needSet = (name: string): void => {
      if (needed.has(name) || !isOwnSet(name)) return
      needed.add(name)
      const asked = program.sets.get(name)
      if (!bySet.has(name) && asked) bySet.set(name, setOfProgram(asked))
      const set = bySet.get(name)
      if (set && isListType(set.type)) for (const member of set.members) needSet(member)
    }
    const needChain = (name: string): void => {
      if (needed.has(name)) return
      needed.add(name)
      const asked = this.programChains.get(name)
      if (!chains.has(name) && asked)
        chains.set(
          name,
          Array.from(asked, rule => PartRule.of(rule)),
        )
      needRules(gone.has(name) ? [] : (chains.get(name) ?? []))
    }
    const needRules = (rules: readonly PartRule[]): void => {
      for (const rule of rules) {
        for (const set of setsOf(rule)) needSet(set)
        const chain = leadsTo(rule)
        if (chain !== undefined) needChain(chain)
      }
    }
    for (const rules of [this.forward.filter(isJump), ...[...chains].flatMap(([name, all]) => (gone.has(name) ? [] : [all]))])
      needRules(rules)
    for (const set of Array.from(bySet.values()))
      if (isListType(set.type) && !gone.has(set.name)) for (const member of set.members) needSet(member)
    return needed
  }
}

function stateOf({type, options, members}: PartSet): SetState {
  const maxelem = options.get('maxelem')
  return {type, ...(maxelem !== undefined && {maxelem}), members}
}

/** What `create` says of a set that Azure NPM makes, by its type. */
function optionsOf({type, maxelem}: Pick<SetState, 'type' | 'maxelem'>): Map<string, string> {
  if (isListType(type)) return new Map([['size', '8']])
  return new Map([
    ['family', 'inet'],
    ['hashsize', '1024'],
    ['maxelem', maxelem ?? String(DEFAULT_MEMBERS)],
  ])
}

function setOfState(name: string, state: SetState, found: PartSet | undefined): PartSet {
  const {type, maxelem, members} = state
  if (found?.type !== type) return {name, type, options: optionsOf(state), members}
  const hasOtherRoom = maxelem !== undefined && maxelem !== found.options.get('maxelem')
  return {...found, members, ...(hasOtherRoom && {options: new Map([...found.options, ['maxelem', maxelem]])})}
}

function setOfProgram(set: ProgramSet): PartSet {
  const {kernelName, ipsetType, members} = set
  const maxelem = maxelemOf(set)
  return {
    name: kernelName,
    type: ipsetType,
    options: optionsOf({type: ipsetType, ...(maxelem !== undefined && {maxelem})}),
    members,
  }
}
