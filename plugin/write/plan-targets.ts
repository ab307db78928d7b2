import {createHash} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {text as textOf} from 'node:stream/consumers'
import type {Plan, PlanList} from '../../core/contract/plan.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {foretellDenied} from '../../core/flows/foretell-denied.ts'
import {checkPlan} from '../../core/plan/check-plan.ts'
import {partDigest} from '../../core/plan/digest.ts'
import {planNode} from '../../core/plan/plan-node.ts'
import {plannedSteps} from '../../core/plan/planned-steps.ts'
import type {Narrowing, Wanted} from '../../core/plan/wanted.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {eachNode, itemsAndFailures, type NodeResult, type Waiting} from '../agents/each-node.ts'
import {computeWhileHeld} from '../cleanup/interruption.ts'
import {nodeNamed} from '../source/open-source.ts'
import type {WriteTarget} from './write-target.ts'

/** What nodes are to be. */
export interface PlanRequest {
  readonly wanted: (node: NodeState) => Wanted
  readonly narrowedTo?: Narrowing
  readonly isEvenIfNpmRuns: boolean
}

/** Dumps are large; so many at once keep a line and a processor busy. */
const READ_AT_ONCE = 8

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Reads nodes and plans what makes each what it is to be. A node that cannot be read or planned does not stop the others.
 *
 * @param request may still be read, from files, while nodes are
 * @throws InputError as soon as the request fails
 */
export async function planTargets(
  targets: readonly WriteTarget[],
  request: Promise<PlanRequest>,
  waiting: Waiting,
): Promise<NodeResult<Plan>[]> {
  const planned = eachNode(
    targets,
    async target => {
      const [read, {wanted, narrowedTo, isEvenIfNpmRuns}] = await Promise.all([target.read(), request])
      const {state, surroundings, problems, ownAddresses, withoutConnections, openWrite} = read
      const writing = await state.dataPlane.writing()
      return computeWhileHeld(() => {
        const options = {writing, sha256, surroundings, isEvenIfNpmRuns, ...(narrowedTo && {narrowedTo})}
        const asked = wanted(state)
        const plan = planNode(state, asked, options, problems)
        const [part] = plan.incomplete
        if (part) {
          // Of the other verbs --from takes objects, of this one a dump.
          const next = isFromFiles(asked) ? part.next.replace('--from cluster.json', '-f cluster.json') : part.next
          throw new InputError(
            `node ${target.node}: nothing is planned: ${part.part.startsWith('set ') ? `${part.part}: ` : ''}${part.reason}`,
            next,
          )
        }
        const goOn = foretellDenied(state, writing, plannedSteps(plan), ownAddresses ? {ownAddresses} : {})
        if (withoutConnections !== undefined && plan.operations.length > 0)
          goOn.push(`connections that go on although the new state denies them were not looked for: ${withoutConnections}`)
        if (openWrite)
          goOn.unshift(`${openWrite.is}: nothing more is written before it has ended: ${openWrite.ends.join(', or ')}`)
        return goOn.length > 0 ? {...plan, notes: [...plan.notes, ...goOn]} : plan
      })
    },
    {nodeOf: ({node}) => node, label: 'reading', limit: READ_AT_ONCE, ...waiting},
  )
  await Promise.all([planned, request])
  return planned
}

const isFromFiles = (wanted: Wanted): boolean => wanted.kind === 'policies' && wanted.cluster !== undefined

/** Nodes that are not any more what plans were made for, as those who apply them would be told. */
export async function changedSince(
  plans: readonly Plan[],
  targets: readonly WriteTarget[],
  waiting: Waiting,
): Promise<NodeResult<Plan>[]> {
  const checked = await eachNode(
    targets.filter(({node}) => plans.some(plan => plan.node === node)),
    async target => {
      const plan = plans.find(({node}) => node === target.node) as Plan
      const {state} = await target.read()
      const writing = await state.dataPlane.writing()
      const part = writing.partOf(state)
      if ('incomplete' in part || partDigest(part, writing, sha256) !== plan.nodeDigest)
        throw new InputError(
          `node ${target.node}: it is not any more what it was when the plan was made, so apply refuses the plan`,
          'Plan again: kubectl npm apply --dry-run',
        )
      return plan
    },
    {nodeOf: ({node}) => node, label: 'reading', limit: READ_AT_ONCE, ...waiting},
  )
  return checked.filter(each => 'error' in each)
}

/** What a dump had of each node: of the node with the same name, or of the only one for the only node that is meant. */
export function wantedOfDump(dumps: readonly NodeState[], targets: number): PlanRequest['wanted'] {
  return ({node}) => {
    const named = dumps.filter(dump => dump.node === node)
    if (named.length === 0 && targets === 1 && dumps.length === 1) return {kind: 'dump', node: dumps[0] as NodeState}
    return {kind: 'dump', node: nodeNamed(dumps, node)}
  }
}

export const planList = (results: readonly NodeResult<Plan>[]): PlanList => ({
  apiVersion: API_VERSION,
  kind: 'PlanList',
  ...itemsAndFailures(results),
})

/**
 * Reads plans that were kept: one, or those of several nodes.
 *
 * @param path `-` for standard input
 * @throws InputError when it cannot be read, or is not what was kept
 */
export async function readPlans(path: string): Promise<readonly Plan[]> {
  const file = path === '-' ? 'standard input' : path
  let value: unknown
  try {
    value = JSON.parse(path === '-' ? await textOf(process.stdin) : await readFile(path, 'utf8'))
  } catch (error) {
    throw new InputError(
      `--plan ${path}: ${(error as Error).message}`,
      'Keep one with: kubectl npm apply --dry-run -o json > plan.json',
    )
  }
  const {kind, items} = (value ?? {}) as {kind?: unknown; items?: unknown}
  const plans = kind === 'PlanList' && Array.isArray(items) ? items : [value]
  return plans.map(each => checkPlan(each, file, sha256))
}
