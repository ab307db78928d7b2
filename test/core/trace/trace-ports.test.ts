import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {readDump} from '../../../core/dump/read-dump.ts'
import {readPorts} from '../../../core/trace/asked-port.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {tracePorts} from '../../../core/trace/trace-ports.ts'
import {fixture} from '../../support/plugin/run-cli.ts'

const nodesOf = async (...files: string[]) =>
  (await readDump(files.map(name => ({name, folder: '', text: [readFileSync(fixture(name), 'utf8')]})))).nodes

const partsOf = ({items}: ReturnType<typeof tracePorts>) =>
  items.map(({protocol, from, to, trace}) => `${protocol}/${from}-${to} ${trace.verdict}`)

test('a range is answered by parts', async () => {
  const nodes = await nodesOf('ways/cluster.json')
  const list = tracePorts(
    nodes,
    {source: 'farm/barn-0', destination: 'farm/dairy-0', ports: readPorts(['8070-8090', '443'], 'TCP')},
    [],
  )
  expect(partsOf(list)).toEqual(['tcp/8070-8079 drop', 'tcp/8080-8080 accept', 'tcp/8081-8090 drop', 'tcp/443-443 drop'])
  expect(list.verdict).toBe('drop')
})

/** Behind all ports that the policies name. */
const LAST = 12_000

/** Rules with ranges and names of ports, of both generations of Azure NPM; rules and objects, objects alone. */
test.each([
  {
    dump: [
      'captures/v2-base36-nft/iptables-save.txt',
      'captures/v2-base36-nft/ipset-save.txt',
      'captures/v2-base36-nft/cluster.yaml',
    ],
  },
  {dump: ['captures/v1-nft/iptables-save.txt', 'captures/v1-nft/ipset-save.txt', 'captures/v1-nft/cluster.yaml']},
  {dump: ['captures/v2-base36-nft/cluster.yaml']},
])('$dump: each port of each part has the verdicts of its part', async ({dump}) => {
  const nodes = await nodesOf(...dump)
  const pods =
    nodes[0]?.cluster?.pods.flatMap(({metadata, status}) =>
      status?.podIP === undefined || status.phase !== 'Running' ? [] : [`${metadata.namespace}/${metadata.name}`],
    ) ?? []
  const ends = {source: pods[0] ?? '', destination: 'bakery/oven-0'}
  let parts = 0
  for (const protocol of ['tcp', 'udp'] as const) {
    const list = tracePorts(nodes, {...ends, ports: [{protocol, from: 0, to: LAST}]}, [])
    expect(list.items[0]?.from).toBe(0)
    expect(list.items.at(-1)?.to).toBe(LAST)
    for (const [at, {from, to, trace}] of list.items.entries()) {
      if (at > 0) expect(from).toBe((list.items[at - 1]?.to ?? 0) + 1)
      for (const port of new Set([from, to, Math.floor((from + to) / 2)])) {
        const single = tracePacket(nodes, {...ends, protocol, port: `${port}`}, [])
        const saidOf = ({verdict, because, expected, foretold}: typeof single) => [verdict, because, expected, foretold?.verdict]
        expect(saidOf(single), `${protocol}/${port}`).toEqual(saidOf(trace))
      }
    }
    parts += list.items.length
  }
  expect(parts).toBeGreaterThan(2)
})

test('of a service its own ports within a range are traced', async () => {
  const nodes = await nodesOf('ways/cluster.json', 'services/services.yaml')
  const asked = (ports: string, destination: string) =>
    tracePorts(nodes, {source: 'farm/barn-0', destination, ports: readPorts([ports], undefined)}, [])
  expect(partsOf(asked('1-65535', 'svc/churn'))).toEqual(['tcp/80-80 accept', 'tcp/9000-9000 unknown'])
  expect(partsOf(asked('8079-8080,http', 'svc/herd'))).toEqual([
    'tcp/8079-8079 drop',
    'tcp/8080-8080 accept',
    'tcp/8080-8080 accept',
  ])
  expect(asked('80,9000', 'svc/churn').verdict).toBe('unknown')
  expect(() => asked('100-200', 'svc/churn')).toThrow('service churn has no tcp port from 100 to 200')
  expect(() => asked('1-1000', 'svc/herd')).toThrow('more than the 256')
})

test.each([
  ['9-3', 'the range goes backwards'],
  ['1-70000', 'port 70000 is out of range'],
  ['80,', 'a port is empty'],
  ['80/tpc', 'is none of tcp'],
  ['80:90', 'no port'],
])('--port %s: %s', (text, message) => {
  expect(() => readPorts([text], undefined)).toThrow(message)
})

test('a range with a colon is told how to write it', () => {
  expect(() => readPorts(['8080:8090'], undefined)).toThrow(
    expect.objectContaining({steps: ['A range is written with a dash: 8080-8090']}) as Error,
  )
})

test('names may hold dashes, and icmp has no ports', async () => {
  expect(readPorts(['http-alt,8-9/SCTP'], undefined)).toEqual([
    {protocol: 'tcp', name: 'http-alt'},
    {protocol: 'sctp', from: 8, to: 9},
  ])
  const nodes = await nodesOf('ways/cluster.json')
  const icmp = {source: 'farm/barn-0', destination: 'farm/dairy-0', ports: readPorts(['1-2'], 'ICMP')}
  expect(() => tracePorts(nodes, icmp, [])).toThrow('icmp has no ports')
})
