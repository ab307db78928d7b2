import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import type {PlannedStep} from '../../../../core/dataplane/plan.ts'
import type {LinuxNode} from '../../../../core/linux/node-state.ts'
import type {LinuxPart} from '../../../../core/linux/plan/part.ts'
import {linuxWriting} from '../../../../core/linux/plan/writing.ts'
import {arbitraryNode} from '../../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../../support/linux/written-node.ts'

const {canonical, carriedOver, after} = linuxWriting

const partOf = (node: LinuxNode): LinuxPart => {
  const part = linuxWriting.partOf(node)
  if ('incomplete' in part) throw new Error(JSON.stringify(part.incomplete))
  return part
}

function statesOf(part: LinuxPart, steps: readonly PlannedStep[]): LinuxPart[] {
  const states = [part]
  for (const step of steps) {
    const now = states.at(-1) as LinuxPart
    if (!step.isAtomic) for (let lines = 1; lines < step.operations.length; lines++) states.push(after(now, step, lines))
    states.push(after(now, step))
  }
  return states
}

propertyTest.prop([arbitraryNode, arbitraryNode, fc.constantFrom(0, 20)], {numRuns: 60})(
  'every state on the way of a plan is led back to the first one, and on to the last one',
  (one, other, mostWalks) => {
    const node = nodeOfLines(one)
    const [found, wanted] = [partOf(node), partOf(nodeOfLines(other))]
    const {steps} = linuxWriting.plan(node, found, wanted, {npmMayRun: false, mostWalks})
    const states = statesOf(found, steps)
    const last = states.at(-1) as LinuxPart
    for (const [index, state] of states.entries()) {
      expect(canonical(carriedOver(state, last, found, steps)), `back from state ${index}`).toBe(canonical(found))
      expect(canonical(carriedOver(state, found, last, steps)), `on from state ${index}`).toBe(canonical(last))
    }
  },
)

const RULES = ['*filter', ':FORWARD ACCEPT [0:0]', ':AZURE-NPM - [0:0]', ':AZURE-NPM-INGRESS - [0:0]']
const part = (sets: readonly string[], rules: readonly string[] = []): LinuxPart =>
  partOf(nodeOfLines({sets, rules: [...RULES, ...rules, 'COMMIT']}))

const SETS = ['create azure-npm-1 hash:net family inet', 'add azure-npm-1 10.0.0.1', 'create azure-npm-2 hash:net family inet']

test('members that others have put in or taken out are kept, those of the change are not', () => {
  const from = part([...SETS, 'add azure-npm-2 10.0.0.2'])
  const to = part([...SETS, 'add azure-npm-1 10.0.0.3'])
  const now = part([...SETS, 'add azure-npm-1 10.0.0.3', 'add azure-npm-1 10.0.0.4', 'create azure-npm-9 hash:net family inet'])
  const back = part([...SETS, 'add azure-npm-2 10.0.0.2', 'add azure-npm-1 10.0.0.4', 'create azure-npm-9 hash:net family inet'])
  expect(canonical(carriedOver(now, to, from, []))).toBe(canonical(back))
  expect(canonical(carriedOver(now, from, to, []))).toBe(canonical(now))
})

test('a policy that Azure NPM has added meanwhile stays, with the rule that leads to it', () => {
  const own = ['-A AZURE-NPM-INGRESS -m set --match-set azure-npm-1 dst -j DROP']
  const added = [':AZURE-NPM-INGRESS-5 - [0:0]', '-A AZURE-NPM-INGRESS-5 -j DROP']
  const jump = '-A AZURE-NPM-INGRESS -m set --match-set azure-npm-2 dst -j AZURE-NPM-INGRESS-5'
  const [from, to] = [part(SETS), part(SETS, own)]
  const now = part(SETS, [...added, jump, ...own])
  expect(canonical(carriedOver(now, from, to, []))).toBe(canonical(now))
  expect(canonical(carriedOver(now, to, from, []))).toBe(canonical(part(SETS, [...added, jump])))
})
