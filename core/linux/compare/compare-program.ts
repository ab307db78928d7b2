import type {ProgramSet} from '../../policy/program.ts'
import {compareSets} from '../../sets/compare-sets.ts'
import type {NodeSets} from '../../sets/node-set.ts'
import {forwardRules, programChains} from '../compile/program-chains.ts'
import {mostMembers} from '../npm/limits.ts'
import type {LinuxProgram} from '../npm/program.ts'
import {compareRules, type FoundRules} from './compare-rules.ts'
import type {LinuxDifference} from './compared-rule.ts'

/** The parts of a node that are compared with a program. */
export interface ComparedNode extends NodeSets {
  /** Undefined if the input has no rules. */
  readonly rules: FoundRules | undefined
  /** Whether a rule on the node names a set. */
  readonly isUsed: (kernelName: string) => boolean
  /** The readable name of a set that the program does not have. */
  readonly nameOf: (kernelName: string) => string
}

/** Compares a program with a node. `notes` describe what differs as expected. */
export function compareProgram(program: LinuxProgram, node: ComparedNode): {differences: LinuxDifference[]; notes: string[]} {
  const sets = compareSets(program.sets, node, {
    maxelemOf,
    ownerOf: ownersIn(program),
    isUsed: node.isUsed,
    nameOf: kernelName => program.sets.get(kernelName)?.name ?? node.nameOf(kernelName),
  })
  const wanted = {
    chains: programChains(program),
    forward: forwardRules(program),
    isJumpLoose: program.options.generation === 'v1',
  }
  const rules = node.rules ? compareRules(wanted, node.rules) : {differences: [], notes: []}
  return {differences: [...sets.differences, ...rules.differences], notes: [...sets.notes, ...rules.notes]}
}

/** The `maxelem` that Azure NPM gives to a set. Undefined for lists, which have no such limit. */
export const maxelemOf = ({type, ipsetType}: ProgramSet): string | undefined => {
  if (ipsetType === 'list:set') return undefined
  return String(mostMembers(type))
}

/** Returns the policy of a set that only one policy can use: blocks, and several values of a label. */
function ownersIn({policies}: LinuxProgram): (set: ProgramSet) => string | undefined {
  let users: Map<string, string | undefined> | undefined
  const usersOfSets = (): Map<string, string | undefined> => {
    const found = new Map<string, string | undefined>()
    for (const {policy, sets} of policies) for (const set of sets) found.set(set, found.has(set) ? undefined : policy)
    return found
  }
  return ({kernelName, type}) => {
    if (type !== 'NestedLabelOfPod' && type !== 'CIDRBlocks') return undefined
    users ??= usersOfSets()
    return users.get(kernelName)
  }
}
