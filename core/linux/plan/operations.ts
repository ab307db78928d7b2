import type {Operation} from '../../dataplane/operation.ts'
import type {SetDifference} from '../../sets/set-difference.ts'
import {grouped} from '../compare/apply-difference.ts'
import type {LinuxDifference} from '../compare/compared-rule.ts'
import {editsOf} from '../compare/edit-script.ts'
import {editChain, editJump, emptyChain, fillChain, makeChain, removeChain} from './rule-operations.ts'
import {makeSet, memberOperations, removeSet, replaceSet} from './set-operations.ts'

/**
 * The operations that remove differences from a node: then it has what is wanted. `undoAll` gives those that restore what was found.
 *
 * Sets are made before rules that name them and removed behind those that did, and so are chains. A set of another type is
 * made anew, which the kernel refuses while a rule names it.
 *
 * @param differences of a chain all or none: their positions count on one another
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
