import type {RuleList} from '../../policy/rule-list.ts'
import {memberText} from '../../sets/member.ts'
import type {NodeSets} from '../../sets/node-set.ts'
import {SetIndex, type WalkedSet} from '../../sets/set-index.ts'
import {forwardRules, programChains} from '../compile/program-chains.ts'
import type {Rule} from '../iptables/model.ts'
import {printRule} from '../iptables/print.ts'
import type {SavedChains} from '../iptables/saved-chains.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import type {LinuxProgram, ProgramRule} from '../npm/program.ts'
import type {WalkedChain, WalkedRules} from './walk.ts'

/** The rules of a save. A chain is parsed when a packet first reaches it. */
export function savedRules(saved: SavedChains): WalkedRules {
  const read = new Map<string, WalkedChain>()
  return {
    chain(tableName, name) {
      const key = `${tableName} ${name}`
      const known = read.get(key)
      if (known) return known
      const chain = saved.chain(tableName, name)
      if (!chain) return undefined
      const policy = saved.save.tables.get(tableName)?.chains.get(name)?.policy
      const walked = {rules: chain.rules, ...(policy !== undefined && {policy})}
      read.set(key, walked)
      return walked
    },
  }
}

/** The sets of a dump. Without members or without an ipset dump, every look-up is `unknown`. */
export function savedSets(dump: NodeSets): SetIndex {
  const sets = new Map<string, WalkedSet>()
  if (dump.hasMembers)
    for (const [name, set] of dump.sets ?? [])
      sets.set(name, {type: set.type, members: set.members.map(memberText), header: set.header})
  return new SetIndex(sets)
}

/**
 * The rules of a compiled program, as on a node with no other rules. The rules of a chain are numbered when a packet first
 * reaches it.
 */
export function programRules(program: LinuxProgram): WalkedRules {
  const chains = programChains(program)
  const known = new Map<string, WalkedChain>([[FORWARD_CHAIN, {rules: numbered(forwardRules(program)), policy: 'ACCEPT'}]])
  return {
    chain(table, name) {
      if (table !== 'filter') return undefined
      const read = known.get(name)
      const rules = chains.get(name)
      if (read || !rules) return read
      const walked = {rules: numbered(rules)}
      known.set(name, walked)
      return walked
    },
  }
}

/** The sets of a compiled program by kernel name. */
export const programSetMap = (program: LinuxProgram): Map<string, {type: string; members: readonly string[]}> =>
  new Map([...program.sets].map(([name, {ipsetType, members}]) => [name, {type: ipsetType, members}]))

/** The sets of a compiled program, indexed for a walk. */
export const programSets = (program: LinuxProgram): SetIndex => new SetIndex(programSetMap(program))

/** Gives the rules of one chain of a program positions from 1, as in a save. Their line is 0. */
export const numbered = (rules: RuleList<ProgramRule>): Rule[] =>
  Array.from(rules, (rule, index) => new NumberedRule(rule, index + 1))

/** A rule of a program with its position. It is printed when somebody reads it: most rules are walked only. */
class NumberedRule implements Rule {
  readonly chain: string
  readonly position: number
  readonly line = 0
  readonly matches: Rule['matches']
  readonly target: ProgramRule['target']

  constructor({chain, matches, target}: ProgramRule, position: number) {
    this.chain = chain
    this.position = position
    this.matches = matches
    this.target = target
  }

  get source(): string {
    return printRule(this)
  }
}
