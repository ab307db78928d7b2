import {describe, expect, test} from 'vitest'
import {readDump} from '../../../core/dump/read-dump.ts'
import {type DescribedPacket, tracePacket} from '../../../core/trace/trace-packet.ts'
import type {NodeLines} from '../../support/node-of.ts'
import {shop, shopLines, shopNodes} from '../../support/shop-nodes.ts'

/*
 * The shop's nodes with rules of other programs: n1 10.9.0.1 has shop/web 10.0.1.1 and ops/job 10.0.1.9, n2 10.9.0.2 has shop/db
 * 10.0.2.1, which takes packets of shop/web to port 5432 only. shop/web may send to shop/db only.
 */

const withTables = (tables: readonly string[], forward: readonly string[] = []): NodeLines => ({
  ...shopLines,
  rules: [...tables, ...shopLines.rules.flatMap(line => (line.startsWith('-A FORWARD') ? [...forward, line] : [line]))],
})

const nat = (...lines: string[]): string[] => [
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ':OUTPUT ACCEPT [0:0]',
  ':POSTROUTING ACCEPT [0:0]',
  ...[...new Set(lines.flatMap(line => /^-A (KUBE-\S+)/.exec(line)?.[1] ?? []))].map(chain => `:${chain} - [0:0]`),
  ...lines,
  'COMMIT',
]

/** kube-proxy's rules for the service 10.0.100.1:80 with NodePort 30080. */
const service = (endpoints: readonly string[], target = (end: string) => `DNAT --to-destination ${end}`): string[] =>
  nat(
    '-A PREROUTING -j KUBE-SERVICES',
    '-A OUTPUT -j KUBE-SERVICES',
    '-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE --random-fully',
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    '-A KUBE-SERVICES -d 10.0.100.1/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-A',
    '-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
    '-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-EXT-A',
    '-A KUBE-EXT-A -j KUBE-MARK-MASQ',
    '-A KUBE-EXT-A -j KUBE-SVC-A',
    ...endpoints.map(
      (_, index) =>
        `-A KUBE-SVC-A${index + 1 < endpoints.length ? ` -m statistic --mode random --probability ${1 / (endpoints.length - index)}` : ''} -j KUBE-SEP-${index}`,
    ),
    ...endpoints.flatMap((end, index) => [
      `-A KUBE-SEP-${index} -s ${end.split(':')[0]}/32 -j KUBE-MARK-MASQ`,
      `-A KUBE-SEP-${index} -p tcp -m tcp -j ${target(end)}`,
    ]),
  )

const ACCEPT_MARKED = '-A FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT'

async function traced(nodes: Readonly<Record<string, NodeLines>>, source: string, destination: string, port: string) {
  const asked: DescribedPacket = {source, destination, port, protocol: 'tcp'}
  return tracePacket(await shopNodes(nodes), asked, [])
}

const places = ({trail}: Awaited<ReturnType<typeof traced>>): string[] =>
  trail.map(({node, where}) => `${node} ${'chain' in where ? `${where.table} ${where.chain}:${where.position}` : ''}`)

describe('a service', () => {
  test.each([2, 14, 200])('of %d endpoints that fare alike has their verdict', async count => {
    const ends = Array.from({length: count}, (_, index) => `10.5.${index >> 8}.${index & 255}:5432`)
    const nodes = {n1: withTables(service(ends))}
    expect(await traced(nodes, 'shop/web', '10.0.100.1', '80')).toMatchObject({verdict: 'drop', expected: {verdict: 'drop'}})
    expect(await traced(nodes, 'ops/job', '10.0.100.1', '80')).toMatchObject({
      verdict: 'accept',
      expected: {verdict: 'accept'},
      translated: {port: 5432},
    })
  })

  test('whose endpoints fare differently is unknown, and the choice of the end is what it depends on', async () => {
    const ends = ['10.5.0.1:5432', '10.0.2.1:5432', '10.5.0.2:5432']
    const trace = await traced({n1: withTables(service(ends))}, 'ops/job', '10.0.100.1', '80')
    expect(trace).toMatchObject({
      verdict: 'unknown',
      because:
        'it depends on rule 2 of nat KUBE-SVC-A, whose condition is not known: -m statistic --mode random --probability 0.5',
      expected: {
        verdict: 'unknown',
        because: expect.stringContaining('it depends on which end the service chooses'),
      },
    })
  })

  test('whose endpoints only their own nodes treat differently is unknown, too', async () => {
    const n1 = withTables(service(['10.0.1.9:80', '10.0.2.1:80']), ['-A FORWARD -j ACCEPT'])
    const n2 = withTables([], ['-A FORWARD -j DROP'])
    expect(await traced({n1, n2}, 'ops/job', '10.0.100.1', '80')).toMatchObject({
      verdict: 'unknown',
      because: expect.stringMatching(
        /^it depends on the way that the packet takes: to 10\.0\.2\.1:80 by nodes n1 and n2 it is dropped, to 10\.0\.1\.9:80 by node n1 it is allowed$/,
      ),
    })
  })

  test.each([
    '[unsupported revision]',
    '--to-destination :0 --persistent --to-destination :0 --persistent --to-destination 0.0.0.0 --persistent',
    '--to-destination 10.0.1.9:http',
  ])('whose translation is printed as DNAT %s is unknown for that', async options => {
    const nodes = {n1: withTables(service(['10.5.0.1:80', '10.5.0.2:80'], () => `DNAT ${options}`))}
    expect(await traced(nodes, 'ops/job', '10.0.100.1', '80')).toMatchObject({
      verdict: 'unknown',
      because: `DNAT ${options} is not understood: the iptables that printed it is older than the one that wrote the rule. Take the save again with the tool that programs the node`,
      expected: {verdict: 'unknown', because: 'which pod the packet goes to is not known'},
    })
  })
})

