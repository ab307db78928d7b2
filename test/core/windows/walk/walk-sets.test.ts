import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import {parseIpv4, printIpv4} from '../../../../core/net/ipv4.ts'
import {allServices, packetService, serviceNumber} from '../../../../core/packets/services.ts'
import {walk} from '../../../../core/windows/walk/walk.ts'
import {WindowsSetWalker} from '../../../../core/windows/walk/walk-sets.ts'
import {endpointOf, hnsDocuments, networkOf, walkedNode} from '../../../support/windows/hns-node.ts'

const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '192.0.2.7']
const sets = [
  {Id: 'one', Name: 'one', PolicyType: 'IPSET', Values: '10.0.0.1,10.0.0.2'},
  {Id: 'two', Name: 'two', PolicyType: 'IPSET', Values: '10.0.0.2,192.0.2.0/24'},
  {Id: 'none', Name: 'none', PolicyType: 'IPSET', Values: ''},
  {Id: 'odd', Name: 'odd', PolicyType: 'OTHER', Values: '10.0.0.1'},
  {Id: 'list', Name: 'list', PolicyType: 'NESTEDIPSET', Values: 'one,none'},
  {Id: 'endless', Name: 'endless', PolicyType: 'NESTEDIPSET', Values: ''},
]

const field = fc.constantFrom(
  'one',
  'two',
  'one,two',
  'list',
  'none',
  'odd',
  'endless',
  'gone',
  '10.0.0.2',
  '10.0.0.0/30,192.0.2.7',
  'one,10.0.0.3',
)
const ports = fc.constantFrom('80', '80,81,443', '79-81', 'http')
const acl = fc.record(
  {
    Action: fc.constantFrom('Allow', 'Block', 'Allow', 'Block', 'Pass'),
    Direction: fc.constantFrom('In', 'Out'),
    Protocols: fc.constantFrom('6', '17', '1', '256', '6,17', '2', 'x'),
    LocalAddresses: field,
    RemoteAddresses: field,
    LocalPorts: ports,
    RemotePorts: ports,
    RuleType: fc.constantFrom('Switch', 'Switch', 'Switch', 'Host'),
    Priority: fc.constantFrom(1, 1, 2, 3),
  },
  {requiredKeys: ['Action', 'Direction', 'Priority']},
)
const node = fc.array(fc.array(acl, {maxLength: 6}), {minLength: 1, maxLength: 4})

describe('sets of packets', () => {
  test.prop([node], {numRuns: 120})('have the verdicts of their packets, each exactly once', lists => {
    const documents = hnsDocuments(
      [networkOf(sets)],
      lists.map((acls, at) => endpointOf(addresses[at] as string, acls)),
    )
    const walked = walkedNode(documents)
    const ends = addresses.map(each => parseIpv4(each) as number)
    const walker = new WindowsSetWalker(walked, {senders: ends, receivers: ends, services: [allServices]})
    const services = [
      ...(['tcp', 'udp', 'sctp'] as const).flatMap(protocol => [79, 80, 81, 82, 443].map(port => serviceNumber(protocol, port))),
      serviceNumber('icmp', undefined),
      serviceNumber('2', undefined),
      serviceNumber('50', undefined),
    ]
    const doubts = new Set<string>()
    for (const [receiver, destination] of ends.entries()) {
      const parts = walker.judge(receiver)
      for (const [sender, source] of ends.entries())
        for (const service of services) {
          const packet = {source: printIpv4(source), destination: printIpv4(destination), ...packetService(service)}
          const its = parts.filter(({from, to, senders}) => from <= service && service <= to && senders.has(sender))
          const single = walk(walked, packet, documents)
          expect(its.map(({verdict}) => verdict)).toEqual([single.verdict])
          for (const doubt of single.doubts) doubts.add(doubt)
        }
    }
    // Whoever judges all packets knows no packet by itself: of some doubts none may be left once all ends are asked.
    expect([...doubts].filter(doubt => !walker.doubts.has(doubt))).toEqual([])
  })

  plainTest('are certain where all that they rest on is documented, and else say what is not', () => {
    const base = {Action: 'Allow', Direction: 'In', Priority: 65_499}
    const doubtsOf = (...acls: readonly object[]): readonly string[] => {
      const documents = hnsDocuments([networkOf(sets)], [endpointOf('10.0.0.1', acls)])
      const ends = addresses.map(each => parseIpv4(each) as number)
      const walker = new WindowsSetWalker(walkedNode(documents), {senders: ends, receivers: ends, services: [allServices]})
      for (const receiver of ends.keys()) walker.judge(receiver)
      return [...walker.doubts]
    }
    const open = {Action: 'Allow', Direction: 'Out', Priority: 65_499}
    expect(doubtsOf({Action: 'Allow', Direction: 'In', LocalAddresses: 'list', Priority: 222}, base, open)).toEqual([])
    expect(doubtsOf({...base, LocalAddresses: 'endless'}, base, open)).toEqual([
      expect.stringContaining('endless has no members'),
    ])
    expect(doubtsOf({...base, LocalAddresses: 'gone'}, base, open)).toEqual([expect.stringContaining('names gone')])
    expect(doubtsOf(base, {...base, Action: 'Block'}, open)).toEqual([expect.stringContaining('have one priority and differ')])
    expect(doubtsOf(base)).toEqual([expect.stringContaining('no ACL of its direction matches')])
    // Nothing comes to what stands behind a rule for all.
    expect(doubtsOf({...base, Priority: 1}, {...base, LocalAddresses: 'endless'}, open)).toEqual([])
  })
})
