import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import {blockHolds, blocksBetween, parseIpv4, parseIpv4Block, printIpv4} from '../../../core/net/ipv4.ts'
import {addressClasses} from '../../../core/packets/address-classes.ts'
import {SetIndex, type WalkedSet} from '../../../core/sets/set-index.ts'
import {type SetPacket, sidesOf} from '../../../core/sets/sides.ts'

const address = fc.nat(15).map(low => printIpv4(0x0a000000 + low))
const net = fc.tuple(address, fc.integer({min: 28, max: 32})).map(([base, prefix]) => `${base}/${prefix}`)
const port = fc.constantFrom('tcp:80', 'udp:80')
const entry = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map(all => all.join(','))
const members = (each: fc.Arbitrary<string>) => fc.array(each, {maxLength: 4})
const header = (key: string, value: string) => fc.constant(new Map([[key, value]]))

const set: fc.Arbitrary<WalkedSet> = fc.oneof(
  fc.record({type: fc.constant('hash:ip'), members: members(address)}),
  fc.record({type: fc.constant('hash:ip'), members: members(address), header: header('netmask', '30')}),
  fc.record({type: fc.constant('hash:ip'), members: members(address), header: header('bitmask', '0.0.0.5')}),
  fc.record({type: fc.constant('hash:net'), members: members(entry(net))}),
  fc.record({type: fc.constant('hash:ip,port'), members: members(entry(address, port))}),
  fc.record({type: fc.constant('hash:ip,port,ip'), members: members(entry(address, port, address))}),
  fc.record({type: fc.constant('hash:net,net'), members: members(entry(net, net))}),
  fc.record({type: fc.constant('hash:ip,port,net'), members: members(entry(address, port, net))}),
)

propertyTest.prop([fc.array(set, {maxLength: 4}), fc.uniqueArray(address, {minLength: 2, maxLength: 8})])(
  'addresses of one class are in the same sets, whatever the other end and the port are',
  (all, addresses) => {
    const sets = new Map(all.map((each, at) => [`s${at}`, each]))
    const index = new SetIndex(sets)
    const answers = (one: string): unknown[] =>
      [...sets.keys()].flatMap(name =>
        ['src,dst,dst', 'dst,dst,src', 'src,src'].flatMap(text =>
          Array.from(
            {length: 16},
            (_, low): SetPacket => ({
              source: parseIpv4(one) ?? 0,
              destination: 0x0a000000 + low,
              protocol: low % 2 === 0 ? 'tcp' : 'udp',
              port: 80,
              sourcePort: 80,
            }),
          ).map(packet => index.holds(name, sidesOf(text), packet)),
        ),
      )
    for (const members of addressClasses(sets, addresses).values()) {
      const [first = '', ...others] = members
      for (const other of others) expect(answers(other)).toEqual(answers(first))
    }
  },
)

test('an address with a mask that is no prefix tells addresses apart', () => {
  const classes = addressClasses(new Map(), ['10.0.0.1', '10.9.0.1', '10.0.0.2'], ['10.0.0.1/255.0.0.255'])
  expect([...classes.values()]).toEqual([['10.0.0.1', '10.9.0.1'], ['10.0.0.2']])
})

propertyTest.prop([fc.nat(300), fc.nat(300)])('the blocks of a range hold it and nothing else', (from, length) => {
  const [first, last] = [0x0a000000 + from, 0x0a000000 + from + length]
  const blocks = blocksBetween(first, last).flatMap(text => parseIpv4Block(text) ?? [])
  for (let at = first - 3; at <= last + 3; at++) {
    const holding = blocks.filter(block => blockHolds(block, at)).length
    expect(holding).toBe(at >= first && at <= last ? 1 : 0)
  }
})

test('the range of all addresses is one block', () => {
  expect(blocksBetween(0, 0xffffffff)).toEqual(['0.0.0.0/0'])
})
