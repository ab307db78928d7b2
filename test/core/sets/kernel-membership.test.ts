import {fc} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import {parseIpsetSave} from '../../../core/linux/ipset/parse-save.ts'
import {printIpv4} from '../../../core/net/ipv4.ts'
import {modelledTypes} from '../../../core/sets/element.ts'
import {memberText} from '../../../core/sets/member.ts'
import {SetIndex} from '../../../core/sets/set-index.ts'
import {type SetPacket, sidesOf} from '../../../core/sets/sides.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {saveSets} from '../../support/kernel/load.ts'
import {type Namespace, openNamespace} from '../../support/kernel/namespace.ts'

/*
 * Random sets are loaded into a real kernel, and `ipset test` asks it about random elements. Its questions have all dimensions in the
 * order of the set; here the first address is the source of a packet, any other one its destination.
 */

const ADDRESSES = 32
const address = fc.nat(ADDRESSES - 1).map(low => 0x0a000000 + low)
const ip = address.map(printIpv4)
const net = fc.tuple(address, fc.integer({min: 27, max: 32})).map(([base, prefix]) => `${printIpv4(base)}/${prefix}`)
const port = fc.constantFrom('tcp:80', 'tcp:81', 'udp:80', 'sctp:80', 'icmp:echo-request', 'icmp:echo-reply', 'gre:0')
const bare = fc.constantFrom('80', '81', '1024')

interface Kind {
  readonly type: string
  readonly options: readonly string[]
  readonly parts: readonly fc.Arbitrary<string>[]
}

const kinds: readonly Kind[] = [
  {type: 'hash:ip', options: ['', 'netmask 30', 'bitmask 255.255.255.5', 'timeout 300 counters comment'], parts: [ip]},
  {type: 'hash:net', options: ['', 'timeout 300'], parts: [net]},
  {type: 'hash:ip,port', options: ['', 'netmask 30'], parts: [ip, port]},
  {type: 'hash:net,port', options: [''], parts: [net, port]},
  {type: 'hash:net,net', options: ['', 'bitmask 255.255.255.240'], parts: [net, net]},
  {type: 'hash:ip,port,ip', options: [''], parts: [ip, port, ip]},
  {type: 'hash:ip,port,net', options: [''], parts: [ip, port, net]},
  {type: 'hash:net,port,net', options: [''], parts: [net, port, net]},
  {type: 'bitmap:ip', options: ['range 10.0.0.0/27', 'range 10.0.0.0/27 netmask 30'], parts: [ip]},
  {type: 'bitmap:port', options: ['range 80-2000'], parts: [bare]},
]

const hasExceptions = ({type}: Kind): boolean => type.includes('net')

interface Filled {
  readonly kind: Kind
  readonly options: string
  readonly members: readonly string[]
}

const filled: fc.Arbitrary<Filled> = fc.constantFrom(...kinds).chain(kind =>
  fc.record({
    kind: fc.constant(kind),
    options: fc.constantFrom(...kind.options),
    members: fc.array(
      fc
        .tuple(fc.tuple(...kind.parts), hasExceptions(kind) ? fc.boolean() : fc.constant(false))
        .map(([parts, isException]) => parts.join(',') + (isException ? ' nomatch' : '')),
      {maxLength: 6},
    ),
  }),
)

const question = fc.record({source: address, destination: address, port, bare})
type Question = typeof question extends fc.Arbitrary<infer Value> ? Value : never

/** The element that `ipset test` is asked about. */
function elementOf({type}: Kind, {source, destination, port, bare}: Question): string {
  const ends = [source, destination]
  return (type.split(':')[1] ?? '')
    .split(',')
    .map(dimension => (dimension === 'port' ? (type === 'bitmap:port' ? bare : port) : printIpv4(ends.shift() ?? 0)))
    .join(',')
}

