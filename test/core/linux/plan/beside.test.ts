import {test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {KeptPromise, promisedPackets} from '../../../../core/differences/promise.ts'
import {linuxWriting} from '../../../../core/linux/plan/writing.ts'
import {damagedNode} from '../../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../../support/linux/written-node.ts'

/*
 * No tool changes both back ends in one moment, so an order of the two is walked for. Without walks, a packet that one of them drops
 * only before, and the other one only behind it, may pass for a moment: where a rule of others stands behind the jump.
 */
describe('a node with rules of Azure NPM in both back ends', () => {
  propertyTest.prop([damagedNode, damagedNode], {numRuns: 60})(
    'loses all of them, and keeps the promise on the way',
    ({lines}, left) => {
      const names = new Set(lines.sets.map(line => line.split(' ')[1]))
      const sets = [...lines.sets, ...left.lines.sets.filter(line => !names.has(line.split(' ')[1]))]
      const lists = sets.filter(line => line.includes(' list:set ') || /^add \S+ azure-npm-/.test(line))
      const node = nodeOfLines(
        {rules: lines.rules, sets: [...sets.filter(line => !lists.includes(line)), ...lists]},
        left.lines.rules,
      )
      const found = linuxWriting.partOf(node)
      if ('incomplete' in found) throw new Error(JSON.stringify(found.incomplete))
      const {steps} = linuxWriting.plan(node, found, linuxWriting.emptyPart(node), {npmMayRun: false, mostWalks: 10})
      const states = steps.map((_, at) => steps.slice(0, at + 1).reduce((part, step) => linuxWriting.after(part, step), found))
      const end = linuxWriting.nodeWith(node, states.at(-1) ?? found)
      expect(linuxWriting.canonical(states.at(-1) ?? found)).toBe(linuxWriting.canonical(linuxWriting.emptyPart(node)))
      const promise = new KeptPromise(node, end, promisedPackets([node, end]))
      for (const state of states) expect(promise.breach(linuxWriting.nodeWith(node, state))).toBeUndefined()
    },
  )
})
