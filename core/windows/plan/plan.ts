import type {PlannedStep, PlannedSteps, PlanOptions} from '../../dataplane/writing.ts'
import type {WindowsNode} from '../node-state.ts'
import {begun, type Change, changeOf, withSets} from './change.ts'
import {endpointSteps} from './endpoint-steps.ts'
import {keptOrder} from './kept-order.ts'
import type {WindowsPart} from './part.ts'
import {PlanNames, WHYS} from './plan-names.ts'
import {updateSteps} from './set-steps.ts'
import {settleWanted} from './settle-wanted.ts'
import {twinSteps} from './twins.ts'

/**
 * The steps from one part to another.
 *
 * What both allow stays allowed, and what both deny stays denied. A packet sees a set through ACLs only, so sets that no ACL names are
 * made before all else, and go behind it. One request gives a set all its members, and an endpoint all its ACLs. Where packets see several of
 * them, an order is taken that walks find to be right; or sets are left as they are until all endpoints name copies of them, and
 * endpoints change in an order in which what closes comes before what opens.
 */
export function planParts(node: WindowsNode, found: WindowsPart, wanted: WindowsPart, options: PlanOptions): PlannedSteps {
  const names = new PlanNames(node, found, wanted)
  const {target, leftAlone} = settleWanted(found, wanted, {
    npmMayRun: options.npmMayRun,
    isWayBack: options.isWayBack === true,
    readable: id => names.readable(id),
  })
  const change = changeOf(found, target)
  const {added, missing, early, late, removed, visible} = change
  const steps = [
    ...names.setSteps(found, 'Add', added, WHYS.filled),
    ...names.setSteps(found, 'Add', missing, WHYS.missing),
    ...updateSteps(found, early, WHYS.filled, change, names),
    ...visibleSteps(node, change, names, options),
    ...updateSteps(withSets(begun(change), visible), late, WHYS.left, change, names),
    ...names.setSteps(withSets(found, late), 'Remove', removed, WHYS.left),
  ]
  return {steps, leftAlone}
}

function visibleSteps(node: WindowsNode, change: Change, names: PlanNames, {mostWalks}: PlanOptions): PlannedStep[] {
  const {visible, endpoints, retyped} = change
  const start = begun(change)
  if (visible.length === 0) return endpointSteps(node, {start, changes: endpoints}, names)
  const isInPlace = !visible.some(({id}) => retyped.has(id))
  const [only] = visible
  if (isInPlace && only && visible.length + endpoints.length === 1) return names.setSteps(start, 'Update', [only], WHYS.oneSet)
  const order = isInPlace ? keptOrder(node, change, start, mostWalks) : undefined
  return order ? order.steps(names) : twinSteps(node, change, start, names)
}
