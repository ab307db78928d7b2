import type {PlannedStep, PlannedSteps, PlanOptions} from '../../dataplane/plan.ts'
import type {WindowsNode} from '../node-state.ts'
import {begun, type Change, changeOf, withEndpoint, withSets} from './change.ts'
import {endpointSteps} from './endpoint-steps.ts'
import {keptOrder} from './kept-order.ts'
import {isList, isSameForeign, type WindowsPart} from './part.ts'
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
  const {npmMayRun, isWayBack = false} = options
  const restored = isWayBack ? restoredEndpoints(found, wanted, names) : {part: found, steps: []}
  const {part} = restored
  const reached = isWayBack ? {...part, others: {...part.others, users: new Map<string, string>()}} : part
  const settled = settleWanted(reached, wanted, {npmMayRun, isWayBack, readable: id => names.readable(id)})
  const {leftAlone} = settled
  const change = changeOf(part, {...settled.target, others: part.others})
  const {added, missing, early, late, removed, visible} = change
  const steps = [
    ...restored.steps,
    // Members before the lists that hold them.
    ...names.setSteps(
      found,
      'Add',
      missing.filter(set => !isList(set)),
      WHYS.missing,
    ),
    ...names.setSteps(found, 'Add', added, WHYS.filled),
    ...names.setSteps(found, 'Add', missing.filter(isList), WHYS.missing),
    ...updateSteps(found, early, WHYS.filled, change, names),
    ...visibleSteps(node, change, names, options),
    ...updateSteps(withSets(begun(change), visible), late, WHYS.left, change, names),
    ...names.setSteps(withSets(found, late), 'Remove', removed, WHYS.left),
  ]
  return {steps, leftAlone}
}

/** Endpoints that have lost policies of others through a request that ended half-way get them back before all else. */
function restoredEndpoints(
  found: WindowsPart,
  wanted: WindowsPart,
  names: PlanNames,
): {readonly part: WindowsPart; readonly steps: PlannedStep[]} {
  let part = found
  const operations = [...found.endpoints].flatMap(([key, now]) => {
    const asked = wanted.endpoints.get(key)
    if (!asked || isSameForeign(now, asked)) return []
    const next = {...now, foreign: asked.foreign}
    part = withEndpoint(part, key, next)
    return [names.restoredOperation(next)]
  })
  return {part, steps: operations.length > 0 ? [{tool: 'hns', isAtomic: false, ...WHYS.restored, operations}] : []}
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
