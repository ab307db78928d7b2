import {fc} from '@fast-check/vitest'
import type {Match, PortRange, Rule, Target} from '../../../core/linux/iptables/model.ts'

const byte = fc.integer({min: 0, max: 255})
const word32 = fc.oneof(fc.constantFrom(0, 0x200, 0x400, 0x2000, 0xffffffff), fc.nat(0x7fffffff))
const negated = fc.boolean()
const set = fc.oneof(
  fc.stringMatching(/^azure-npm-\d{1,10}$/),
  fc.stringMatching(/^azure-npm-[0-9a-z]{20}$/),
  fc.constantFrom('KUBE-IP', 'a.b:c'),
)
const portProtocol = fc.constantFrom('tcp', 'udp', 'sctp')

const portRange: fc.Arbitrary<PortRange> = fc
  .tuple(fc.nat(65_535), fc.nat(65_535), negated)
  .map(([one, other, isNegated]) => ({from: Math.min(one, other), to: Math.max(one, other), negated: isNegated}))
const ports = fc.record(
  {
    kind: fc.constant('ports' as const),
    protocol: portProtocol,
    source: portRange,
    destination: portRange,
  },
  {requiredKeys: ['kind', 'protocol']},
)

/** Any text that fits on one line. */
const anyText = fc.oneof(
  fc.string({unit: 'grapheme', maxLength: 40}).map(text => text.replaceAll(/[\n\r]/g, '')),
  fc
    .array(fc.constantFrom('"', '\\', "'", ' ', '!', '-j', '-A X', '\t', 'ALLOW-ALL', ':', '[0:0]'), {maxLength: 8})
    .map(parts => parts.join('')),
)

const matches: Record<Match['kind'], fc.Arbitrary<Match>> = {
  protocol: fc.record({kind: fc.constant('protocol'), protocol: fc.constantFrom('tcp', 'udp', 'sctp', 'icmp', '89'), negated}),
  address: fc.record({
    kind: fc.constant('address'),
    side: fc.constantFrom('src', 'dst'),
    block: fc.tuple(byte, byte, byte, byte, fc.nat(32)).map(([a, b, c, d, prefix]) => `${a}.${b}.${c}.${d}/${prefix}`),
    negated,
  }),
  interface: fc.record({
    kind: fc.constant('interface'),
    side: fc.constantFrom('in', 'out'),
    name: fc.constantFrom('eth0', 'azv+', 'lo', 'veth1.2', '-j', '!x'),
    negated,
  }),
  ports,
  set: fc.record({kind: fc.constant('set'), set, sides: fc.constantFrom('src', 'dst', 'dst,dst', 'src,src,dst'), negated}),
  mark: fc.record({kind: fc.constant('mark'), value: word32, mask: word32, negated}),
  state: fc.record({
    kind: fc.constant('state'),
    module: fc.constantFrom('conntrack', 'state'),
    states: fc.constantFrom('NEW', 'RELATED,ESTABLISHED', 'INVALID'),
    negated,
  }),
  comment: fc.record({kind: fc.constant('comment'), text: anyText}),
  extension: fc.constantFrom(
    ...[
      {module: 'multiport', options: '--dports 80,443:444'},
      {module: 'multiport', options: '! --sports 80'},
      {module: 'addrtype', options: '--dst-type LOCAL'},
      {module: 'tcp', options: '--tcp-flags FIN,SYN,RST,ACK SYN'},
      {module: 'tcp', options: '--dport 80 --tcp-flags SYN SYN'},
      {module: 'set', options: '--match-set azure-npm-1 src --return-nomatch'},
      {module: 'mark', options: '--mark 0xnone'},
      {module: 'conntrack', options: '--ctstate NEW --ctproto 6'},
      {module: 'string', options: '--string "a \\" -j DROP" --algo bm --to 65535'},
      {module: 'comment', options: '! --comment x'},
      {module: 'physdev', options: '! --physdev-in eth0 --physdev-is-bridged'},
      {module: 'socket', options: ''},
      {module: 'fragment', options: '-f'},
      {module: 'fragment', options: '! -f'},
    ].map(each => ({kind: 'extension' as const, ...each})),
  ),
}

/** One condition of any kind. */
export const anyMatch: fc.Arbitrary<Match> = fc.oneof(...Object.values(matches))

/** Chains that every table of random rules declares. */
export const declared = ['X', 'AZURE-NPM', 'AZURE-NPM-INGRESS-jo5gdwc4t2', 'KUBE-FORWARD'] as const
const chain = fc.constantFrom(...declared)

const targets: Record<Target['kind'], fc.Arbitrary<Target>> = {
  verdict: fc.record({kind: fc.constant('verdict'), verdict: fc.constantFrom('ACCEPT', 'DROP', 'RETURN')}),
  jump: fc.record({kind: fc.constant('jump'), chain, goto: fc.boolean()}),
  mark: fc.record({kind: fc.constant('mark'), value: word32, mask: word32}),
  extension: fc.constantFrom(
    ...[
      {name: 'REJECT', options: '--reject-with icmp-port-unreachable'},
      {name: 'LOG', options: '--log-prefix "-j DROP \\" " --log-level 6'},
      {name: 'DNAT', options: '--to-destination 10.0.0.1:80'},
      {name: 'MARK', options: '--or-mark 0x1'},
      {name: 'MARK', options: ''},
      {name: 'MASQUERADE', options: ''},
      {name: 'UNDECLARED-CHAIN', options: ''},
    ].map(each => ({kind: 'extension' as const, ...each})),
  ),
}

