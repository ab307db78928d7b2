import type {PlannedStep, PlannedSteps, PlanOptions} from '../../dataplane/plan.ts'
import type {LinuxNode} from '../node-state.ts'
import {Change} from './change.ts'
import {directSteps} from './direct.ts'
import type {LinuxPart} from './part.ts'
import {PlanNames} from './plan-names.ts'
import {settleWanted} from './settle-wanted.ts'
import {shadowSteps} from './shadow.ts'

/**
 * The steps from one part to another.
 *
 * What both allow stays allowed, and what both deny stays denied. A packet sees a change only through a set that a rule looks at, or a
 * rule that packets come to; one line of ipset, and one file of iptables, come into force as a whole. So changes that nothing looks at
 * are made first and last, and a plan whose other changes are one such moment has no state in between. With more of them, an order is
 * taken that walks of all states in between find to be right, or else all rules change at once to copies of the sets.
 */
export function planParts(node: LinuxNode, found: LinuxPart, wanted: LinuxPart, options: PlanOptions): PlannedSteps {
  const names = new PlanNames(node, found, wanted)
  const {npmMayRun, isWayBack} = options
  const reached = isWayBack ? {...found, foreign: {sets: new Map(), chains: new Map()}} : found
  const {target, leftAlone} = settleWanted(reached, wanted, {npmMayRun, readable: set => names.readable(set)})
  const change = new Change(found, {...target, foreign: found.foreign})
  const steps: PlannedStep[] = directSteps(change, {node, names, mostWalks: options.mostWalks}) ?? shadowSteps(change, names)
  return {steps: steps.filter(({operations}) => operations.length > 0), leftAlone}
}
