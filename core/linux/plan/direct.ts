import type {PlannedStep} from '../../dataplane/writing.ts'
import type {LinuxNode} from '../node-state.ts'
import type {Change} from './change.ts'
import type {Backend, PartSet} from './part.ts'
import type {PlanNames} from './plan-names.ts'
import {isSameKind, makeSet, memberEdits, removeSet, type SetEdit, settleSets, swapSets} from './set-edits.ts'
import {tableEdits} from './table-edits.ts'

export interface DirectOptions {
  readonly node: LinuxNode
  readonly names: PlanNames
  readonly mostWalks: number
}

/** A change that packets see and that comes into force as a whole. */
type Moment = {readonly set: SetEdit} | {readonly backend: Backend}

/** The plan without copies of sets, where all that packets see is one moment. Undefined where there are more. */
export function directSteps(change: Change, {names}: DirectOptions): PlannedStep[] | undefined {
  const {found, target, early, visible, late, needsCopies, tables} = change
  if (needsCopies) return undefined
  const seen = tables.filter(({isVisible}) => isVisible)
  if (seen.length + visible.size > 1) return undefined
  const now = change.setsBefore()
  const first = settleSets(now, target.sets, early, names.nameTwin)
  const moments: Moment[] = []
  const last: SetEdit[] = []
  for (const name of visible) {
    const {before, moment, behind} = inOneMoment(found.sets.get(name) as PartSet, target.sets.get(name) as PartSet, names)
    first.push(...before)
    moments.push({set: moment})
    last.push(...behind)
    now.set(name, target.sets.get(name) as PartSet)
  }
  last.push(...settleSets(now, target.sets, late, names.nameTwin))
  return [
    names.setStep(first, 'no rule looks at these sets yet, so no packet is judged otherwise while they are filled'),
    ...tables.map(({backend, isVisible}) =>
      names.ruleStep(
        backend,
        tableEdits(found.tables[backend], target.tables[backend]),
        isVisible
          ? 'all rules change in one moment: before it the node judges as it did, behind it as it is to'
          : 'no packet comes to these rules, neither before nor behind it',
      ),
    ),
    ...moments.flatMap(moment =>
      'set' in moment
        ? [names.setStep([moment.set], 'it is one change: before it the node judges as it did, behind it as it is to')]
        : [],
    ),
    names.setStep(last, 'no rule looks at these sets any more'),
  ]
}

/** Changes a set that rules look at in one line: a member, or all of it in exchange for a copy. */
function inOneMoment(
  now: PartSet,
  next: PartSet,
  names: PlanNames,
): {readonly before: readonly SetEdit[]; readonly moment: SetEdit; readonly behind: readonly SetEdit[]} {
  const {added, deleted} = memberEdits(now, next)
  const [only, ...others] = [...added, ...deleted]
  if (only && others.length === 0 && isSameKind(now, next)) return {before: [], moment: only, behind: []}
  const name = names.nameTwin(next.name)
  return {before: makeSet({...next, name}), moment: swapSets(next.name, name), behind: removeSet({...now, name})}
}
