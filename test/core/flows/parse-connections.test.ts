import {fc, test as property} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {Connection, Tuple} from '../../../core/flows/connection.ts'
import {parseConnections} from '../../../core/flows/parse-connections.ts'
import {printConnection} from '../../support/flows/print-connection.ts'

const parsed = (...lines: string[]) => parseConnections([lines.map(line => `${line}\n`).join('')], 'conntrack.txt')
const only = (line: string): Connection => {
  const {connections, problems} = parsed(line)
  expect(problems).toEqual([])
  expect(connections).toHaveLength(1)
  return connections[0] as Connection
}

const SERVICE =
  'ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.1.1 dst=10.200.0.7 sport=40000 dport=80 src=10.0.2.1 dst=10.0.1.1 sport=5432 dport=40000 [ASSURED] mark=0 use=1'

describe('an entry of conntrack', () => {
  test('has the service in its original direction and the pod behind it in its reply', () => {
    expect(only(SERVICE)).toEqual({
      family: 'ipv4',
      protocol: 'tcp',
      protocolNumber: 6,
      timeout: 431999,
      state: 'ESTABLISHED',
      original: {source: '10.0.1.1', destination: '10.200.0.7', sourcePort: 40000, destinationPort: 80},
      reply: {source: '10.0.2.1', destination: '10.0.1.1', sourcePort: 5432, destinationPort: 40000},
      isUnreplied: false,
      isAssured: true,
      mark: 0,
    })
  })

  test('is the same without -o extended, and in /proc/net/nf_conntrack', () => {
    const expected = only(SERVICE)
    expect(only(SERVICE.replace(/^ipv4 +2 /, ''))).toEqual(expected)
    expect(only(SERVICE.replace('use=1', 'zone=3 use=2'))).toEqual({...expected, zone: 3})
  })

  test('has counters, times, labels and a security context that change nothing', () => {
    const counted = SERVICE.replace('dport=80 ', 'dport=80 packets=5 bytes=300 ')
      .replace('dport=40000 [', 'dport=40000 packets=4 bytes=900 [')
      .replace(
        'use=1',
        'secctx=system_u:object_r:unlabeled_t:s0 delta-time=3 [start=Mon Nov 30 09:00:00 2026] use=1 labels=a,b helper=ftp',
      )
    expect(only(counted)).toEqual(only(SERVICE))
  })

  test('of UDP that nobody answered is unreplied; one of a ping has its number', () => {
    expect(
      only(
        'udp      17 28 src=10.0.1.1 dst=10.0.2.1 sport=5000 dport=53 [UNREPLIED] src=10.0.2.1 dst=10.0.1.1 sport=53 dport=5000 use=1',
      ),
    ).toMatchObject({protocol: 'udp', isUnreplied: true, isAssured: false})
    expect(
      only(
        'ipv4     2 icmp     1 29 src=10.0.1.1 dst=10.0.2.1 type=8 code=0 id=77 src=10.0.2.1 dst=10.0.1.1 type=0 code=0 id=77 mark=0 use=1 id=4120',
      ),
    ).toMatchObject({original: {icmp: {type: 8, code: 0, id: 77}}, reply: {icmp: {type: 0, code: 0, id: 77}}, id: 4120})
  })

  test('may be of IPv6, of a protocol without ports, without a name, or kept by a flow table', () => {
    expect(
      only(
        'ipv6     10 tcp      6 9 TIME_WAIT src=fd00::1 dst=fd00::2 sport=1 dport=2 src=fd00::2 dst=fd00::1 sport=2 dport=1 [ASSURED] mark=0 use=1',
      ),
    ).toMatchObject({family: 'ipv6', state: 'TIME_WAIT'})
    expect(
      only(
        'ipv4     2 gre      47 17 src=10.0.1.1 dst=10.0.2.1 srckey=0x0 dstkey=0x0 src=10.0.2.1 dst=10.0.1.1 srckey=0x0 dstkey=0x0 mark=0 use=1',
      ),
    ).toMatchObject({protocol: 'gre', protocolNumber: 47})
    expect(
      only('ipv4     2 unknown  2 599 src=10.0.1.1 dst=224.0.0.1 [UNREPLIED] src=224.0.0.1 dst=10.0.1.1 mark=0 use=1'),
    ).toMatchObject({
      protocol: 'unknown',
    })
    const offloaded = only(SERVICE.replace(' 431999 ESTABLISHED', '').replace('[ASSURED]', '[OFFLOAD]'))
    expect(offloaded.timeout).toBeUndefined()
  })

  test('has zones, of both directions or of one', () => {
    expect(only(SERVICE.replace('dport=80 ', 'dport=80 zone-orig=7 '))).toMatchObject({original: {zone: 7}})
  })
})

