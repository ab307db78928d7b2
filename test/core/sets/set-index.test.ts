import {fc, test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {SetIndex} from '../../../core/sets/set-index.ts'
import {sidesOf} from '../../../core/sets/sides.ts'

const address = fc.integer({min: 0x0a000000, max: 0x0a000007})
const text = (value: number): string => `10.0.0.${value & 255}`
const members = fc.array(address.map(text), {maxLength: 3})
const ports = fc.array(
  address.map(value => `${text(value)},tcp:80`),
  {maxLength: 3},
)
const question = fc.record({
  sides: fc.constantFrom('src', 'dst', 'src,src', 'dst,dst', 'src,dst').map(sidesOf),
  packet: fc.record({
    source: address,
    destination: address,
    protocol: fc.constantFrom('tcp', 'udp'),
    port: fc.constantFrom(80, 81, undefined),
    sourcePort: fc.constantFrom(80, undefined),
  }),
})

test.prop([fc.array(members, {maxLength: 3}), ports, fc.boolean(), fc.array(question, {maxLength: 20})])(
  'a list answers as its members do, whatever was asked before',
  (hashes, named, hasAbsent, questions) => {
    const sets = new Map<string, {type: string; members: readonly string[]}>([
      ...hashes.map((each, at) => [`hash${at}`, {type: 'hash:net', members: each}] as const),
      ['named', {type: 'hash:ip,port', members: named}] as const,
    ])
    const parts = [...sets.keys(), ...(hasAbsent ? ['absent'] : [])]
    const index = new SetIndex(new Map([...sets, ['list', {type: 'list:set', members: parts}]]))
    for (const {sides, packet} of questions) {
      const truths = parts.map(part => new SetIndex(sets).holds(part, sides, packet))
      const expected = truths.includes(true) ? true : truths.includes('unknown') ? 'unknown' : false
      expect(index.holds('list', sides, packet)).toBe(expected)
    }
  },
)
