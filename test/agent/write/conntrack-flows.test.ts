import {expect} from 'vitest'
import {deleteArguments} from '../../../agent/write/conntrack-flows.ts'
import type {Connection} from '../../../core/flows/connection.ts'
import {parseConnections} from '../../../core/flows/parse-connections.ts'
import {describeKernel, kernelTest} from '../../support/kernel/describe.ts'
import type {Namespace} from '../../support/kernel/namespace.ts'

const ENDS = ['-s', '10.1.0.1', '-d', '10.1.0.2', '-t', '300', '-u', 'SEEN_REPLY']
const behind = (pod: string) => ['-s', '10.1.0.1', '-d', '10.0.0.7', '--dst-nat', pod, '-t', '300', '-u', 'SEEN_REPLY']

/** Entries that are alike but for one thing each. */
const made: readonly (readonly string[])[] = [
  ...['0', '5', '6'].map(zone => [
    '-p',
    'tcp',
    ...ENDS,
    '--sport',
    '1000',
    '--dport',
    '80',
    '--state',
    'ESTABLISHED',
    '-w',
    zone,
  ]),
  ['-p', 'tcp', ...ENDS, '--sport', '1001', '--dport', '80', '--state', 'ESTABLISHED'],
  ['-p', 'udp', ...ENDS, '--sport', '1000', '--dport', '80'],
  ['-p', 'sctp', ...ENDS, '--sport', '1000', '--dport', '80', '--state', 'ESTABLISHED', '--orig-vtag', '1', '--reply-vtag', '2'],
  ['-p', 'udp', ...behind('10.1.0.2'), '--sport', '1000', '--dport', '80'],
  ['-p', 'udp', ...behind('10.1.0.3'), '--sport', '1001', '--dport', '80'],
  ...['77', '78'].map(id => ['-p', 'icmp', ...ENDS, '--icmp-type', '8', '--icmp-code', '0', '--icmp-id', id]),
]

async function entries(namespace: Namespace): Promise<Connection[]> {
  const {connections, problems} = parseConnections([(await namespace.run('conntrack', ['-L', '-o', 'extended'])).stdout])
  expect(problems).toEqual([])
  return connections.map(connection => ({...connection, timeout: 0}))
}

describeKernel('an entry of conntrack', () => {
  kernelTest('is deleted by itself, and no other one that differs in a port, a zone, a pod or a number', async namespace => {
    for (const one of made) await namespace.run('conntrack', ['-I', ...one])
    let left = await entries(namespace)
    expect(left).toHaveLength(made.length)
    for (const one of left) {
      expect((await namespace.run('conntrack', deleteArguments(one))).stderr).toContain('1 flow entries have been deleted')
      left = left.filter(each => each !== one)
      const there = await entries(namespace)
      expect(there).toHaveLength(left.length)
      expect(there).toEqual(expect.arrayContaining(left))
    }
    expect(left).toEqual([])
  })
})
