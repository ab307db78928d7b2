import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import type {PlannedStep} from '../../../../core/dataplane/plan.ts'
import {KeptPromise, promisedPackets} from '../../../../core/differences/promise.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {linux} from '../../../../core/linux/dataplane.ts'
import type {LinuxNode} from '../../../../core/linux/node-state.ts'
import type {LinuxPart} from '../../../../core/linux/plan/part.ts'
import {linuxWriting} from '../../../../core/linux/plan/writing.ts'
import {cluster} from '../../../support/arbitrary-cluster.ts'
import {arbitraryNode, azureNpm, damagedNode} from '../../../support/linux/arbitrary-node.ts'
import {linesOfPart, nodeOfLines} from '../../../support/linux/written-node.ts'
import {linesOf} from '../../../support/node-of.ts'

const partOf = (node: LinuxNode): LinuxPart => {
  const part = linuxWriting.partOf(node)
  if ('incomplete' in part) throw new Error(JSON.stringify(part.incomplete))
  return part
}

/** Every state that the node has on the way, each line of a step that is not atomic among them. */
function* statesOf(part: LinuxPart, steps: readonly PlannedStep[]): Generator<LinuxPart> {
  let now = part
  for (const step of steps) {
    if (!step.isAtomic) for (let lines = 1; lines < step.operations.length; lines++) yield linuxWriting.after(now, step, lines)
    now = linuxWriting.after(now, step)
    yield now
  }
}

const textOf = (steps: readonly PlannedStep[]): string =>
  steps.map(({tool, operations}) => [tool, ...operations.map(({line}) => `  ${line}`)].join('\n')).join('\n')

describe('a plan to what the policies ask for', () => {
  propertyTest.prop([damagedNode, fc.boolean(), fc.array(fc.nat(7), {maxLength: 4})], {numRuns: 100})(
    'leaves no difference, or none of those that were chosen',
    ({lines, program}, npmMayRun, chosen) => {
      const node = nodeOfLines(lines)
      const found = partOf(node)
      const all = linux.compare(program, node).differences
      const some = all.filter((_, index) => chosen.includes(index))
      for (const [differences, wanted] of [
        [all, linuxWriting.partOfProgram(program, node)],
        [some, linuxWriting.repairedPart(node, some, program)],
      ] as const) {
        const {steps, leftAlone} = linuxWriting.plan(node, found, wanted, {npmMayRun, mostWalks: 10})
        expect(leftAlone).toEqual([])
        expect(linuxWriting.refusal(steps)).toBeUndefined()
        const last = [...statesOf(found, steps)].at(-1) ?? found
        const left = linux.compare(program, nodeOfLines(linesOfPart(last))).differences
        expect(linux.compare(program, linuxWriting.nodeWith(node, last)).differences).toHaveLength(left.length)
        const sentences = left.map(each => JSON.stringify(linux.describe(each)))
        expect(sentences.length, `${sentences.join('\n')}\n${textOf(steps)}`).toBeLessThanOrEqual(all.length - differences.length)
        if (differences.length === 0) expect(steps).toEqual([])
      }
    },
  )
})

describe('a plan to a program that means what the API means', () => {
  propertyTest.prop([cluster, cluster], {numRuns: 60})(
    'has lines that may be run, and leaves no difference',
    (objects, others) => {
      const program = compile(objects, {scheme: 'sha256', semantics: 'kubernetes'})
      const node = nodeOfLines(linesOf(compile(others, {scheme: 'sha256', semantics: 'npm'})))
      const found = partOf(node)
      const wanted = linuxWriting.partOfProgram(program, node)
      const {steps} = linuxWriting.plan(node, found, wanted, {npmMayRun: false, mostWalks: 0})
      expect(linuxWriting.refusal(steps)).toBeUndefined()
      const last = [...statesOf(found, steps)].at(-1) ?? found
      expect(linux.compare(program, linuxWriting.nodeWith(node, last)).differences).toEqual([])
    },
  )
})

describe('a plan to a program from which policies are left out', () => {
  propertyTest.prop([cluster, azureNpm, fc.boolean(), fc.integer({min: 0, max: 6})], {numRuns: 100})(
    'lets no rule lead to a chain that is not there, and keeps those that are',
    (objects, options, isProgrammed, mostRules) => {
      const whole = compile(objects, {...options, semantics: 'npm'})
      const program = compile(objects, {...options, semantics: 'npm', mostRules})
      const none = {rules: ['*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT'], sets: ['create other hash:net']}
      const node = nodeOfLines(isProgrammed ? linesOf(whole) : none)
      const found = partOf(node)
      const wanted = linuxWriting.partOfProgram(program, node)
      const {steps} = linuxWriting.plan(node, found, wanted, {npmMayRun: false, mostWalks: 10})
      const last = [...statesOf(found, steps)].at(-1) ?? found
      if (isProgrammed) expect(textOf(steps)).toBe('')
      else if (program.leftOut.length === 0)
        expect(linux.compare(program, linuxWriting.nodeWith(node, last)).differences).toEqual([])
      else expect([...last.sets.keys()].toSorted()).toEqual([...program.sets.keys()].toSorted())
    },
  )
})

describe('a plan between any two nodes', () => {
  propertyTest.prop(
    [arbitraryNode, arbitraryNode, fc.constantFrom(0, 20), fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true})],
    {numRuns: 60},
  )('leads to what is wanted and back, and keeps the promise at every line', (one, other, mostWalks, where) => {
    const [node, wantedNode] = [nodeOfLines(one), nodeOfLines(other)]
    const [found, wanted] = [partOf(node), partOf(wantedNode)]
    const options = {npmMayRun: false, mostWalks}
    const {steps} = linuxWriting.plan(node, found, wanted, options)
    const states = [...statesOf(found, steps)]
    const last = states.at(-1) ?? found
    const target = {...wanted, tables: {...wanted.tables, nft: {...wanted.tables.nft, forward: last.tables.nft.forward}}}
    expect(linuxWriting.canonical(last), textOf(steps)).toBe(linuxWriting.canonical(target))
    const end = linuxWriting.nodeWith(node, last)
    const promise = new KeptPromise(node, end, promisedPackets([node, end]))
    for (const [index, state] of states.entries()) {
      const breach = promise.breach(linuxWriting.nodeWith(node, state))
      expect(breach && {index, breach, plan: textOf(steps)}).toBeUndefined()
    }
    const back = linuxWriting.plan(end, last, found, options)
    expect(linuxWriting.canonical([...statesOf(last, back.steps)].at(-1) ?? last)).toBe(linuxWriting.canonical(found))
    // Whoever finds a plan that stopped takes it back from where it is, with the same care.
    const stopped = states[Math.floor(where * states.length)]
    if (stopped) {
      const there = linuxWriting.nodeWith(node, stopped)
      const recovered = [...statesOf(stopped, linuxWriting.plan(there, stopped, found, options).steps)]
      expect(linuxWriting.canonical(recovered.at(-1) ?? stopped)).toBe(linuxWriting.canonical(found))
      const kept = new KeptPromise(there, node, promisedPackets([there, node, end]))
      for (const state of recovered) expect(kept.breach(linuxWriting.nodeWith(node, state))).toBeUndefined()
    }
    expect(linuxWriting.refusal([...steps, ...back.steps])).toBeUndefined()
    expect(linuxWriting.plan(end, last, last, options).steps).toEqual([])
  })
})
