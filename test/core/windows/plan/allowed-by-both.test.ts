import {fc, test as propertyTest} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import type {Packet} from '../../../../core/net/packet.ts'
import {setsOf} from '../../../../core/windows/compare/compared-acl.ts'
import type {HnsEndpoint} from '../../../../core/windows/hns/model.ts'
import {isNpmAclId} from '../../../../core/windows/npm/acl-id.ts'
import type {ProgramAcl} from '../../../../core/windows/npm/program.ts'
import {allowedByBoth} from '../../../../core/windows/plan/allowed-by-both.ts'
import {type AclDirection, rulesOf} from '../../../../core/windows/walk/endpoint-rules.ts'
import {judge} from '../../../../core/windows/walk/judge.ts'
import {SetLookup} from '../../../../core/windows/walk/set-lookup.ts'
import {ADDRESSES, NODE_ADDRESS, nodeOfState, twoStates} from '../../../support/windows/hns-state.ts'

const PEERS = [...ADDRESSES, NODE_ADDRESS, '203.0.113.7', '168.63.129.16', '8.8.8.8', '10.7.0.1']

function* packetsOf(own: string, direction: AclDirection): Generator<Packet> {
  for (const peer of PEERS)
    for (const [protocol, port] of [
      ['tcp', 80],
      ['tcp', 82],
      ['udp', 80],
      ['tcp', 443],
      ['icmp', undefined],
    ] as const) {
      const [source, destination] = direction === 'In' ? [peer, own] : [own, peer]
      if (source !== destination) yield {source, destination, protocol, ...(port !== undefined && {port})}
    }
}

const withOwn = (endpoint: HnsEndpoint, own: readonly ProgramAcl[]): HnsEndpoint => ({
  ...endpoint,
  acls: [...endpoint.acls.filter(({id}) => !isNpmAclId(id)), ...own.map((acl, index) => ({...acl, position: index + 1}))],
})

let said = 0
let all = 0

propertyTest.prop([twoStates, fc.constantFrom('In' as const, 'Out' as const)], {numRuns: 150})(
  'ACLs between two lists allow what both allow, and nothing else',
  ([one, other], direction) => {
    const [node, otherNode] = [nodeOfState(one), nodeOfState(other)]
    const sets = new SetLookup(node.documents.policies)
    for (const [at, endpoint] of node.endpoints.entries()) {
      const ownOf = ({acls}: HnsEndpoint) =>
        acls.filter(acl => isNpmAclId(acl.id) && setsOf(acl).every(id => node.documents.policies?.has(id)))
      const lists = [ownOf(endpoint), ownOf(otherNode.endpoints[at] as HnsEndpoint)].map(own =>
        rulesOf(withOwn(endpoint, own), direction),
      )
      const [before, after] = lists as [(typeof lists)[number], (typeof lists)[number]]
      if (!before.hasAny || !after.hasAny) continue
      all++
      const both = allowedByBoth(before, after)
      if (!both) continue
      said++
      const between = rulesOf(withOwn(endpoint, both), direction)
      for (const packet of packetsOf(endpoint.address ?? '', direction)) {
        const [first, second, found] = [before, after, between].map(list => judge(endpoint, list, packet, sets).verdict)
        expect({packet, found, both}).toEqual({
          packet,
          found: first === 'accept' && second === 'accept' ? 'accept' : 'drop',
          both,
        })
      }
    }
  },
)

test('nearly all lists of Azure NPM can be said so', () => {
  expect(all).toBeGreaterThan(100)
  expect(said / all).toBeGreaterThan(0.95)
})
