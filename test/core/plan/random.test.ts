import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import type {AnyDifference} from '../../../core/dataplane/difference.ts'
import {judgedComparison} from '../../../core/drift/compare-node.ts'
import type {LabelSelector, NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {differenceKey} from '../../../core/plan/repaired-with.ts'
import {cluster, packetsOf} from '../../support/arbitrary-cluster.ts'
import {azureNpm, damage} from '../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../support/linux/written-node.ts'
import {linesOf} from '../../support/node-of.ts'
import {changedParts} from '../../support/plan/changed-parts.ts'
import {nodeAfter, planFor} from '../../support/plan/plan.ts'

/** A node that Azure NPM programmed for other objects than the cluster has now, and that somebody changed by hand. */
const brokenNode = fc
  .tuple(cluster, cluster, fc.boolean(), azureNpm, fc.array(damage, {maxLength: 3}))
  .map(([objects, before, isOld, options, damages]) => {
    const lines = linesOf(compile(isOld ? before : objects, {...options, semantics: 'npm'}))
    return {objects, lines: damages.reduce((broken, change) => change(broken), lines)}
  })

type BrokenNode = typeof brokenNode extends fc.Arbitrary<infer Value> ? Value : never
const opened = ({objects, lines}: BrokenNode): NodeState => nodeOfLines(lines).with({cluster: objects})

const compared = (node: NodeState) => judgedComparison(node.cluster ?? never(), node, {mostLooks: 200_000})
const never = (): never => {
  throw new Error('the node has objects')
}

const keyOf = (node: NodeState, difference: AnyDifference): string => differenceKey(difference, node.dataPlane)

function countsOf(node: NodeState, differences: readonly AnyDifference[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const each of differences) counts.set(keyOf(node, each), (counts.get(keyOf(node, each)) ?? 0) + 1)
  return counts
}

const subjectOf = (difference: AnyDifference): string => ('set' in difference ? difference.set.kernelName : difference.chain)

/**
 * Plans for one cause, does what the plan says, and holds what differs then to what differed before. Both times the node is compared
 * with one program: which release is the closest may change with a repair, and another one asks for other rules.
 */
async function expectOneCauseRepaired(broken: BrokenNode, which: number): Promise<void> {
  const node = opened(broken)
  // The number of a cause is its place in the order of diff, which judges packets as long as diff does.
  const before = judgedComparison(node.cluster ?? never(), node, {})
  const repairable = [...before.causes.keys()].filter(at => before.drift.causes[at]?.repair?.command !== undefined)
  fc.pre(repairable.length > 0)
  const at = repairable[which % repairable.length] as number
  const plan = await planFor(node, {kind: 'policies'}, {narrowedTo: {causes: [String(at + 1)]}})
  const after = await nodeAfter(node, plan)
  const asked = new Set(before.causes[at]?.differences)
  const left = after.dataPlane.compare(before.program, after).differences
  const [had, has, wasAsked] = [countsOf(node, before.differences), countsOf(node, left), countsOf(node, [...asked])]
  for (const [key, count] of has) expect(count, `${key} was not there`).toBeLessThanOrEqual(had.get(key) ?? 0)
  expect(compared(after).differences.length).toBeLessThanOrEqual(left.length)
  const isMended = [...wasAsked].every(([key, count]) => (has.get(key) ?? 0) <= (had.get(key) ?? 0) - count)
  expect(isMended || plan.untouched.length > 0).toBe(true)
  const gone = before.differences.filter(each => (has.get(keyOf(node, each)) ?? 0) < (had.get(keyOf(node, each)) ?? 0))
  const subjects = new Set(gone.map(subjectOf))
  for (const name of await changedParts(node, after)) expect(subjects, `${name} is outside`).toContain(name)
  if (gone.some(each => !wasAsked.has(keyOf(node, each)))) expect(plan.notes.join()).toContain('repaired too')
}

describe('on any node', () => {
  propertyTest.prop([brokenNode], {numRuns: 50})(
    'a plan for all that differs leaves nothing that differs, but what it says that it leaves',
    async broken => {
      const node = opened(broken)
      const plan = await planFor(node, {kind: 'policies'})
      const after = await nodeAfter(node, plan)
      const left = compared(after)
      const untouched = plan.untouched.map(({name}) => name)
      for (const {policy, text, differences} of left.causes.filter(cause => cause.differences.length > 0))
        expect(untouched.some(name => name === `policy ${policy}`) && differences.length > 0, text).toBe(true)
      expect((await planFor(after, {kind: 'policies'})).operations).toEqual([])
      // What a step is said to do is what packets see.
      const effects = new Set(plan.steps.map(({effect}) => effect))
      const inside = new Set(broken.objects.pods.map(pod => pod.status?.podIP))
      for (const each of packetsOf(broken.objects)) {
        // Nothing is forwarded from outside to outside. An address of a pod that has ended may have a new one.
        if (!inside.has(each.source) && !inside.has(each.destination)) continue
        const [then, now] = [node.walk(each).verdict, after.walk(each).verdict]
        if (then === now || then === 'unknown' || now === 'unknown') continue
        expect(
          [...effects].some(
            effect => effect === 'both' || effect === 'unknown' || effect === (now === 'accept' ? 'opens' : 'closes'),
          ),
        ).toBe(true)
      }
    },
  )

  propertyTest.prop([brokenNode, fc.nat()], {numRuns: 60})(
    'a plan for one cause takes that cause away, adds none, and touches nothing outside',
    expectOneCauseRepaired,
  )

  test('a plan for one cause may make another release the closest, whose policies have other rules', async () => {
    // Until 1.5.17 a rule for everything did not replace the other rules of its policy, which name two sets more.
    const policy = (name: string, spec: NetworkPolicy['spec']): NetworkPolicy => ({metadata: {name, namespace: 'red'}, spec})
    const open = policy('open', {
      podSelector: {},
      ingress: [{from: [{podSelector: {matchLabels: {team: 'a'}}, namespaceSelector: {matchLabels: {app: 'a'}}}]}, {}],
    })
    const changed = (podSelector: LabelSelector) => policy('changed', {podSelector, ingress: []})
    const namespaces = [{metadata: {name: 'red', labels: {team: 'a', app: 'a'}}}]
    const objects = {namespaces, pods: [], nodes: [], policies: [changed({}), open]}
    const before = {...objects, policies: [changed({matchLabels: {team: 'a'}})]}
    const broken = {objects, lines: linesOf(compile(before, {scheme: 'fnv32a', semantics: 'npm'}))}
    const node = opened(broken)
    const [oldest] = compared(node).drift.notes
    expect(oldest).toContain('what Azure NPM v1.4.41 programs')
    const plan = await planFor(node, {kind: 'policies'}, {narrowedTo: {policies: ['red/changed']}})
    expect(compared(await nodeAfter(node, plan)).drift.notes[0]).not.toContain('v1.4.41')
    for (const at of compared(node).causes.keys()) await expectOneCauseRepaired(broken, at)
  })
})
