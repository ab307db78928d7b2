import {fc} from '@fast-check/vitest'
import type {MatchSet, Member} from '../../../core/linux/ipset/model.ts'

const byte = fc.integer({min: 0, max: 255})
const address = fc.tuple(byte, byte, byte, byte).map(parts => parts.join('.'))
const block = fc.tuple(address, fc.integer({min: 1, max: 31})).map(([base, prefix]) => `${base}/${prefix}`)
const port = fc
  .tuple(fc.constantFrom('tcp', 'udp', 'sctp'), fc.integer({min: 0, max: 65_535}))
  .map(([protocol, number]) => `${protocol}:${number}`)

const entries: Record<string, fc.Arbitrary<string>> = {
  'hash:ip': address,
  'hash:net': fc.oneof(
    address,
    block,
    fc.ipV6().map(base => `${base}/64`),
  ),
  'hash:ip,port': fc.tuple(address, port).map(parts => parts.join(',')),
  'hash:net,iface': fc.tuple(block, fc.constantFrom('eth0', 'physdev:azv1')).map(parts => parts.join(',')),
  'bitmap:port': fc.nat(65_535).map(String),
}

const comment = fc.string({unit: 'grapheme', maxLength: 30}).map(text => `comment "${text.replaceAll(/["\n\r]/g, '')}"`)
const extra = fc
  .tuple(
    fc.option(fc.nat().map(seconds => `timeout ${seconds}`)),
    fc.option(fc.tuple(fc.nat(), fc.nat()).map(([packets, bytes]) => `packets ${packets} bytes ${bytes}`)),
    fc.option(fc.oneof(comment, fc.constantFrom('comment "nomatch"', 'comment "a nomatch b"', 'comment "\\"'))),
    fc.option(fc.constant('skbmark 0x1/0xff skbprio 1:2 skbqueue 3')),
  )
  .map(parts => parts.filter(part => part !== null).join(' '))

const header = fc
  .uniqueArray(
    fc.oneof(
      fc.constantFrom(
        ['counters', ''],
        ['comment', ''],
        ['forceadd', ''],
        ['skbinfo', ''],
        ['family', 'inet'],
        ['initval', '0x302cca67'],
      ),
      fc.tuple(fc.constantFrom('maxelem', 'hashsize', 'timeout', 'bucketsize', 'size', 'future'), fc.nat().map(String)),
    ),
    {selector: ([key]) => key},
  )
  .map(options => new Map(options as [string, string][]))

// All but what ipset itself cannot take back: double quotes, and control characters.
const name = fc
  .oneof(
    fc.stringMatching(/^azure-npm-[0-9a-z]{20}$/),
    fc.stringMatching(/^[!#-~]([ !#-~]{0,20}[!#-~])?$/),
    fc.constantFrom(
      'add',
      'create',
      'COMMIT',
      'nomatch',
      'Name:',
      'unknown',
      'hash:net',
      'a',
      'a b',
      'a b c',
      'ab',
      'a  b',
      'ü ü',
    ),
  )
  .filter(text => text.length <= 31)

const member = (entry: fc.Arbitrary<string>): fc.Arbitrary<Member> =>
  fc
    .record({entry, nomatch: fc.boolean(), extra})
    .map(({extra: words, ...rest}) => (words === '' ? {...rest, line: 0} : {...rest, line: 0, extra: words}))

const named = (ownName: string): fc.Arbitrary<MatchSet> =>
  fc.constantFrom(...Object.keys(entries)).chain(type =>
    fc.record({
      name: fc.constant(ownName),
      type: fc.constant(type),
      header,
      members: fc.array(member(entries[type] as fc.Arbitrary<string>), {maxLength: 6}),
      line: fc.constant(0),
    }),
  )

const list = (ownName: string, others: string[]): fc.Arbitrary<MatchSet> =>
  fc.record({
    name: fc.constant(ownName),
    type: fc.constant('list:set'),
    header,
    members: others.length === 0 ? fc.constant([]) : fc.array(member(fc.constantFrom(...others)), {maxLength: 6}),
    line: fc.constant(0),
  })

/** Sets of all kinds in any order, each name once; lists hold names of the others. */
export const anySets: fc.Arbitrary<MatchSet[]> = fc
  .uniqueArray(name, {maxLength: 8})
  .chain(names => {
    const half = Math.ceil(names.length / 2)
    const others = names.slice(0, half)
    return fc.tuple(...others.map(named), ...names.slice(half).map(own => list(own, others)))
  })
  .chain(sets => fc.shuffledSubarray(sets, {minLength: sets.length}))