export const matchKinds = Object.keys(matches) as Match['kind'][]
export const targetKinds = Object.keys(targets) as Target['kind'][]

export type Body = Pick<Rule, 'matches' | 'target' | 'packets' | 'bytes'>

/** A rule of every kind of condition and target, not all of which the kernel would take together. */
export const anyBody: fc.Arbitrary<Body> = fc
  .tuple(
    fc.array(fc.oneof(...Object.values(matches)), {maxLength: 5}),
    fc.option(fc.oneof(...Object.values(targets)), {nil: undefined}),
    fc.option(fc.tuple(fc.nat(), fc.maxSafeNat()), {nil: undefined}),
  )
  .map(([all, target, counters]) => ({
    matches: all,
    ...(target && {target}),
    ...(counters && {packets: counters[0], bytes: counters[1]}),
  }))

/** What to load before a rule of `kernelBody`: sets it names. */
export const kernelSets = {hash: 'azure-npm-343gyx4g1wf87lwlewvk', ports: 'azure-npm-1234567890', list: 'azure-npm-7'} as const

/** A comment that iptables takes: printable, not empty, within the 255 bytes that it keeps. */
const kernelComment = fc
  .oneof(
    fc.string({minLength: 1, maxLength: 60}),
    fc.string({unit: 'grapheme', minLength: 1, maxLength: 10}).map(text => text.replaceAll(/\p{C}/gu, '?')),
    fc.constantFrom("it's", '"', '\\', 'a\\"b', '!', '-j', '-m comment', 'ALLOW-ALL'),
  )
  .map(text => ({kind: 'comment' as const, text}))

const subset = fc.tuple(word32, word32).map(([value, mask]) => ({value: (value & mask) >>> 0, mask}))

/** Conditions that iptables prints in the order in which they stand, each in one form only. */
const kernelMatch = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    set: fc.constantFrom(kernelSets.hash, kernelSets.list),
    sides: fc.constantFrom('src', 'dst'),
    negated,
  }),
  fc.record({
    kind: fc.constant('set' as const),
    set: fc.constant(kernelSets.ports),
    sides: fc.constantFrom('dst,dst', 'src,dst'),
    negated,
  }),
  fc.tuple(subset, negated).map(([mark, isNegated]) => ({kind: 'mark' as const, ...mark, negated: isNegated})),
  fc.record({
    kind: fc.constant('state' as const),
    module: fc.constantFrom('conntrack' as const, 'state' as const),
    states: fc.constantFrom('NEW', 'RELATED,ESTABLISHED', 'INVALID,NEW'),
    negated,
  }),
  kernelComment,
)

// Every port is printed as no condition at all, and "not from 0 to n" as "from n + 1 on".
const kernelRange = portRange.filter(({from, to, negated: isNegated}) =>
  isNegated ? from > 0 && to < 65_535 : from > 0 || to < 65_535,
)
const kernelPorts = (protocol: string) =>
  fc
    .record({source: kernelRange, destination: kernelRange}, {requiredKeys: []})
    .filter(({source, destination}) => source !== undefined || destination !== undefined)
    .map((sides): Match => ({kind: 'ports', protocol, ...sides}))

const isProtocol = (protocol: string, negated = false): Match => ({kind: 'protocol', protocol, negated})
const protocolAndPorts: fc.Arbitrary<Match[]> = fc.oneof(
  fc.constant<Match[]>([]),
  fc.constantFrom('tcp', 'udp', 'sctp', 'icmp').map(protocol => [isProtocol(protocol)]),
  fc.constant<Match[]>([isProtocol('tcp', true)]),
  portProtocol.chain(protocol => kernelPorts(protocol).map(range => [isProtocol(protocol), range])),
)

const kernelAddress = (side: 'src' | 'dst') =>
  fc.record({
    kind: fc.constant('address' as const),
    side: fc.constant(side),
    block: fc.oneof(
      fc.tuple(byte, byte).map(([a, b]) => `10.${a}.${b}.0/24`),
      byte.map(a => `192.0.2.${a}/32`),
    ),
    negated,
  })
const kernelInterface = (side: 'in' | 'out') =>
  fc.record({
    kind: fc.constant('interface' as const),
    side: fc.constant(side),
    name: fc.constantFrom('eth0', 'azv+', 'lo'),
    negated,
  })

const maybe = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> => fc.array(arbitrary, {maxLength: 1})

const kernelTarget: fc.Arbitrary<Target> = fc.oneof(
  targets.verdict,
  fc.record({kind: fc.constant('jump' as const), chain: fc.constantFrom('AZURE-NPM', 'KUBE-FORWARD'), goto: fc.boolean()}),
  subset.map(mark => ({kind: 'mark' as const, ...mark})),
)

/** A rule that the kernel takes and gives back in the same words, for a chain without jumps to itself. */
export const kernelBody: fc.Arbitrary<Body> = fc
  .tuple(
    fc.tuple(
      maybe(kernelAddress('src')),
      maybe(kernelAddress('dst')),
      maybe(kernelInterface('in')),
      maybe(kernelInterface('out')),
      protocolAndPorts,
      fc.array(kernelMatch, {maxLength: 4}),
    ),
    fc.option(kernelTarget, {nil: undefined}),
  )
  .map(([parts, target]) => ({matches: parts.flat(), ...(target && {target})}))
