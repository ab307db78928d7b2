import type {RuleList} from '../../policy/rule-list.ts'
import {memberText} from '../../sets/member.ts'
import {SetIndex, type WalkedSet} from '../../sets/set-index.ts'
import {forwardRules, programChains} from '../compile/program-chains.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {Rule} from '../iptables/model.ts'
import {printRule} from '../iptables/print.ts'
import type {SavedChains} from '../iptables/saved-chains.ts'
import {FORWARD_CHAIN} from '../npm/chain-names.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import type {LinuxProgram, ProgramRule} from '../npm/program.ts'
import {lostInChain, lostRule, lostRules, noServices} from './lost-parts.ts'
import {cutOf} from './lost-sets.ts'
import type {WalkedChain, WalkedRules} from './walk.ts'
import {setsWrittenBy} from './written-sets.ts'

/**
 * The rules of a save. A chain is parsed when a packet first reaches it. Where rules may be missing, a rule stands that gives every
 * packet an unknown verdict.
 */
export function savedRules(saved: SavedChains): WalkedRules {
  const read = new Map<string, WalkedChain | undefined>()
  let written: readonly string[] | undefined
  return {
    writtenSets: () => (written ??= setsWritten(saved)),
    chain(tableName, name) {
      const key = `${tableName} ${name}`
      const known = read.get(key)
      if (known || read.has(key)) return known
      const chain = saved.chain(tableName, name)
      const lost = lostInChain(saved.save, tableName, name)
      if (!chain && !lost) {
        read.set(key, undefined)
        return undefined
      }
      const {policy, cut} = saved.save.tables.get(tableName)?.chains.get(name) ?? {}
      const all = chain?.rules ?? []
      const kept = cut ? all.filter(({line}) => line < cut.line) : all
      const rules = lost ? [...kept, lostRule(tableName, name, kept.length + 1, lost)] : kept
      const walked = {rules, ...(policy !== undefined && {policy})}
      read.set(key, walked)
      return walked
    },
  }
}

/** The sets that rules of a save write. Hardly any save has such rules, so only lines with such a target are parsed. */
function setsWritten(saved: SavedChains): string[] {
  const written = new Set<string>()
  for (const [table, {chains}] of saved.save.tables)
    for (const chain of chains.keys())
      for (const rule of saved.someRules(table, chain, line => line.includes(' -j SET '))?.rules ?? [])
        for (const name of setsWrittenBy(rule)) written.add(name)
  return [...written]
}

/** What walks ask of sets. */
type SavedSets = Pick<LinuxDocuments, 'sets' | 'hasMembers'> & Partial<LinuxDocuments>

/** The sets of a dump. Without members or without an ipset dump, every look-up is `unknown`. */
export function savedSets(dump: SavedSets): SetIndex {
  const sets = new Map<string, WalkedSet>(lostRules(dump.saved?.save).length > 0 ? [noServices(dump)] : [])
  if (dump.hasMembers)
    for (const [name, set] of dump.sets ?? []) {
      // What a damaged line says may be wrong, too.
      if (set.cut?.isDamaged) continue
      const walked = {type: set.type, members: set.members.map(memberText), header: set.header}
      sets.set(name, set.cut ? cutSet(walked, set, dump) : walked)
    }
  return new SetIndex(sets)
}

/** Whether the set is whole is found when somebody asks. */
const cutSet = (walked: WalkedSet, set: MatchSet, {cluster}: SavedSets): WalkedSet => ({
  ...walked,
  get isCut() {
    return cutOf(set, cluster) !== undefined
  },
})

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
