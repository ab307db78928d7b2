import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {KeptPromise, promisedPackets} from '../../../core/differences/promise.ts'
import type {LinuxNode} from '../../../core/linux/node-state.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {arbitraryNode, damages} from '../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../support/linux/written-node.ts'

const addresses = ['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.4', '10.1.0.77', '203.0.113.5', '203.0.113.200', '198.51.100.1']

function* packets(): Generator<Packet> {
  for (const source of addresses)
    for (const destination of addresses) {
      if (source === destination) continue
      for (const protocol of ['tcp', 'udp'] as const)
        for (const port of [80, 81, 8080, 9999]) yield {source, destination, protocol, port}
      yield {source, destination, protocol: 'icmp'}
    }
}

const isBroken = (packet: Packet, nodes: readonly [LinuxNode, LinuxNode, LinuxNode]): boolean => {
  const [before, after, between] = nodes.map(node => node.walk(packet).verdict)
  return before === after && before !== 'unknown' && between !== before
}

describe('the promise about packets that two nodes judge alike', () => {
  propertyTest.prop([arbitraryNode, damages, damages], {numRuns: 60})(
    'is broken by a third one exactly where a packet that is walked tells so',
    (lines, once, twice) => {
      const changed = once(lines)
      const nodes = [lines, twice(changed), changed].map(each => nodeOfLines(each)) as [LinuxNode, LinuxNode, LinuxNode]
      const [before, after, between] = nodes
      const breach = new KeptPromise(before, after, promisedPackets(nodes)).breach(between)
      if (breach) expect({breach, isBroken: isBroken(breach.packet, nodes)}).toEqual({breach, isBroken: true})
      else for (const packet of packets()) expect(isBroken(packet, nodes) && packet).toBe(false)
    },
  )

  propertyTest.prop([arbitraryNode, fc.constantFrom(...addresses)], {numRuns: 30})(
    'is kept by either of them',
    (lines, address) => {
      const node = nodeOfLines(lines)
      expect(new KeptPromise(node, node, promisedPackets([node], [address])).breach(node)).toBeUndefined()
    },
  )
})
