import {createHash} from 'node:crypto'
import type {Plan} from '../../../core/contract/plan.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {planDigest} from '../../../core/plan/digest.ts'
import {planNode} from '../../../core/plan/plan-node.ts'
import {plannedSteps} from '../../../core/plan/planned-steps.ts'
import type {PlanNodeOptions, Wanted} from '../../../core/plan/wanted.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A plan of two steps, with the digest that it should have. */
export function somePlan(changes: Partial<Plan> = {}): Plan {
  const plan: Plan = {
    apiVersion: 'kubectl-npm/v1',
    kind: 'Plan',
    node: 'n1',
    backend: 'nft',
    wanted: 'policies',
    semantics: 'npm',
    nodeDigest: sha256('found'),
    wantedDigest: sha256('wanted'),
    digest: '',
    steps: [
      {
        order: 1,
        tool: 'ipset',
        isAtomic: false,
        why: 'members that are missing only let more packets through that both states allow',
        effect: 'opens',
        opens: [{packet: '10.0.1.1 -> 10.0.2.1 tcp/5432', source: 'shop/web', destination: 'shop/db'}],
        closes: [],
      },
      {order: 2, tool: 'iptables', isAtomic: true, why: 'all chains in one moment', effect: 'none', opens: [], closes: []},
    ],
    operations: [
      {
        order: 1,
        step: 1,
        tool: 'ipset',
        line: 'add azure-npm-1 10.0.1.1',
        undo: 'del azure-npm-1 10.0.1.1',
        reason: 'member 10.0.1.1 is missing',
        name: 'podlabel-app:web',
      },
      {
        order: 2,
        step: 1,
        tool: 'ipset',
        line: 'add azure-npm-1 10.0.1.2',
        undo: 'del azure-npm-1 10.0.1.2',
        reason: 'member 10.0.1.2 is missing',
        name: 'podlabel-app:web',
      },
      {
        order: 3,
        step: 2,
        tool: 'iptables',
        line: '-A AZURE-NPM-INGRESS-1 -j MARK --set-xmark 0x400/0x400',
        undo: '-D AZURE-NPM-INGRESS-1 -j MARK --set-xmark 0x400/0x400',
        reason: 'the rule is missing',
        policy: 'shop/db-from-web',
      },
    ],
    untouched: [],
    notes: [],
    summary: {operations: 3, opens: 1, closes: 0},
    incomplete: [],
    problems: [],
    ...changes,
  }
  return {...plan, digest: planDigest(plan, sha256)}
}

/** Plans for a Linux node, as a verb does. */
export async function planFor(node: NodeState, wanted: Wanted, options: Partial<PlanNodeOptions> = {}): Promise<Plan> {
  return planNode(node, wanted, {writing: await node.dataPlane.writing(), sha256, ...options})
}

/** The node behind the last step of a plan, by the model of the tools. */
export async function nodeAfter(node: NodeState, plan: Plan): Promise<NodeState> {
  const writing = await node.dataPlane.writing()
  const found = writing.partOf(node)
  if ('incomplete' in found) throw new Error(found.incomplete.map(({reason}) => reason).join())
  return writing.nodeWith(
    node,
    plannedSteps(plan).reduce((part, step) => writing.after(part, step), found),
  )
}
