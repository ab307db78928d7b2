import type {Comparison} from '../../dataplane/comparison.ts'
import type {ProgramSet} from '../../policy/program.ts'
import {compareSets} from '../../sets/compare-sets.ts'
import type {NodeSets} from '../../sets/node-set.ts'
import {forwardRules} from '../compile/program-chains.ts'
import {mostMembers} from '../npm/limits.ts'
import type {LinuxProgram} from '../npm/program.ts'
import {compareRules, type FoundRules} from './compare-rules.ts'
import type {LinuxDifference} from './compared-rule.ts'
import {wantedChains} from './wanted-chains.ts'

/** The parts of a node that are compared with a program. */
export interface ComparedNode extends NodeSets {
  /** Undefined if the input has no rules. */
  readonly rules: FoundRules | undefined
  /** Whether a rule of Azure NPM names a set. */
  readonly isUsed: (kernelName: string) => boolean
  /** The readable name of a set that the program does not have. */
  readonly nameOf: (kernelName: string) => string
}

/** The differences between a program and a node. */
export interface LinuxComparison extends Comparison {
  readonly differences: readonly LinuxDifference[]
}

/** Compares a program with a node. */
export function compareProgram(program: LinuxProgram, node: ComparedNode): LinuxComparison {
  const sets = compareSets(program.sets, node, {
    maxelemOf,
    ownerOf: ownersIn(program),
    isUsed: node.isUsed,
    nameOf: kernelName => program.sets.get(kernelName)?.name ?? node.nameOf(kernelName),
  })
  const isV1 = program.options.generation === 'v1'
  const wanted = {
    chains: wantedChains(program),
    notCompared: new Set(program.leftOut.flatMap(({chains}) => chains.map(({chain}) => chain))),
    forward: forwardRules(program),
    isJumpLoose: isV1,
  }
  // In NPM v1 the rules of all policies stand in the same chains.
  const isCompared = node.rules && !(isV1 && program.leftOut.length > 0)
  const rules = isCompared ? compareRules(wanted, node.rules) : {differences: [], notes: []}
  return {
    differences: [...sets.differences, ...rules.differences],
    notes: [...sets.notes, ...rules.notes],
    notCompared: notCompared(program),
  }
}

function notCompared({policies, leftOut, refusals, options}: LinuxProgram): LinuxComparison['notCompared'] {
  const reasonOf = (policy: string): string => refusals.find(refusal => refusal.policy === policy)?.reason ?? ''
  const tooLarge = leftOut.map(({policy}) => ({policy, reason: reasonOf(policy)}))
  if (options.generation !== 'v1' || tooLarge.length === 0) return tooLarge
  const reason = `in NPM v1 its rules stand in the same chains as those of ${tooLarge[0]?.policy}, which are too many`
  return [...tooLarge, ...policies.map(({policy}) => ({policy, reason}))]
}

/** The `maxelem` that Azure NPM gives to a set. Undefined for lists, which have no such limit. */
export const maxelemOf = ({type, ipsetType}: ProgramSet): string | undefined => {
  if (ipsetType === 'list:set') return undefined
  return String(mostMembers(type))
}

/** Returns the policy of a set that only one policy can use: blocks, and several values of a label. */
function ownersIn({policies, leftOut}: LinuxProgram): (set: ProgramSet) => string | undefined {
  let users: Map<string, string | undefined> | undefined
  const usersOfSets = (): Map<string, string | undefined> => {
    const found = new Map<string, string | undefined>()
    for (const {policy, sets} of [...policies, ...leftOut])
      for (const set of sets) found.set(set, found.has(set) ? undefined : policy)
    return found
  }
  return ({kernelName, type}) => {
    if (type !== 'NestedLabelOfPod' && type !== 'CIDRBlocks') return undefined
    users ??= usersOfSets()
    return users.get(kernelName)
  }
}
