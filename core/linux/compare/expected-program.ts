import type {ExpectedProgramOptions} from '../../dataplane/expected-program.ts'
import type {ClusterObjects} from '../../kubernetes/objects.ts'
import type {CompileOptions} from '../../policy/program.ts'
import {compiler} from '../compile/compile.ts'
import type {LinuxDocuments} from '../npm/documents.ts'
import type {LearnedNames} from '../npm/learn-dump.ts'
import {nodeOptions} from '../npm/node-options.ts'
import type {LinuxProgram} from '../npm/program.ts'

/** Options of `expectedProgram`. `programFor` compiles, so that a caller can reuse a program; by default `compiler` does. */
export type LinuxProgramOptions = Omit<ExpectedProgramOptions, 'programFor'> & {
  readonly programFor?: (options: CompileOptions) => LinuxProgram
}

/**
 * Compiles the program that the policies ask for, with the generation, names and mode that are detected on the node.
 *
 * @returns the program, sentences about what could not be detected, and the programs of other releases that the node may be of
 */
export function expectedProgram(
  {documents, chains, usedSets}: {readonly documents: LinuxDocuments} & Pick<LearnedNames, 'chains' | 'usedSets'>,
  cluster: ClusterObjects,
  {isLite, semantics = 'npm', programFor = compiler(cluster)}: LinuxProgramOptions,
): {program: LinuxProgram; notes: readonly string[]; others: readonly (() => LinuxProgram)[]} {
  const {options, notes, otherLines} = nodeOptions(cluster, documents, chains, usedSets, isLite === true)
  const common: CompileOptions = {...options, semantics, ...(isLite && {isLite: true, node: documents.node})}
  const program = programFor(common)
  const others = isSmall(program) ? otherLines.map(release => () => programFor({...common, release})) : []
  if (!mayBeOnNeed(program, documents)) return {program, notes, others}
  const needed = programFor({...common, isOnNeed: true})
  const unneeded = [...program.sets.keys()].filter(name => !needed.sets.has(name))
  const isOnNeed = unneeded.length > 0 && unneeded.every(name => !documents.sets?.has(name))
  return {program: isOnNeed ? needed : program, notes, others}
}

/** Rules of a program that is compiled for several releases. Larger ones would take a multiple of the memory and time of one. */
const MOST_RULES = 20_000

function isSmall({policies, leftOut}: LinuxProgram): boolean {
  let rules = 0
  for (const {chains, baseRules} of policies) {
    rules += baseRules?.length ?? 0
    for (const chain of chains) rules += chain.rules.length
  }
  return leftOut.length === 0 && rules <= MOST_RULES
}

/**
 * Whether the node may have only the sets that policies use (ApplyIPSetsOnNeed). One set that no policy uses disproves it,
 * and then no second program is compiled.
 */
function mayBeOnNeed({options, sets, policies, refusals}: LinuxProgram, {sets: found}: LinuxDocuments): boolean {
  if (!found || options.generation === 'v1') return false
  const compiled = new Set(policies.map(({policy}) => policy))
  // A policy that is refused while its rules are written leaves its sets on the node. Which sets these are is not known here.
  if (refusals.some(({policy}) => !compiled.has(policy))) return true
  const used = new Set(policies.flatMap(policy => policy.sets))
  for (const name of used) {
    const set = sets.get(name)
    if (set?.ipsetType === 'list:set') for (const member of set.members) used.add(member)
  }
  for (const name of sets.keys()) if (!used.has(name) && found.has(name)) return false
  return true
}
