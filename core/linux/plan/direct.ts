import type {PlannedStep} from '../../dataplane/plan.ts'
import type {LinuxNode} from '../node-state.ts'
import type {Change} from './change.ts'
import {type Moment, momentsOf} from './moments.ts'
import {keptOrder} from './order.ts'
import {type PlanNames, WHYS, type Why} from './plan-names.ts'
import {type SetEdit, settleSets} from './set-edits.ts'
import {tableEdits} from './table-edits.ts'

export interface DirectOptions {
  readonly node: LinuxNode
  readonly names: PlanNames
  readonly mostWalks: number
}

/**
 * The plan that changes sets and rules themselves. Undefined where packets would see several changes, and no order of them was found
 * that keeps the promise.
 */
export function directSteps(change: Change, options: DirectOptions): PlannedStep[] | undefined {
  for (const isFine of [true, false]) {
    const names = options.names.fresh()
    const parts = momentsOf(change, isFine, names.nameTwin)
    const order = parts && keptOrder(change, parts.moments, options)
    if (order) return stepsOf(change, {...parts, moments: order}, names)
  }
  return undefined
}

function stepsOf(
  change: Change,
  {moments, before, behind}: {moments: readonly Moment[]; before: readonly SetEdit[]; behind: readonly SetEdit[]},
  names: PlanNames,
): PlannedStep[] {
  const {found, target, early, visible, late, tables} = change
  const now = change.setsBefore()
  const first = settleSets(now, target.sets, early, names.nameTwin)
  for (const name of visible) {
    const set = target.sets.get(name)
    if (set) now.set(name, set)
  }
  const last = settleSets(now, target.sets, late, names.nameTwin)
  const isOne = moments.length === 1
  const ruleStep = (backend: 'nft' | 'legacy', why: Why): PlannedStep =>
    names.ruleStep(backend, tableEdits(found.tables[backend], target.tables[backend]), why)
  return [
    names.setStep([...first, ...before], WHYS.filled),
    ...tables.flatMap(({backend, isVisible}) => (isVisible ? [] : [ruleStep(backend, WHYS.notMet)])),
    ...groups(moments).map(group =>
      'backend' in group
        ? ruleStep(group.backend, isOne ? WHYS.allRules : WHYS.walked)
        : names.setStep(group.edits, isOne ? WHYS.oneLine : WHYS.walked),
    ),
    names.setStep([...behind, ...last], WHYS.left),
  ]
}

type Group = {readonly backend: 'nft' | 'legacy'} | {readonly edits: SetEdit[]}

/** Lines about sets that follow each other are told in one run. */
function groups(moments: readonly Moment[]): Group[] {
  const found: Group[] = []
  for (const moment of moments) {
    const last = found.at(-1)
    if ('backend' in moment) found.push({backend: moment.backend})
    else if (last && 'edits' in last) last.edits.push(moment.edit)
    else found.push({edits: [moment.edit]})
  }
  return found
}