describe('a NodePort', () => {
  const n1 = withTables(service(['10.0.2.1:5432']), [ACCEPT_MARKED])

  test('leads through FORWARD of the node that it is of, and masquerades', async () => {
    const trace = await traced({n1}, 'external', '10.9.0.1', '30080')
    expect(trace).toMatchObject({
      verdict: 'accept',
      translated: {destination: '10.0.2.1', port: 5432},
      masqueraded: {node: 'n1', source: '10.9.0.1'},
      expected: {verdict: 'drop'},
    })
    expect(places(trace)).toEqual([
      'n1 nat PREROUTING:1',
      'n1 nat KUBE-SERVICES:2',
      'n1 nat KUBE-NODEPORTS:1',
      'n1 nat KUBE-EXT-A:1',
      'n1 nat KUBE-MARK-MASQ:1',
      'n1 nat KUBE-EXT-A:2',
      'n1 nat KUBE-SVC-A:1',
      'n1 nat KUBE-SEP-0:2',
      'n1 filter FORWARD:1',
      'n1 nat POSTROUTING:1',
    ])
  })

  test("is judged on the endpoint's node by the address of the first", async () => {
    const other = withTables([], ['-A FORWARD -s 10.9.0.1/32 -j DROP'])
    const trace = await traced({n1, n2: other}, 'external', '10.9.0.1', '30080')
    expect(trace).toMatchObject({verdict: 'drop', because: 'rule 1 of FORWARD on node n2 drops it'})
    const own = withTables([], ['-A FORWARD -s 10.9.0.1/32 -j ACCEPT'])
    expect(await traced({n1, n2: own}, 'external', '10.9.0.1', '30080')).toMatchObject({verdict: 'accept'})
    // What comes to the other node's address is not this node's own.
    expect(await traced({n1, n2: own}, 'external', '10.9.0.2', '30080')).toMatchObject({
      verdict: 'accept',
      because: expect.stringContaining('the receiver is node n2 itself'),
    })
  })
})

describe('a masqueraded packet', () => {
  const masquerading = withTables(nat('-A POSTROUTING -d 10.0.2.0/24 -j MASQUERADE'))

  test('has the address of the first node on the second', async () => {
    const n2 = withTables([], ['-A FORWARD -s 10.9.0.1/32 -j DROP'])
    expect(await traced({n1: masquerading, n2}, 'shop/web', 'shop/db', '5432')).toMatchObject({
      verdict: 'drop',
      because: 'rule 1 of FORWARD on node n2 drops it',
      expected: {verdict: 'accept'},
    })
  })

  test('is unknown on the second node when nothing tells that address', async () => {
    const cluster = {...shop, nodes: shop.nodes.map(({metadata}) => ({metadata}))}
    const dumps = (await shopNodes({n1: masquerading, n2: shopLines})).map(node => node.with({cluster}))
    const asked = {source: 'shop/web', destination: 'shop/db', port: '5432', protocol: 'tcp' as const}
    expect(tracePacket(dumps, asked, [])).toMatchObject({
      verdict: 'unknown',
      because:
        'node n1 masquerades it, and the input does not tell the address that the next node sees: give the Node objects, too',
    })
    // The other one judges it, too.
    expect(tracePacket(dumps.slice(0, 1), asked, [])).toMatchObject({verdict: 'unknown', masqueraded: {source: null}})
  })
})

test('a packet that raw takes out of connection tracking does not come to Azure NPM, nor to a service', async () => {
  for (const target of ['CT --notrack', 'NOTRACK']) {
    const raw = ['*raw', ':PREROUTING ACCEPT [0:0]', `-A PREROUTING -p tcp -j ${target}`, 'COMMIT', ...service(['10.0.2.1:80'])]
    const nodes = {n1: withTables(raw), n2: withTables(raw)}
    const trace = await traced(nodes, 'ops/job', 'shop/db', '80')
    expect({verdict: trace.verdict, places: places(trace)}).toEqual({
      verdict: 'accept',
      places: ['n1 raw PREROUTING:1', 'n2 raw PREROUTING:1'],
    })
    expect(await traced(nodes, 'shop/db', '10.0.100.1', '80')).not.toHaveProperty('translated')
  }
})

test('a rule of the other back end drops what Azure NPM lets pass, and both are kept', async () => {
  const file = (name: string, lines: readonly string[]) => ({name, folder: '', text: [`${lines.join('\n')}\n`]})
  const {nodes} = await readDump([
    file('nft', ['# Generated by iptables-nft-save v1.8.9 (nf_tables) on Mon Nov 30 10:00:00 2026', ...shopLines.rules]),
    file('legacy', [
      '# Generated by iptables-save v1.8.9 on Mon Nov 30 10:00:00 2026',
      '*filter',
      ':FORWARD ACCEPT [0:0]',
      '-A FORWARD -p tcp -m tcp --dport 9000 -j DROP',
      'COMMIT',
    ]),
    file('sets', shopLines.sets),
  ])
  const verdict = (port: string) => {
    const asked = {source: '10.0.1.9', destination: '203.0.113.9', port, protocol: 'tcp' as const}
    const {verdict: said, because, trail} = tracePacket(nodes, asked, [])
    return {said, because, at: trail.at(-1)?.where}
  }
  expect(verdict('9000')).toEqual({
    said: 'drop',
    because: 'rule 1 of FORWARD (legacy rules) on node unknown drops it',
    at: {table: 'filter', backend: 'legacy', chain: 'FORWARD', position: 1, line: 4},
  })
  expect(verdict('9001')).toMatchObject({said: 'accept', at: {backend: 'nft'}})
  expect(nodes[0]?.translation().facts.backend).toBe('nft')
})
