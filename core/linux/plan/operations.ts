import type {Operation} from '../../dataplane/operation.ts'
import type {SetDifference} from '../../sets/set-difference.ts'
import {grouped} from '../compare/apply-difference.ts'
import type {LinuxDifference} from '../compare/compared-rule.ts'
import {editsOf} from '../compare/edit-script.ts'
import {editChain, editJump, emptyChain, fillChain, makeChain, removeChain} from './rule-operations.ts'
import {makeSet, memberOperations, removeSet, replaceSet} from './set-operations.ts'

/**
 * Plans the operations that change a node from the found state to the wanted one. `undoAll` returns those that restore the
 * found state.
 *
 * Sets and chains are created before the rules that name them, and removed after those rules. A set whose type differs is
 * destroyed and created again; the kernel refuses that while a rule names the set.
 *
 * @param differences for each chain either all or none, because their positions depend on each other
 */
export function operationsFor(differences: readonly LinuxDifference[]): Operation[] {
  const {byChain} = grouped(differences)
  const sets = differences.filter(each => each.kind === 'set').toSorted(listsLast)
  const members = differences.filter(each => each.kind === 'member').toSorted((a, b) => isList(a.type) - isList(b.type))
  const chains = differences.filter(each => each.kind === 'chain')
  return [
    ...sets.flatMap(each => (each.wanted && !each.found ? makeSet(each.set.kernelName, each.wanted) : [])),
    ...sets.flatMap(each => (each.wanted && each.found ? replaceSet(each, each.wanted, each.found) : [])),
    ...members.flatMap(memberOperations),
    ...chains.flatMap(({chain, wanted}) => (wanted ? [makeChain(chain)] : [])),
    ...chains.flatMap(({chain, wanted = []}) => fillChain(chain, wanted)),
    ...[...byChain].flatMap(([chain, each]) => ruleOperations(chain, each)),
    ...chains.flatMap(({chain, found = []}) => emptyChain(chain, found)),
    ...chains.flatMap(({chain, found}) => (found ? [removeChain(chain)] : [])),
    ...sets.toReversed().flatMap(each => (each.found && !each.wanted ? removeSet(each.set.kernelName, each.found) : [])),
  ]
}

const isList = (type: string | undefined): number => Number(type === 'list:set')

const listsLast = (a: SetDifference, b: SetDifference): number =>
  isList((a.wanted ?? a.found)?.type) - isList((b.wanted ?? b.found)?.type)

function ruleOperations(chain: string, differences: readonly Exclude<LinuxDifference, {kind: 'set' | 'member'}>[]): Operation[] {
  const jumps = differences.filter(each => each.kind === 'jump')
  const isMoved = jumps.some(({around}) => around !== undefined)
  return [
    ...editJump(chain, editsOf(jumps), isMoved),
    ...editChain(chain, editsOf(differences.filter(each => each.kind === 'rule' || each.kind === 'order'))),
  ]
}
