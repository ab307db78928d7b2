import {isSetName} from '../../names/kernel-name.ts'
import type {IncompletePart} from '../../problem/incomplete-part.ts'
import type {MatchSet} from '../ipset/model.ts'
import type {IndexedTable} from '../iptables/save-model.ts'
import {FORWARD_CHAIN, isNpmChain} from '../npm/chain-names.ts'
import type {NpmChains} from '../npm/chains.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import type {LinuxProgram} from '../npm/program.ts'
import {damagedSets} from '../walk/given-sets.ts'
import {lostPolicyRules, lostTable} from '../walk/lost-parts.ts'
import {absentChain, absentSet, cutOf, hasMembersOf, isBehindLists, lostMembers, lostSets} from '../walk/lost-sets.ts'
import {provenTables} from '../walk/proven-tables.ts'
import type {LinuxComparison} from './compare-program.ts'
import type {LinuxDifference} from './compared-rule.ts'

/** A comparison without what may only look like a difference, because it was not in the input. */
export function withoutLost(
  compared: LinuxComparison,
  program: LinuxProgram,
  documents: LinuxDocuments,
  chains: NpmChains,
  usedSets: ReadonlyMap<string, unknown>,
): LinuxComparison {
  const {table} = chains
  const damaged = damagedSets(documents, usedSets)
  const incomplete = new Map<string, IncompletePart>()
  const note = (part: IncompletePart | undefined): boolean => {
    if (part) incomplete.set(part.part, part)
    return part !== undefined
  }
  for (const part of lostParts(program, documents)) note(part)
  const absent = absentTarget(chains)
  note(absent)
  const differences = compared.differences.filter(
    each => !note('chain' in each ? (absent ?? lostRulesOf(each, table)) : lostSetOf(each, documents, damaged)),
  )
  return {...compared, differences, incomplete: [...incomplete.values()]}
}

/** Whether the chains that are compared are in the input at all. */
export const hasTable = ({saved}: LinuxDocuments, table: IndexedTable | undefined): boolean =>
  saved !== undefined && !saved.save.hiddenTables.has('filter') && (table?.name === 'filter' || saved.save.hasAllTables === true)

/** What a comparison rests on and is not whole, whatever it finds. */
function lostParts(program: LinuxProgram, documents: LinuxDocuments): IncompletePart[] {
  const {saved, sets} = documents
  // In a table that the node is known to have, other programs may have rules.
  const rules = [...lostPolicyRules(saved?.save), ...provenTables(saved?.save)]
  const compared = sets && new Map([...sets].filter(([name, set]) => isInDoubt(set, program.sets.get(name))))
  const onNeed: IncompletePart[] =
    program.options.isOnNeed && documents.areSetsOpen && !isBehindLists(documents)
      ? [{...absentSet(''), part: 'sets that no policy uses'}]
      : []
  return [...rules, ...lostSets({...documents, ...(compared && {sets: compared})}), ...onNeed]
}

/**
 * Whether members of a set that a program has may be missing. One whose end nothing shows is whole with all that the program asks
 * for, which is of the node's own release.
 */
const isInDoubt = (set: MatchSet, wanted: {readonly members: readonly string[]} | undefined): boolean =>
  wanted !== undefined && !(set.cut?.isOpen === true && hasMembersOf(set, wanted))

/** The part whose absence may be all that a difference of rules is; undefined for a real one. */
function lostRulesOf(
  difference: LinuxDifference & {readonly chain: string},
  table: IndexedTable | undefined,
): IncompletePart | undefined {
  if (!table || table.isComplete) return undefined
  // Which release of Azure NPM programmed the node is told by its rules, so of a part of them none is known to be wrong.
  if (isCutWithin(table)) return lostTable(table)
  return table.chains.get(difference.chain)?.cut ? lostTable(table) : undefined
}

/**
 * A chain that a rule leads to and that is not there. The kernel refuses such a rule, so the save is not whole, and what else it lacks
 * is not known.
 */
function absentTarget(chains: NpmChains): IncompletePart | undefined {
  for (const name of [FORWARD_CHAIN, ...chains.names])
    for (const {target} of chains.rules(name))
      if (target?.kind === 'extension' && isNpmChain(target.name)) return absentChain(target.name, chains.table?.name ?? '')
  return undefined
}

/** Whether rules or chains of Azure NPM may be missing. */
const isCutWithin = ({lacksChains, chains}: IndexedTable): boolean =>
  lacksChains === true || [...chains.values()].some(({name, cut}) => cut !== undefined && isNpmChain(name))

function lostSetOf(
  difference: LinuxDifference,
  documents: LinuxDocuments,
  damaged: IncompletePart | undefined,
): IncompletePart | undefined {
  if (difference.kind !== 'member' && difference.kind !== 'set') return undefined
  const {sets, cluster} = documents
  const {kernelName} = difference.set
  const found = sets?.get(kernelName)
  if (!found) {
    if (damaged && isSetName(kernelName)) return damaged
    const isList = difference.kind === 'set' && difference.wanted?.type === 'list:set'
    const mayFollow = documents.areSetsOpen && (isList || !isBehindLists(documents))
    return mayFollow && isSetName(kernelName) ? absentSet(kernelName) : undefined
  }
  const cut = cutOf(found, cluster)
  if (!cut) return undefined
  if (difference.kind === 'member' && difference.found && !cut.isDamaged) return undefined
  return lostMembers(found)
}
