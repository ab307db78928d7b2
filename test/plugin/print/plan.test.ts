import {describe, expect, test} from 'vitest'
import type {Plan} from '../../../core/contract/plan.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {PlanNodeOptions, Wanted} from '../../../core/plan/wanted.ts'
import {painter} from '../../../plugin/print/paint.ts'
import {planLines, planScript} from '../../../plugin/print/plan.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {planFor, somePlan} from '../../support/plan/plan.ts'
import {shopNodes, shop as unlabelled} from '../../support/shop-nodes.ts'

/* What a person reads before saying yes, for each kind of plan. Whoever changes a word reads it here. */

const shop: ClusterObjects = {
  ...unlabelled,
  namespaces: unlabelled.namespaces.map(({metadata}) => ({
    metadata: {...metadata, labels: {'kubernetes.io/metadata.name': metadata.name}},
  })),
}
const whole = linesOf(compile(shop, {scheme: 'sha256', semantics: 'npm'}))
const web = setKernelName('podlabel-app:web', 'sha256')
const still = {hasNpmPages: false, hasNpmProcess: false} as const
const without = (lines: readonly string[], text: string) => lines.filter(line => !line.includes(text))

const plain = painter(false)

async function planned(
  lines: Partial<NodeLines>,
  {
    wanted = {kind: 'policies'},
    cluster = shop,
    ...options
  }: Partial<PlanNodeOptions> & {wanted?: Wanted; cluster?: ClusterObjects} = {},
): Promise<Plan> {
  const [node] = await shopNodes({n2: lines}, cluster)
  return planFor(node as NodeState, wanted, options)
}

const refused: ClusterObjects = {
  ...shop,
  policies: shop.policies.map(policy =>
    policy.metadata.name === 'db-from-web'
      ? {...policy, spec: {...policy.spec, ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]}}
      : policy,
  ),
}

const lacksMember = {...whole, sets: without(whole.sets, `add ${web} 10.0.1.1`)}
const surroundings = {surroundings: {hasNpmPages: true}}

const plans: Readonly<Record<string, () => Promise<Plan>>> = {
  'a member is missing': () => planned(lacksMember, surroundings),
  'two things differ': () =>
    planned({sets: lacksMember.sets, rules: without(whole.rules, 'ALLOW-FROM-podlabel-app:web')}, {surroundings: still}),
  'of two things that differ one': () =>
    planned(
      {sets: lacksMember.sets, rules: without(whole.rules, 'ALLOW-FROM-podlabel-app:web')},
      {surroundings: still, narrowedTo: {policies: ['shop/db-from-web'], sets: ['ns-shop']}},
    ),
  'nothing differs': () => planned(whole, surroundings),
  'an empty node': () => planned({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: []}, {surroundings: still}),
  'all of Azure NPM goes': () => planned(whole, {wanted: {kind: 'nothing'}, surroundings: {...still, engines: ['Cilium']}}),
  'an old version stays': () => planned(lacksMember, {cluster: refused, surroundings: still}),
  'half an input': () => planned({rules: whole.rules}, surroundings),
  'what the API means': () =>
    planned(lacksMember, {wanted: {kind: 'policies', semantics: 'kubernetes'}, isEvenIfNpmRuns: true, ...surroundings}),
  'it is not known what a step does': () =>
    Promise.resolve(
      somePlan({
        steps: somePlan().steps.map(step => ({...step, effect: 'unknown', opens: []})),
        summary: {operations: 3, opens: 0, closes: 0},
      }),
    ),
}

test('every kind of plan reads as it did', async () => {
  const screens: string[] = []
  for (const [what, plan] of Object.entries(plans))
    screens.push(`### ${what}\n${[...planLines(await plan(), plain)].join('\n')}\n`)
  await expect(screens.join('\n')).toMatchFileSnapshot('../../golden/plans.txt')
})

test('wide has every operation with what takes it back', async () => {
  const plan = await planned({rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: []}, {surroundings: still})
  const lines = [...planLines(plan, plain, true)].join('\n')
  for (const {line} of plan.operations) expect(lines).toContain(line)
  await expect(`${lines}\n`).toMatchFileSnapshot('../../golden/plan-wide.txt')
})

describe('the lines', () => {
  test('are a script for the tools of the node', async () => {
    const plan = await planned(lacksMember, surroundings)
    const removal = await planned(whole, {wanted: {kind: 'nothing'}, surroundings: still})
    const text = [plan, removal].flatMap(each => [...planScript(each)]).join('\n')
    await expect(`${text}\n`).toMatchFileSnapshot('../../golden/plan-lines.txt')
  })

  test('stay lines, whatever a kept plan has in them', () => {
    const [operation] = somePlan().operations as [Plan['operations'][number]]
    const forged = somePlan({
      operations: [
        {...operation, line: 'END'},
        {...operation, order: 2, line: 'add x\nEND\nreboot'},
      ],
    })
    const script = [...planScript(forged)]
    expect(script).not.toContain('reboot')
    const start = script.indexOf("ipset restore <<'END_'")
    expect(script.slice(start + 1, start + 4)).toEqual(['END', String.raw`add x\x0aEND\x0areboot`, 'END_'])
  })
})
