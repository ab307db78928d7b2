import {expect, test} from 'vitest'
import type {NodeState} from '../../../../core/dataplane/dataplane.ts'
import {diffNode} from '../../../../core/drift/diff-node.ts'
import type {ClusterObjects, NetworkPolicy} from '../../../../core/kubernetes/objects.ts'
import {nodeAfter, planFor} from '../../../support/plan/plan.ts'
import {type HnsState, nodeOfState, programmedState, windowsNode} from '../../../support/windows/programmed-node.ts'

const NODE = 'win'
const policy = (name: string, cidr: string): NetworkPolicy => ({
  metadata: {namespace: 'shop', name},
  spec: {podSelector: {matchLabels: {app: 'db'}}, policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr}}]}]},
})
const cluster = (...policies: readonly NetworkPolicy[]): ClusterObjects => ({
  namespaces: [{metadata: {name: 'shop', labels: {}}}],
  pods: ['db', 'web'].map((app, at) => ({
    metadata: {namespace: 'shop', name: app, labels: {app}},
    spec: {nodeName: NODE},
    status: {phase: 'Running', podIP: `10.240.0.${11 + at}`},
  })),
  policies: [...policies],
  nodes: [windowsNode(NODE, '192.168.0.4')],
})
const objects = cluster(policy('near', '10.0.0.0/8'), policy('far', '172.16.0.0/12'))
const nodeOf = (its: ClusterObjects, change: (state: HnsState) => void = () => {}): NodeState => {
  const state = programmedState(its, NODE)
  change(state)
  return nodeOfState(state, objects, NODE)
}
const still = {surroundings: {hasNpmPages: false, hasNpmProcess: false}} as const

/** ACLs of a policy at all endpoints, and the members of a set. */
const acls = (node: NodeState, name: string): number =>
  [...node.translation().policies()]
    .filter(each => each.policy === `shop/${name}`)
    .reduce((sum, {rules}) => sum + rules.length, 0)
const members = (node: NodeState, name: string): readonly string[] | undefined =>
  [...node.translation().sets()].find(each => each.name === name)?.members ?? undefined

/** Takes the ACLs of policies away. */
const lose =
  (...names: readonly string[]) =>
  ({endpoints}: HnsState): void => {
    for (const each of endpoints)
      each.Policies = each.Policies.filter(({Settings}) => !names.some(name => Settings['Id'] === `azure-acl-shop-${name}`))
  }

test('of a kept state one policy comes back, with its own set, and no other one', async () => {
  const now = nodeOf(cluster(policy('near', '10.9.0.0/16'), policy('far', '172.16.0.0/12')), lose('near', 'far'))
  const then = nodeOf(objects)
  expect([acls(now, 'near'), acls(now, 'far')]).toEqual([0, 0])
  const plan = await planFor(now, {kind: 'dump', node: then}, {...still, narrowedTo: {policies: ['shop/near']}})
  const after = await nodeAfter(now, plan)
  expect(acls(after, 'near')).toBe(acls(then, 'near'))
  expect(acls(after, 'far')).toBe(0)
  expect(members(after, 'cidr-near:in-ns:shop-0-0IN')).toEqual(['10.0.0.0/8'])
})

test('of a kept state the policy that a cause of diff is about comes back', async () => {
  const now = nodeOf(objects, lose('near'))
  const plan = await planFor(now, {kind: 'dump', node: nodeOf(objects)}, {...still, narrowedTo: {causes: ['1']}})
  expect(plan.narrowedTo?.join()).toContain('shop/near')
  expect(diffNode(await nodeAfter(now, plan), {isLite: false}, [])).toMatchObject({clean: true})
})

test('a removal of one policy takes its ACLs, and leaves sets and all other ACLs', async () => {
  const now = nodeOf(objects)
  const plan = await planFor(now, {kind: 'nothing'}, {...still, narrowedTo: {policies: ['shop/near']}})
  const after = await nodeAfter(now, plan)
  expect([acls(after, 'near'), acls(after, 'far')]).toEqual([0, acls(now, 'far')])
  expect(members(after, 'cidr-near:in-ns:shop-0-0IN')).toEqual(['10.0.0.0/8'])
})
