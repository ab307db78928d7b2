import {expect, test} from 'vitest'
import type {TestSpecification} from 'vitest/node'
import {packed} from './packed-sequencer.ts'

/** Which files of a run go beside each other. */

const file = (project: string, name: string) =>
  ({project: {name: project}, moduleId: `/clone/test/${name}.test.ts`}) as unknown as TestSpecification
const clusters = ['a', 'b', 'c', 'd'].map(name => file('cluster', `cluster/${name}`))
const others = Array.from({length: 60}, (_, index) => file('all others', `plugin/${index}`))
const kinds = (files: readonly TestSpecification[]) => files.map(({project}) => (project.name === 'cluster' ? 'C' : '-')).join('')

test('two clusters run at a time, from the beginning on, and others beside them', () => {
  // Two workers have a cluster each for 70 seconds, in which the two others do 14 short files each.
  expect(kinds(packed(clusters, others, 4))).toMatch(/^CC-{28}CC-{32}$/)
})

test('every file runs once, whatever is asked for', () => {
  for (const [some, rest] of [
    [clusters, others],
    [clusters, []],
    [[], others],
    [[], []],
  ] as const)
    for (const workers of [1, 2, 18]) {
      const order = packed(some, rest, workers)
      expect(order).toHaveLength(some.length + rest.length)
      expect(new Set(order)).toEqual(new Set([...some, ...rest]))
    }
})
