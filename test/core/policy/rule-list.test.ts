import {fc, test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {CombinedRules, firstUses, JoinedRules, MappedRules} from '../../../core/policy/rule-list.ts'

const block = fc.record({peers: fc.array(fc.nat(5), {maxLength: 4}), ports: fc.array(fc.nat(5), {maxLength: 4})})
const blocks = fc.array(block, {maxLength: 4})
type Blocks = typeof blocks extends fc.Arbitrary<infer Value> ? Value : never

const make = (peer: number, port: number): string => `${peer}:${port}`
const expanded = (given: Blocks): string[] =>
  given.flatMap(({peers, ports}) => peers.flatMap(peer => ports.map(port => make(peer, port))))

test.prop([blocks, blocks])('rules that are made when they are asked for are those of nested loops', (one, other) => {
  const all = [...expanded(one), ...expanded(other)]
  const list = new MappedRules(
    new JoinedRules([new CombinedRules(one, make), new CombinedRules(other, make)]),
    rule => `${rule}!`,
  )
  const wanted = all.map(rule => `${rule}!`)
  expect([...list]).toEqual(wanted)
  expect(list.length).toBe(wanted.length)
  expect(JSON.parse(JSON.stringify(list))).toEqual(wanted)
  for (let index = -wanted.length - 1; index <= wanted.length; index++) expect(list.at(index)).toBe(wanted.at(index))
})

test.prop([blocks])('what names something for the first time is found in the order of the rules', given => {
  const names = (rules: Iterable<readonly [number, number]>) => [
    ...new Set([...rules].flatMap(([peer, port]) => [`peer ${peer}`, `port ${port}`])),
  ]
  const all = given.flatMap(({peers, ports}) => peers.flatMap(peer => ports.map(port => [peer, port] as const)))
  expect(names(firstUses(given))).toEqual(names(all))
})