describe('what is damaged', () => {
  test.each([
    ['without its second direction', SERVICE.replace(/ src=10\.0\.2\.1.*/, ' use=1')],
    ['without a port', SERVICE.replace(' dport=80', '')],
    ['with a port that is none', SERVICE.replace('dport=80', 'dport=80000')],
    ['with an address that is none', SERVICE.replace('src=10.0.2.1', 'src=10.0.2')],
    ['with an address twice', SERVICE.replace('dst=10.200.0.7', 'dst=10.200.0.7 dst=10.200.0.8')],
    ['with words that mean nothing', SERVICE.replace('[ASSURED]', 'ASS')],
    ['that is no connection', 'Segmentation fault'],
    ['with an address of another family than it says', SERVICE.replace('ipv4     2', 'ipv6     10')],
  ])('a line %s is a problem, and the next one is read', (_, line) => {
    const {connections, unread, problems} = parsed(line, SERVICE)
    expect(connections).toEqual([only(SERVICE)])
    expect(unread).toBe(1)
    expect(problems).toMatchObject([{code: 'UNKNOWN_LINE', file: 'conntrack.txt', line: 1}])
  })

  test('a text that ends within a line loses that line, and says so', () => {
    const cut = `${SERVICE}\n${SERVICE.slice(0, SERVICE.indexOf('dport=40000') + 'dport=400'.length)}`
    expect(parseConnections([cut])).toMatchObject({
      connections: [only(SERVICE)],
      unread: 1,
      problems: [{code: 'TRUNCATED_FILE', line: 2}],
    })
    expect(parseConnections([SERVICE])).toMatchObject({unread: 0})
  })

  test('what conntrack says on stderr is no line of the list', () => {
    expect(parsed('conntrack v1.4.7 (conntrack-tools): 12 flow entries have been shown.')).toEqual({
      connections: [],
      unread: 0,
      problems: [],
    })
  })
})

const port = fc.nat(65535)
const address = fc.ipV4()
const withPorts = fc.record({source: address, destination: address, sourcePort: port, destinationPort: port})
const ping = fc.record({
  source: address,
  destination: address,
  icmp: fc.record({type: fc.nat(255), code: fc.nat(255), id: port}),
})
const plain = fc.record({source: address, destination: address})
const zoned = (tuple: fc.Arbitrary<Tuple>): fc.Arbitrary<Tuple> =>
  fc.tuple(tuple, fc.option(port)).map(([one, zone]) => ({...one, ...(zone !== null && {zone})}))

const facts = {
  family: fc.constant('ipv4' as const),
  isUnreplied: fc.boolean(),
  isAssured: fc.boolean(),
  timeout: fc.nat(500_000),
}
const word = fc.nat(0xffff_ffff)
const kinds = [
  {protocol: 'tcp', protocolNumber: 6, tuple: withPorts, states: ['ESTABLISHED', 'SYN_SENT2', 'TIME_WAIT']},
  {protocol: 'udp', protocolNumber: 17, tuple: withPorts, states: []},
  {protocol: 'sctp', protocolNumber: 132, tuple: withPorts, states: ['SHUTDOWN_ACK_SENT']},
  {protocol: 'icmp', protocolNumber: 1, tuple: ping, states: []},
  {protocol: 'gre', protocolNumber: 47, tuple: plain, states: []},
]
const connections: fc.Arbitrary<Connection> = fc.oneof(
  ...kinds.map(({protocol, protocolNumber, tuple, states}) =>
    fc.record(
      {
        ...facts,
        protocol: fc.constant(protocol),
        protocolNumber: fc.constant(protocolNumber),
        original: zoned(tuple),
        reply: zoned(tuple),
        ...(states.length > 0 && {state: fc.constantFrom(...states)}),
        mark: word,
        zone: port,
        id: word,
      },
      {requiredKeys: ['family', 'protocol', 'protocolNumber', 'original', 'reply', 'isUnreplied', 'isAssured', 'timeout']},
    ),
  ),
) as fc.Arbitrary<Connection>

property.prop([fc.array(connections, {maxLength: 5}), fc.boolean()])('what is printed is read again', (all, isExtended) => {
  const {connections: read, problems} = parsed(...all.map(each => printConnection(each, isExtended)))
  expect(problems).toEqual([])
  expect(read).toEqual(all)
})
