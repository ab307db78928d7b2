import type {PlannedOperation, PlannedStep} from '../../dataplane/plan.ts'
import type {WindowsNode} from '../node-state.ts'
import type {ProgramAcl} from '../npm/program.ts'
import type {AclDirection} from '../walk/endpoint-rules.ts'
import {allowedByBoth} from './allowed-by-both.ts'
import type {EndpointChange} from './change.ts'
import {EndpointEffects, type JudgedChange} from './endpoint-effects.ts'
import {isSameAcls, type PartEndpoint, type WindowsPart} from './part.ts'
import {type PlanNames, WHYS, type Why} from './plan-names.ts'

export interface EndpointChanges {
  /** The part before them. All sets that ACLs name before and behind are in it. */
  readonly start: WindowsPart
  readonly changes: readonly EndpointChange[]
}

/** An endpoint gets other ACLs of some directions. */
interface Moment {
  readonly change: JudgedChange
  readonly directions: readonly AclDirection[]
  readonly own: readonly ProgramAcl[]
}

interface Phase {
  readonly why: Why
  readonly moments: readonly Moment[]
}

const DIRECTIONS = ['In', 'Out'] as const
const directionOf = ({direction}: ProgramAcl): AclDirection => (direction === 'Out' ? 'Out' : 'In')

/**
 * The steps that give endpoints other ACLs. A packet between two pods of the node is judged twice: by what its sender may send, and by what
 * its receiver may receive. So what closes comes before what opens: then at every moment no end allows more than before, or no end allows
 * more than behind, and what an end allows before and behind it allows all the time. Where a change closes some and opens some, either all
 * such changes are of one direction, of which a packet sees but one, or those of one direction are made in two: first the endpoint allows
 * only what it allows before and behind.
 */
export function endpointSteps(node: WindowsNode, {start, changes}: EndpointChanges, names: PlanNames): PlannedStep[] {
  if (changes.length === 0) return []
  const now = new Map(changes.map(change => [change.key, change.now]))
  if (changes.length === 1) return stepsOf([{why: WHYS.oneEndpoint, moments: changes.map(whole)}], now, names)
  const effects = new EndpointEffects(node, start)
  const judged = changes.map(change => effects.of(change))
  const isOneDirection = DIRECTIONS.some(direction => judged.every(each => each.effects[direction] === 'none'))
  return stepsOf(isOneDirection ? [{why: WHYS.oneDirection, moments: changes.map(whole)}] : phasesOf(judged), now, names)
}

const whole = (change: EndpointChange): Pick<Moment, 'directions' | 'own'> & {readonly change: EndpointChange} => ({
  change,
  directions: DIRECTIONS,
  own: change.next.own,
})

function phasesOf(judged: readonly JudgedChange[]): Phase[] {
  const found = divided(judged)
  const withBoth = DIRECTIONS.filter(direction =>
    found.some(({effect, directions}) => effect === 'both' && directions.includes(direction)),
  )
  const narrowed = withBoth.length < 2 ? [] : DIRECTIONS.flatMap(direction => narrowedOf(found, direction) ?? []).slice(0, 1)
  const [inTwo = []] = narrowed
  const isInTwo = new Set(inTwo.map(({last}) => last))
  const left = found.filter(({effect, moment}) => effect === 'both' && !isInTwo.has(moment)).map(({moment}) => moment)
  const isUnsure = withBoth.length === 2 && inTwo.length === 0
  return [
    {why: WHYS.closing, moments: found.flatMap(({effect, moment}) => (effect === 'closes' || effect === 'none' ? [moment] : []))},
    {why: WHYS.narrowed, moments: inTwo.map(({first}) => first)},
    {why: isUnsure ? WHYS.unsure : WHYS.between, moments: left},
    {
      why: WHYS.opening,
      moments: [...found.flatMap(({effect, moment}) => (effect === 'opens' ? [moment] : [])), ...inTwo.map(({last}) => last)],
    },
  ]
}

interface Divided {
  readonly moment: Moment
  readonly directions: readonly AclDirection[]
  readonly effect: JudgedChange['effects']['In']
}

/** Changes by what they do, those of both directions apart where they do not do the same. */
function divided(judged: readonly JudgedChange[]): Divided[] {
  return judged.flatMap(change => {
    const {In, Out} = change.effects
    const isAlike = In !== 'both' && Out !== 'both' && (In === Out || In === 'none' || Out === 'none')
    const groups = isAlike || !change.isDivisible ? [DIRECTIONS] : DIRECTIONS.map(direction => [direction])
    return groups.map((directions): Divided => {
      const own = change.next.own.filter(acl => directions.includes(directionOf(acl)))
      const effects = new Set(directions.map(direction => change.effects[direction]).filter(each => each !== 'none'))
      const [effect = 'none', other] = effects
      return {moment: {change, directions, own}, directions, effect: other ? 'both' : effect}
    })
  })
}

/** The changes of a direction that close some and open some, each in two; undefined where one cannot be divided so. */
function narrowedOf(found: readonly Divided[], direction: AclDirection): {first: Moment; last: Moment}[][] | undefined {
  const its = found.filter(({effect, directions}) => effect === 'both' && directions.includes(direction))
  const pairs: {first: Moment; last: Moment}[] = []
  for (const {moment, directions} of its) {
    const {before, after} = moment.change.lists
    const own = directions.length === 1 ? allowedByBoth(before[direction], after[direction]) : undefined
    if (!own) return undefined
    pairs.push({first: {...moment, own}, last: moment})
  }
  return [pairs]
}

/** @param endpoints as they are before; they follow what is done */
function stepsOf(
  phases: readonly {
    readonly why: Why
    readonly moments: readonly (Omit<Moment, 'change'> & {readonly change: EndpointChange})[]
  }[],
  endpoints: Map<string, PartEndpoint>,
  names: PlanNames,
): PlannedStep[] {
  return phases.flatMap(({why, moments}): PlannedStep[] => {
    const operations = [...Map.groupBy(moments, ({change}) => change.key)].flatMap(([key, its]): PlannedOperation[] => {
      const now = endpoints.get(key) as PartEndpoint
      const directions = new Set(its.flatMap(each => each.directions))
      const own = [...now.own.filter(acl => !directions.has(directionOf(acl))), ...its.flatMap(each => each.own)]
      if (isSameAcls(now.own, own)) return []
      endpoints.set(key, {...now, own})
      return [names.endpointOperation(now, own)]
    })
    return operations.length > 0 ? [{tool: 'hns', isAtomic: false, ...why, operations}] : []
  })
}
