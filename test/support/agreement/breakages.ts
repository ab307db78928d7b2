import {fc} from '@fast-check/vitest'
import type {PacketNode} from '../kernel/packets/packet-node.ts'

/** One thing that somebody or something did to a node behind the back of Azure NPM. */
export interface Breakage {
  readonly what: BreakageKind
  /** Which of the rules, sets or members that it may concern; any number. */
  readonly at: number
}

const kinds = [
  'a rule is gone',
  'a chain is emptied',
  'the jump is gone',
  'the jump is the last rule of FORWARD',
  'another program accepts or drops before it',
  'a member is missing',
  'a member is stale',
  'a set is emptied',
  'two rules change places',
] as const
export type BreakageKind = (typeof kinds)[number]

export const breakage: fc.Arbitrary<Breakage> = fc.record({what: fc.constantFrom(...kinds), at: fc.nat(10_000)})

/** What other programs write before the jump, protocols without ports among them. None drops the sentinels of the node. */
const FOREIGN = [
  '-s 10.1.0.1/32 -j ACCEPT',
  '-d 10.1.0.2/32 -p tcp -m tcp --dport 80:81 -j ACCEPT',
  '-s 203.0.113.0/24 -p tcp -j DROP',
  '-p esp -j ACCEPT',
  '! -p tcp -j ACCEPT',
  '-p udp -j DROP',
  '-s 10.1.0.0/30 -d 10.1.0.4/30 -j ACCEPT',
  '-p icmp -j DROP',
]
const STALE = ['10.1.0.1', '10.1.0.2', '10.1.0.3', '203.0.113.5', '10.1.0.77']

interface Held {
  /** Rules of the table filter, without counters. */
  readonly rules: readonly string[]
  readonly sets: readonly string[]
}

async function held(node: PacketNode): Promise<Held> {
  const {rules, sets} = await node.save()
  const filter = /^\*filter\n([\s\S]*?)^COMMIT/m.exec(rules)?.[1] ?? ''
  return {rules: filter.split('\n').flatMap(line => /-A .*/.exec(line)?.[0] ?? []), sets: sets.split('\n')}
}

const chainOf = (rule: string | undefined): string => rule?.split(' ')[1] ?? ''

/** The place of a rule in its chain, from 1. */
const positionOf = (rules: readonly string[], rule: string): number =>
  rules.filter(each => chainOf(each) === chainOf(rule)).indexOf(rule) + 1

/** The words of a rule; comments are in quotes. */
const wordsOf = (rule: string): string[] => (rule.match(/"[^"]*"|\S+/g) ?? []).map(word => word.replaceAll('"', ''))

const chosen = (from: readonly string[], at: number): string | undefined => from[at % Math.max(1, from.length)]

type Command = readonly ['iptables' | 'ipset', ...string[]]
const jumpTo = (rules: readonly string[]): string | undefined => rules.find(rule => /^-A FORWARD .*-j AZURE-NPM$/.test(rule))

/** The commands that break a node so. None where there is nothing of the kind. */
const commandsFor: Readonly<Record<BreakageKind, (held: Held, at: number) => readonly Command[]>> = {
  'a rule is gone': ({rules}, at) => {
    const rule = chosen(
      rules.filter(each => chainOf(each).startsWith('AZURE-NPM')),
      at,
    )
    return rule === undefined ? [] : [['iptables', '-D', chainOf(rule), String(positionOf(rules, rule))]]
  },
  'a chain is emptied': ({rules}, at) => {
    const chain = chosen([...new Set(rules.map(chainOf))].filter(name => name.startsWith('AZURE-NPM')).toSorted(), at)
    return chain === undefined ? [] : [['iptables', '-F', chain]]
  },
  'the jump is gone': ({rules}) => {
    const jump = jumpTo(rules)
    return jump === undefined ? [] : [['iptables', '-D', 'FORWARD', String(positionOf(rules, jump))]]
  },
  'the jump is the last rule of FORWARD': ({rules}) => {
    const jump = jumpTo(rules)
    if (jump === undefined) return []
    return [
      ['iptables', '-A', 'FORWARD', '-s', '10.1.0.3/32', '-j', 'ACCEPT'],
      ['iptables', ...wordsOf(jump)],
      ['iptables', '-D', 'FORWARD', String(positionOf(rules, jump))],
    ]
  },
  'another program accepts or drops before it': (_, at) => [
    ['iptables', '-I', 'FORWARD', '1', ...wordsOf(chosen(FOREIGN, at) ?? '')],
  ],
  'a member is missing': ({sets}, at) => {
    const member = chosen(
      sets.filter(line => line.startsWith('add ')),
      at,
    )
    return member === undefined ? [] : [['ipset', 'del', ...member.split(' ').slice(1, 3)]]
  },
  'a member is stale': ({sets}, at) => {
    const [, set] =
      chosen(
        sets.filter(line => /^create \S+ hash:net /.test(line)),
        at,
      )?.split(' ') ?? []
    return set === undefined ? [] : [['ipset', '-exist', 'add', set, chosen(STALE, at) ?? '']]
  },
  'a set is emptied': ({sets}, at) => {
    const [, set] =
      chosen(
        sets.filter(line => line.startsWith('create ')),
        at,
      )?.split(' ') ?? []
    return set === undefined ? [] : [['ipset', 'flush', set]]
  },
  'two rules change places': ({rules}, at) => {
    const rule = chosen(
      rules.filter(each => chainOf(each).startsWith('AZURE-NPM')),
      at,
    )
    if (rule === undefined) return []
    const position = positionOf(rules, rule)
    return [
      ['iptables', '-D', chainOf(rule), String(position)],
      ['iptables', ...wordsOf(rule)],
    ]
  },
}

/** Breaks a node. */
export async function breakNode(node: PacketNode, breakages: readonly Breakage[]): Promise<void> {
  for (const {what, at} of breakages)
    for (const [tool, ...words] of commandsFor[what](await held(node), at))
      await node.node.run(tool === 'iptables' ? `iptables-${node.backend}` : tool, words)
}
