import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {PlannedStep} from '../../../../core/dataplane/plan.ts'
import {KeptPromise, promisedPackets} from '../../../../core/differences/promise.ts'
import {compile} from '../../../../core/windows/compile/compile.ts'
import {windows} from '../../../../core/windows/dataplane.ts'
import type {WindowsNode} from '../../../../core/windows/node-state.ts'
import type {WindowsPart} from '../../../../core/windows/plan/part.ts'
import {windowsWriting} from '../../../../core/windows/plan/writing.ts'
import {damagedState, type HnsState, idOf, nodeOfState, stateWith, twoStates} from '../../../support/windows/hns-state.ts'

const partOf = (node: WindowsNode): WindowsPart => {
  const part = windowsWriting.partOf(node)
  if ('incomplete' in part) throw new Error(JSON.stringify(part.incomplete))
  return part
}

/** Every state that the node has on the way, behind each request. */
function* statesOf(part: WindowsPart, steps: readonly PlannedStep[]): Generator<WindowsPart> {
  let now = part
  for (const step of steps) {
    for (let requests = 1; requests <= step.operations.length; requests++) yield windowsWriting.after(now, step, requests)
    now = windowsWriting.after(now, step)
  }
}

const textOf = (steps: readonly PlannedStep[]): string =>
  steps.map(({why, operations}) => [why, ...operations.map(({line}) => `  ${line}`)].join('\n')).join('\n')

const foreignOf = ({network, endpoints}: HnsState): string =>
  JSON.stringify(
    [network, ...endpoints].map(({Policies}) =>
      Policies.filter(({Settings}) => !idOf(Settings).startsWith('azure-'))
        .map(each => JSON.stringify(each))
        .toSorted(),
    ),
  )

describe('a plan to what the policies ask for', () => {
  propertyTest.prop([damagedState, fc.boolean(), fc.array(fc.nat(7), {maxLength: 4})], {numRuns: 100})(
    'leaves no difference, or none of those that were chosen',
    ({objects, state}, npmMayRun, chosen) => {
      const node = nodeOfState(state, objects)
      const program = compile(objects, {scheme: 'sha256', semantics: 'npm', node: 'node'})
      const found = partOf(node)
      const all = windows.compare(program, node).differences
      const some = all.filter((_, index) => chosen.includes(index))
      for (const [differences, wanted] of [
        [all, windowsWriting.partOfProgram(program, node)],
        [some, windowsWriting.repairedPart(node, some, program)],
      ] as const) {
        const {steps, leftAlone} = windowsWriting.plan(node, found, wanted, {npmMayRun, mostWalks: 10})
        expect(leftAlone).toEqual([])
        expect(windowsWriting.refusal(steps), textOf(steps)).toBeUndefined()
        const last = [...statesOf(found, steps)].at(-1) ?? found
        const left = windows.compare(program, nodeOfState(stateWith(state, last), objects)).differences
        expect(windows.compare(program, windowsWriting.nodeWith(node, last)).differences).toHaveLength(left.length)
        const sentences = left.map(each => JSON.stringify(windows.describe(each)))
        expect(sentences.length, `${sentences.join('\n')}\n${textOf(steps)}`).toBeLessThanOrEqual(all.length - differences.length)
        if (differences.length === 0) expect(steps).toEqual([])
      }
    },
  )
})

describe('a plan between any two nodes', () => {
  propertyTest.prop([twoStates, fc.constantFrom(0, 20), fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true})], {
    numRuns: 60,
  })('leads to what is wanted and back, and keeps the promise behind every request', ([one, other], mostWalks, where) => {
    const [node, wantedNode] = [nodeOfState(one), nodeOfState(other)]
    const [found, wanted] = [partOf(node), partOf(wantedNode)]
    const options = {npmMayRun: false, mostWalks}
    const {steps, leftAlone} = windowsWriting.plan(node, found, wanted, options)
    expect(leftAlone).toEqual([])
    const states = [...statesOf(found, steps)]
    const last = states.at(-1) ?? found
    const end = windowsWriting.nodeWith(node, last)
    // What differs in nothing but how often an ACL is there is the same.
    expect(windowsWriting.plan(end, last, wanted, options).steps).toEqual([])
    const promise = new KeptPromise(node, end, promisedPackets([node, end]))
    for (const [index, state] of states.entries()) {
      for (const {policyType, values, id} of state.sets.values())
        if (policyType === 'NESTEDIPSET') expect(values, id).not.toEqual([])
      const breach = promise.breach(windowsWriting.nodeWith(node, state))
      expect(breach && {index, breach, plan: textOf(steps)}).toBeUndefined()
      expect(foreignOf(stateWith(one, state))).toBe(foreignOf(one))
    }
    const back = windowsWriting.plan(end, last, found, options)
    const returned = [...statesOf(last, back.steps)].at(-1) ?? last
    expect(windowsWriting.plan(node, returned, found, options).steps).toEqual([])
    // Whoever finds a plan that stopped takes it back from where it is, with the same care.
    const stopped = states[Math.floor(where * states.length)]
    if (stopped) {
      const there = windowsWriting.nodeWith(node, stopped)
      const wantedThere = windowsWriting.carriedOver(stopped, last, found, steps)
      expect(windowsWriting.canonical(wantedThere)).toBe(windowsWriting.canonical(found))
      const way = windowsWriting.plan(there, stopped, wantedThere, {...options, isWayBack: true})
      const reached = [...statesOf(stopped, way.steps)].at(-1) ?? stopped
      expect(windowsWriting.plan(node, reached, found, options).steps).toEqual([])
    }
  })
})
