import {describe, expect, test} from 'vitest'
import type {Plan} from '../../../core/contract/plan.ts'
import {checkPlan} from '../../../core/plan/check-plan.ts'
import {plannedSteps} from '../../../core/plan/planned-steps.ts'
import {sha256, somePlan} from '../../support/plan/plan.ts'

const check = (value: unknown) => checkPlan(value, 'plan.json', sha256)
const plan = somePlan()
const [step, chains] = plan.steps as [Plan['steps'][number], Plan['steps'][number]]
const [operation] = plan.operations as [Plan['operations'][number]]

test('a plan that nobody changed is the plan', () => {
  expect(check(JSON.parse(JSON.stringify(plan)))).toEqual(plan)
})

test('words about it may change, and what is new in a later version is left out', () => {
  const said = {...plan, notes: ['read it twice'], later: true, steps: [{...step, why: 'because'}, chains]}
  expect(check(said)).toMatchObject({notes: ['read it twice'], digest: plan.digest})
})

describe('what is wrong with a plan is said with its place', () => {
  test.each<[string, unknown, string]>([
    ['nothing', null, 'plan.json is no plan'],
    ['another document', {kind: 'Drift'}, 'plan.json is no plan, but a document of kind Drift'],
    ['a field that is absent', {...plan, node: undefined}, 'plan.json: node: '],
    ['a field of a list', {...plan, steps: [{...step, tool: 'sh'}, chains]}, 'plan.json: steps[0].tool: '],
    ['another version', {...plan, apiVersion: 'kubectl-npm/v9'}, 'plan.json: apiVersion: '],
    [
      'a plan of half an input',
      {...plan, incomplete: [{part: 'sets', state: 'absent', reason: 'no sets were given', next: ''}]},
      'because the input was not whole: no sets were given',
    ],
    ['steps in another order', {...plan, steps: [chains, step]}, 'steps[0].order: 2 in place of 1'],
    ['an operation too few', {...plan, operations: plan.operations.slice(1)}, 'operations[0].order: 2 in place of 1'],
    [
      'an operation of an earlier step',
      {
        ...plan,
        operations: [
          {...operation, tool: 'iptables', step: 2},
          {...operation, order: 2},
        ],
      },
      'operations[1].step: there is no such step, or it comes earlier: 1',
    ],
    ['an operation of no step', {...plan, operations: [{...operation, step: 3}]}, 'operations[0].step: there is no such step'],
    [
      'an operation of another tool',
      {...plan, operations: [{...operation, tool: 'iptables'}, ...plan.operations.slice(1)]},
      'operations[0].tool: iptables, but step 1 is done by ipset',
    ],
  ])('%s', (_, value, message) => {
    expect(() => check(value)).toThrow(message)
  })
})

test.each<[string, Partial<Plan>]>([
  ['the node', {node: 'n2'}],
  ['the back end', {backend: 'legacy'}],
  ['what the node has', {nodeDigest: sha256('other')}],
  ['what it will have', {wantedDigest: sha256('other')}],
  ['a line', {operations: plan.operations.with(0, {...operation, line: 'add azure-npm-1 0.0.0.0/0'})}],
  ['what takes a line back', {operations: plan.operations.with(0, {...operation, undo: ''})}],
  ['whether lines come into force together', {steps: [{...step, isAtomic: true}, chains]}],
])('a plan of which somebody changed %s is refused', (_, change) => {
  expect(() => check({...plan, ...change})).toThrow('it was changed after it was made')
})

test('the steps of a document are those that were planned', () => {
  const steps = plannedSteps(plan)
  expect(steps.map(({tool, isAtomic}) => [tool, isAtomic])).toEqual([
    ['ipset', false],
    ['iptables', true],
  ])
  expect(steps.map(({operations}) => operations.map(({line}) => line))).toEqual([
    ['add azure-npm-1 10.0.1.1', 'add azure-npm-1 10.0.1.2'],
    ['-A AZURE-NPM-INGRESS-1 -j MARK --set-xmark 0x400/0x400'],
  ])
  expect(steps[1]?.operations[0]).toMatchObject({policy: 'shop/db-from-web', reason: 'the rule is missing'})
})
