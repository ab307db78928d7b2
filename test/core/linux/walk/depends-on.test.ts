import {fc, test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import type {Match} from '../../../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {fieldsOf, holds, type PacketField, type Passing} from '../../../../core/linux/walk/match.ts'
import {forwardingHost} from '../../../../core/linux/walk/passing.ts'
import {parseIpv4} from '../../../../core/net/ipv4.ts'
import {memberText} from '../../../../core/sets/member.ts'
import {SetIndex, type WalkedSet} from '../../../../core/sets/set-index.ts'
import {anyMatch} from '../../../support/linux/arbitrary-rules.ts'
import {conditionSets, conditions, ends} from '../../../support/linux/conditions.ts'

const sets = new SetIndex(
  new Map<string, WalkedSet>([
    ...parseIpsetSave([conditionSets]).sets.map(
      ({name, type, members, header}) => [name, {type, header, members: members.map(memberText)}] as const,
    ),
    ['ips', {type: 'hash:ip', members: ['10.0.0.1']}],
    ['nets', {type: 'hash:net', members: ['10.0.0.0/31']}],
    ['ports', {type: 'hash:ip,port', members: ['10.0.0.1,tcp:80', '10.0.0.2,udp:80']}],
    ['addresses', {type: 'list:set', members: ['ips', 'nets']}],
    ['mixed', {type: 'list:set', members: ['ips', 'ports']}],
    ['circle', {type: 'list:set', members: ['circle']}],
  ]),
)

const address = fc.oneof(
  fc.integer({min: 0x0a000000, max: 0x0a000003}),
  fc.constantFrom(...Object.values(ends).flatMap(each => parseIpv4(each) ?? [])),
)
const port = fc.constantFrom(53, 79, 80, 443, undefined)
const networkInterface = fc.constantFrom('none' as const, 'lo' as const, 'other' as const)
const packet: fc.Arbitrary<Passing> = fc.record({
  source: address,
  destination: address,
  protocol: fc.constantFrom('tcp', 'udp', 'icmp', 'sctp'),
  port,
  sourcePort: port,
  state: fc.constantFrom('NEW', 'ESTABLISHED', 'UNTRACKED'),
  isFirst: fc.boolean(),
  isTracked: fc.boolean(),
  original: fc.record({destination: address, port}),
  mark: fc.constantFrom(0, 0x200, 0x400),
  knownMark: fc.constantFrom(0xffffffff, 0x200),
  connectionMark: fc.constantFrom(0, 0x200),
  knownConnectionMark: fc.constantFrom(0xffffffff, 0),
  isTranslated: fc.boolean(),
  isSourceTranslated: fc.boolean(),
  writtenSets: fc.constant([]),
  in: networkInterface,
  out: networkInterface,
  host: fc.constant({...forwardingHost, isOwn: (own: number) => (own === 0x0a000003 ? 'unknown' : own === 0x0a000002)}),
})

const set = fc.record({
  kind: fc.constant('set' as const),
  set: fc.constantFrom('ips', 'nets', 'ports', 'addresses', 'mixed', 'circle', 'absent'),
  sides: fc.constantFrom('src', 'dst', 'dst,dst', 'src,dst', 'dst,src'),
  negated: fc.boolean(),
})
const block = fc.record({
  kind: fc.constant('address' as const),
  side: fc.constantFrom('src' as const, 'dst' as const),
  block: fc.constantFrom('10.0.0.2/31', '10.0.0.1/32'),
  negated: fc.boolean(),
})
const state = fc.record({
  kind: fc.constant('state' as const),
  module: fc.constant('conntrack' as const),
  states: fc.constantFrom('NEW', 'DNAT', 'SNAT', 'NEW,DNAT'),
  negated: fc.boolean(),
})
/** Those that are held to a real kernel. */
const written = parseIptablesSave([
  ['*filter', ':X - [0:0]', ...conditions.map(({text}) => `-A X ${text}`), 'COMMIT', ''].join('\n'),
])
const writtenMatches = [...(written.tables.get('filter')?.chains.get('X')?.rules ?? [])].flatMap(({matches}) => matches)
const match: fc.Arbitrary<Match> = fc.oneof(anyMatch, set, block, state, {
  arbitrary: fc.constantFrom(...writtenMatches),
  weight: 6,
})

/** The fields of a packet that each name stands for. */
const FIELDS: Record<PacketField, readonly (keyof Passing)[]> = {
  source: ['source'],
  destination: ['destination'],
  protocol: ['protocol', 'isFirst'],
  port: ['port'],
  sourcePort: ['sourcePort'],
  mark: ['mark', 'knownMark'],
  connectionMark: ['connectionMark', 'knownConnectionMark'],
  original: ['original'],
  state: ['state', 'isFirst', 'isTracked'],
  translation: ['isTranslated', 'isSourceTranslated'],
  in: ['in'],
  out: ['out'],
}

test.prop([match, packet, packet], {numRuns: 5000})(
  'packets that agree on what a condition looks at have one answer',
  (condition, one, other) => {
    const looked = fieldsOf(condition, sets).flatMap(field => FIELDS[field])
    const same = Object.fromEntries(looked.map(field => [field, one[field]]))
    expect(holds(condition, {...other, ...same}, sets)).toBe(holds(condition, one, sets))
  },
)
