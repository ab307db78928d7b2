import type {ClusterObjects} from '../cluster/objects.ts'
import type {Drift, DriftItem} from '../contract/drift.ts'
import {API_VERSION} from '../contract/version.ts'
import type {NodeDump} from '../dump/model.ts'
import {isSetName, setScheme} from '../names/kernel-name.ts'
import {compile} from '../policy/compile.ts'
import type {CompileOptions, Program} from '../policy/program.ts'
import {savedRules} from '../simulate/node-rules.ts'
import {openTranslation} from '../translate/open.ts'
import {compareRules} from './compare-rules.ts'
import {compareSets} from './compare-sets.ts'
import type {Difference} from './difference.ts'
import {Effects} from './effect.ts'

/** Settings of Azure NPM that a dump does not tell. */
export interface CompareOptions {
  readonly isLite?: boolean
  readonly semantics?: CompileOptions['semantics']
  /** Gives the program in place of a compilation: for who follows the cluster and has it ready. */
  readonly programFor?: (options: CompileOptions) => Program
}

/** The program that the policies ask for, in the name scheme and mode that the node shows. */
export function expectedProgram(cluster: ClusterObjects, dump: NodeDump, options: CompareOptions): Program {
  const names = [...(dump.sets?.keys() ?? [])].filter(isSetName)
  const schemes = new Set(names.map(setScheme))
  const common: CompileOptions = {
    scheme: schemes.has('sha256') || !schemes.has('fnv32a') ? 'sha256' : 'fnv32a',
    semantics: options.semantics ?? 'npm',
    ...(options.isLite && {isLite: true, node: dump.node}),
  }
  const {programFor = (each: CompileOptions) => compile(cluster, each)} = options
  const program = programFor(common)
  // With ApplyIPSetsOnNeed only sets that rules use are in the kernel: then whole kinds of others are not there at all.
  const needed = programFor({...common, isOnNeed: true})
  const unneeded = [...program.sets.keys()].filter(name => !needed.sets.has(name))
  const isOnNeed = dump.sets !== undefined && unneeded.length > 0 && unneeded.every(name => !dump.sets?.has(name))
  return isOnNeed ? needed : program
}

const HARM = {open: 0, closed: 1, none: 2} as const

/** A comparison that can be asked further: which differences there are, and what each does to a packet. */
export interface OpenComparison {
  readonly program: Program
  readonly differences: readonly Difference[]
  readonly notes: readonly string[]
  readonly effects: Effects
}

/** Finds all differences between what the policies ask for and what is on a node. */
export function openComparison(cluster: ClusterObjects, dump: NodeDump, options: CompareOptions = {}): OpenComparison {
  const program = expectedProgram(cluster, dump, options)
  const {chains, book, usedSets} = openTranslation(dump)
  const nameOf = (set: string) => program.sets.get(set)?.name ?? book.namesOf(set)[0]?.name ?? set
  const sets = compareSets(program, dump, set => usedSets.has(set), nameOf)
  const rules = dump.save ? compareRules(program, chains) : {differences: [], notes: []}
  return {
    program,
    differences: [...sets.differences, ...rules.differences],
    notes: [
      ...sets.notes,
      ...rules.notes,
      ...program.refusals.map(({policy, reason, consequence}) => `policy ${policy}: ${reason}; ${consequence}`),
    ],
    effects: new Effects(program, dump.save ? savedRules(dump.save) : {chain: () => undefined}),
  }
}

/** Compares what the policies ask for with what is on a node: most harmful first. */
export function compareNode(cluster: ClusterObjects, dump: NodeDump, options: CompareOptions = {}): Omit<Drift, 'problems'> {
  const {differences, notes, effects} = openComparison(cluster, dump, options)
  const items: DriftItem[] = differences.map(difference => ({...difference.item, ...effects.of(difference)}))
  return {
    apiVersion: API_VERSION,
    kind: 'Drift',
    node: dump.node,
    clean: items.length === 0,
    items: items.toSorted((a, b) => HARM[a.effect] - HARM[b.effect]),
    notes: [...notes],
  }
}
