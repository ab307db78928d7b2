import type {Drift, DriftItem} from '../contract/drift.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeState} from '../dataplane/node-state.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import {compareProgram} from '../linux/compare/compare-program.ts'
import type {ComparedRule, LinuxDifference} from '../linux/compare/compared-rule.ts'
import {type DescribedDifference, describeDifference} from '../linux/compare/describe-difference.ts'
import {simulateProgram} from '../linux/compare/simulate-program.ts'
import {compile} from '../linux/compile/compile.ts'
import type {LinuxNode} from '../linux/node-state.ts'
import type {LinuxDocuments} from '../linux/npm/documents.ts'
import {nodeOptions} from '../linux/npm/node-options.ts'
import type {LinuxProgram} from '../linux/npm/program.ts'
import type {LinuxTranslation} from '../linux/translate/linux-translation.ts'
import {savedRules} from '../linux/walk/node-rules.ts'
import type {CompileOptions} from '../policy/program.ts'
import {type Limits, VerdictChanges} from './verdict-change.ts'

/** Settings of Azure NPM that a dump does not tell, and work that is done already. */
export interface CompareOptions extends Limits {
  readonly isLite?: boolean
  readonly semantics?: CompileOptions['semantics']
  /** Gives the program in place of a compilation: for who follows the cluster and has it ready. */
  readonly programFor?: (options: CompileOptions) => LinuxProgram
}

/**
 * The program that the policies ask for, in the generation, names and mode that the node shows.
 *
 * @returns the program, and what the node did not tell
 */
function expectedProgram(
  cluster: ClusterObjects,
  dump: LinuxDocuments,
  {chains, usedSets}: LinuxTranslation,
  {isLite, semantics = 'npm', programFor = options => compile(cluster, options)}: CompareOptions,
): {program: LinuxProgram; notes: readonly string[]} {
  const {options, notes} = nodeOptions(cluster, dump, chains, usedSets, isLite === true)
  const common: CompileOptions = {...options, semantics, ...(isLite && {isLite: true, node: dump.node})}
  const program = programFor(common)
  if (!mayBeOnNeed(program, dump)) return {program, notes}
  const needed = programFor({...common, isOnNeed: true})
  const unneeded = [...program.sets.keys()].filter(name => !needed.sets.has(name))
  const isOnNeed = unneeded.length > 0 && unneeded.every(name => !dump.sets?.has(name))
  return {program: isOnNeed ? needed : program, notes}
}

/**
 * Whether only the sets that policies use may be on a node (ApplyIPSetsOnNeed): then whole kinds of others are not there at
 * all. One that is there although no policy can use it says no, which spares a second program.
 */
function mayBeOnNeed({options, sets, policies, refusals}: LinuxProgram, {sets: found}: LinuxDocuments): boolean {
  if (!found || options.generation === 'v1') return false
  const compiled = new Set(policies.map(({policy}) => policy))
  // Of a policy that is refused while its rules are written the sets are there, and nothing here tells which.
  if (refusals.some(({policy}) => !compiled.has(policy))) return true
  const used = new Set(policies.flatMap(policy => policy.sets))
  for (const name of used) {
    const set = sets.get(name)
    if (set?.ipsetType === 'list:set') for (const member of set.members) used.add(member)
  }
  for (const name of sets.keys()) if (!used.has(name) && found.has(name)) return false
  return true
}

const HURRIED =
  'there are so many differences that the later ones were tried with a few packets each: some that are said to change nothing may change something'

const HARM = {open: 0, closed: 1, none: 2} as const

/** A comparison that can be asked further: which differences there are, and what each does to a packet. */
export interface OpenComparison {
  readonly program: LinuxProgram
  readonly differences: readonly LinuxDifference[]
  /** A difference in words, as a document has them. */
  readonly describe: (difference: LinuxDifference) => DescribedDifference
  readonly notes: readonly string[]
  readonly effects: VerdictChanges<ComparedRule, LinuxDifference>
}

/** Finds all differences between what the policies ask for and what is on a node. */
export function openComparison(cluster: ClusterObjects, node: NodeState, options: CompareOptions = {}): OpenComparison {
  const {documents: dump} = node as LinuxNode
  const translation = (node as LinuxNode).translation()
  const {program, notes} = expectedProgram(cluster, dump, translation, options)
  const {chains, names, usedSets} = translation
  const {differences, notes: expectedDifferences} = compareProgram(program, {
    ...dump,
    rules: dump.saved && chains,
    isUsed: set => usedSets.has(set),
    nameOf: set => names.namesOf(set)[0]?.name ?? set,
  })
  // A clean node needs none, and a large one takes a while.
  let effects: OpenComparison['effects'] | undefined
  return {
    program,
    differences,
    describe: describeDifference,
    notes: [
      ...notes,
      ...expectedDifferences,
      ...program.refusals.map(({policy, reason, consequence}) => `policy ${policy}: ${reason}; ${consequence}`),
    ],
    get effects() {
      const foreign = dump.saved ? savedRules(dump.saved) : {chain: () => undefined}
      effects ??= new VerdictChanges(simulateProgram(program, foreign), options)
      return effects
    },
  }
}

/** Compares what the policies ask for with what is on a node: most harmful first. */
export function compareNode(cluster: ClusterObjects, dump: NodeState, options: CompareOptions = {}): Omit<Drift, 'problems'> {
  const comparison = openComparison(cluster, dump, options)
  const {differences, notes} = comparison
  const items: DriftItem[] = differences.map(difference => ({
    ...comparison.describe(difference),
    ...comparison.effects.of(difference),
  }))
  const isHurried = items.length > 0 && comparison.effects.isHurried
  return {
    apiVersion: API_VERSION,
    kind: 'Drift',
    node: dump.node,
    clean: items.length === 0,
    items: items.toSorted((a, b) => HARM[a.effect] - HARM[b.effect]),
    notes: [...notes, ...(isHurried ? [HURRIED] : [])],
  }
}