function packetOf({type}: Kind, {source, destination, port, bare}: Question): SetPacket {
  const [protocol = '', number] = type === 'bitmap:port' ? ['tcp', bare] : port.split(':')
  const isNumber = number !== undefined && /^[1-9]\d*$/.test(number)
  return {
    source,
    destination,
    protocol,
    port: isNumber ? Number(number) : undefined,
    sourcePort: undefined,
    isFirst: number === 'echo-request',
  }
}

/** Directions for dimensions: the first address is the source, ports and the rest are of the destination. */
const directionsOf = (type: string): string =>
  type === 'bitmap:port'
    ? 'dst'
    : [
        'src',
        ...type
          .split(',')
          .slice(1)
          .map(() => 'dst'),
      ].join(',')

/** The types that this kernel has. */
async function typesOf(namespace: Namespace): Promise<Set<string>> {
  const found = new Set<string>()
  for (const {type, options} of kinds) {
    const {exitCode} = await namespace.run('ipset', ['restore'], {
      stdin: `create trial ${type} ${options[0]}\ndestroy trial\n`,
      allowFailure: true,
    })
    if (exitCode === 0) found.add(type)
  }
  return found
}

/** What the kernel says: `10.0.0.1 is NOT in set x.` */
async function ask(
  namespace: Namespace,
  questions: readonly {readonly set: string; readonly element: string}[],
): Promise<boolean[]> {
  const stdin = questions.map(({set, element}) => `test ${set} ${element}\n`).join('')
  const {stdout, stderr} = await namespace.run('ipset', ['-'], {stdin, allowFailure: true})
  return [...`${stderr}\n${stdout}`.matchAll(/ is (NOT )?in set /g)].map(([, not]) => not === undefined)
}

describeKernel('membership of random sets', () => {
  test('is what ipset says of every type that this kernel has', {timeout: 60_000}, async () => {
    await using namespace = await openNamespace()
    const types = await typesOf(namespace)
    expect(types.size).toBeGreaterThan(6)
    let members = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          filled.filter(({kind}) => types.has(kind.type)),
          {minLength: 10, maxLength: 30},
        ),
        fc.array(question, {minLength: 20, maxLength: 20}),
        async (sets, questions) => {
          await namespace.run('ipset', ['destroy'])
          const text = sets.flatMap(({kind, options, members}, at) => [
            `create s${at} ${kind.type} ${options}`,
            ...members.map(member => `add s${at} ${member}`),
          ])
          // The same member twice, or with and without nomatch, is one member.
          await namespace.run('ipset', ['-exist', 'restore'], {stdin: `${text.join('\n')}\n`})
          const saved = parseIpsetSave([await saveSets(namespace)]).sets
          const index = new SetIndex(
            new Map(saved.map(({name, type, header, members}) => [name, {type, header, members: members.map(memberText)}])),
          )
          const asked = sets.flatMap(({kind}, at) =>
            questions.map(each => ({set: `s${at}`, kind, each, element: elementOf(kind, each)})),
          )
          const inKernel = await ask(namespace, asked)
          const told = asked.map(({set, kind, each}) => index.holds(set, sidesOf(directionsOf(kind.type)), packetOf(kind, each)))
          members += inKernel.filter(Boolean).length
          const wrong = asked.flatMap(({set, kind, element}, at) =>
            told[at] === inKernel[at] || (told[at] === 'unknown' && element.includes('echo-reply'))
              ? []
              : [
                  `${element} in ${kind.type} ${sets[Number(set.slice(1))]?.members.join(' ')}: ${told[at]}, kernel ${inKernel[at]}`,
                ],
          )
          expect(inKernel.length).toBe(asked.length)
          expect(wrong).toEqual([])
        },
      ),
      {numRuns: 40, endOnFailure: true},
    )
    expect(members).toBeGreaterThan(100)
  })
})

test('every type whose elements ipset can be asked about is tried', () => {
  const others = ['hash:ip,mark', 'hash:net,iface', 'hash:mac', 'hash:ip,mac', 'bitmap:ip,mac']
  expect([...kinds.map(({type}) => type), ...others].toSorted()).toEqual([...modelledTypes].toSorted())
})
