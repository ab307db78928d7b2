import {describe, expect, test} from 'vitest'
import {indexIptablesSave} from '../../../../core/linux/iptables/save-index.ts'
import {SavedChains} from '../../../../core/linux/iptables/saved-chains.ts'
import {savedRules} from '../../../../core/linux/walk/node-rules.ts'
import {walk} from '../../../../core/linux/walk/walk.ts'
import type {Packet} from '../../../../core/net/packet.ts'
import {SetIndex} from '../../../../core/sets/set-index.ts'

/** Small rule sets, each for one thing a walk must get right. Rules are those of filter FORWARD unless a chain is named. */

const packet: Packet = {source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', port: 80}

const sets = new SetIndex(
  new Map([
    ['web', {type: 'hash:net', members: ['10.0.0.1']}],
    ['db', {type: 'hash:net', members: ['10.0.0.2']}],
    ['net', {type: 'hash:net', members: ['10.0.0.0/8', '10.0.0.0/30 nomatch', '10.0.0.2']}],
    ['empty', {type: 'hash:net', members: []}],
    ['list', {type: 'list:set', members: ['empty', 'web']}],
    ['http', {type: 'hash:ip,port', members: ['10.0.0.2,tcp:80']}],
    ['mac', {type: 'hash:mac', members: ['02:00:00:00:00:01']}],
  ]),
)

interface Case {
  readonly name: string
  readonly rules: readonly string[]
  readonly policy?: string
  readonly packet?: Partial<Packet>
  readonly verdict: string
  readonly reason?: RegExp
}

const DROP = ['-A FORWARD -j DROP']

function run({rules, policy = 'ACCEPT', packet: change = {}}: Case) {
  const chains = new Set(rules.flatMap(rule => [...rule.matchAll(/-(?:A|j|g) ([A-Z]\d)\b/g)].map(found => found[1])))
  const text = [
    '*filter',
    `:FORWARD ${policy} [0:0]`,
    ...[...chains].map(chain => `:${chain} - [0:0]`),
    ...rules,
    'COMMIT\n',
  ].join('\n')
  return walk(savedRules(new SavedChains(indexIptablesSave([text]))), sets, {...packet, ...change})
}

const when = (conditions: string, name: string, verdict: 'drop' | 'accept' | 'unknown', more: Partial<Case> = {}): Case => ({
  name,
  rules: [`-A FORWARD ${conditions} -j DROP`],
  verdict,
  ...more,
})

describe.each<Case>([
  {name: 'without rules the policy of FORWARD decides', rules: [], verdict: 'accept'},
  {name: 'without rules a policy of DROP drops', rules: [], policy: 'DROP', verdict: 'drop'},
  {name: 'the first terminal rule decides', rules: ['-A FORWARD -j ACCEPT', ...DROP], verdict: 'accept'},
  {name: 'a rule without a target only counts', rules: ['-A FORWARD -p tcp', ...DROP], verdict: 'drop'},
  {
    name: 'LOG goes on, whether its conditions are known or not',
    rules: ['-A FORWARD -m limit --limit 1/sec -j LOG', '-A FORWARD -j ACCEPT'],
    verdict: 'accept',
  },
  {name: 'REJECT drops', rules: ['-A FORWARD -p tcp -j REJECT --reject-with tcp-reset'], verdict: 'drop'},
  {
    name: 'a chain that ends goes back to its caller',
    rules: ['-A FORWARD -j A1', ...DROP, '-A A1 -p udp -j ACCEPT'],
    verdict: 'drop',
  },
  {
    name: 'RETURN goes back to the caller',
    rules: ['-A FORWARD -j A1', ...DROP, '-A A1 -j RETURN', '-A A1 -j ACCEPT'],
    verdict: 'drop',
  },
  {
    name: 'RETURN in FORWARD is its policy',
    rules: ['-A FORWARD -j RETURN', '-A FORWARD -j ACCEPT'],
    policy: 'DROP',
    verdict: 'drop',
  },
  {name: 'goto does not come back', rules: ['-A FORWARD -g A1', ...DROP, '-A A1 -p udp -j ACCEPT'], verdict: 'accept'},
  {
    name: 'goto inside a chain ends at that chain’s caller',
    rules: ['-A FORWARD -j A1', ...DROP, '-A A1 -g A2', '-A A1 -j ACCEPT', '-A A2 -p udp -j ACCEPT'],
    verdict: 'drop',
  },
  {
    name: 'a mark is seen by later rules',
    rules: ['-A FORWARD -j MARK --set-xmark 0x400/0x400', '-A FORWARD -m mark --mark 0x400/0x400 -j DROP'],
    verdict: 'drop',
  },
  {
    name: 'a mark leaves bits outside its mask alone',
    rules: ['-A FORWARD -j MARK --set-xmark 0x0/0x400', '-A FORWARD -m mark --mark 0x800/0x800 -j DROP'],
    packet: {mark: 0xc00},
    verdict: 'drop',
  },
  {
    name: 'a whole-word mark replaces all bits',
    rules: ['-A FORWARD -j MARK --set-xmark 0x2000/0xffffffff', '-A FORWARD -m mark --mark 0x2000 -j DROP'],
    packet: {mark: 0x8},
    verdict: 'drop',
  },
  when('-m mark --mark 0x400', 'a mark without mask is the whole word', 'accept', {packet: {mark: 0xc00}}),
  when('-m conntrack --ctstate NEW', 'a packet that opens a connection is NEW', 'drop'),
  when('-m conntrack --ctstate RELATED,ESTABLISHED', 'and not ESTABLISHED', 'accept'),
  when('-m conntrack ! --ctstate NEW', 'states can be negated', 'drop', {packet: {state: 'INVALID'}}),
  when('-m state --state NEW', 'the old state match says the same', 'drop'),
  when('-s 10.0.0.0/24 -d 10.0.0.2/32', 'addresses are looked at', 'drop'),
  when('! -s 10.0.0.0/24', 'addresses can be negated', 'accept'),
  when('-p 6', 'protocols may be numbers', 'drop'),
  when('-p udp', 'another protocol does not match', 'accept'),
  when('-p tcp -m tcp --dport 79:81', 'ports may be ranges', 'drop'),
  when('-p tcp -m tcp ! --dport 80', 'ports can be negated', 'accept'),
  when('-p tcp -m multiport --dports 22,80:90', 'multiport is a list of ports', 'drop'),
  when('-p tcp -m tcp --sport 1024:65535', 'which port the client takes is not known', 'unknown', {
    reason: /--sport 1024:65535/,
  }),
  when('-p tcp -m tcp --sport 1024:65535', 'unless it is told', 'drop', {packet: {sourcePort: 4000}}),
  when('-m set --match-set web src -m set --match-set db dst', 'all sets must hold', 'drop'),
  when('-m set --match-set db src', 'a set looks at its own side', 'accept'),
  when('-m set ! --match-set db src', 'sets can be negated', 'drop'),
  when('-m set --match-set list src', 'one set of a list is enough', 'drop'),
  when('-m set ! --match-set list src', 'negation is of the whole list', 'accept'),
  when('-m set --match-set net src', 'the most specific block decides: an exception', 'accept'),
  when('-m set --match-set net dst', 'and an address inside the exception', 'drop'),
  when('-m set --match-set net dst', 'and one outside of it', 'drop', {packet: {destination: '10.1.2.3'}}),
  when('-m set --match-set http dst,dst', 'a named port is address, protocol and port', 'drop'),
  when('-m set --match-set http dst,dst', 'of which each must be right', 'accept', {packet: {protocol: 'udp'}}),
  when('-m set --match-set nowhere src', 'a set that is not in the dump makes it unknown', 'unknown', {reason: /nowhere/}),
  when('-m set --match-set mac src', 'so does a kind of set that is not modelled', 'unknown'),
  when('-m set --match-set nowhere src -p udp', 'but not when another condition fails', 'accept'),
  when('-m connlabel --label 4', 'a match that is not modelled makes it unknown', 'unknown', {reason: /connlabel --label 4/}),
  when('-i lo', 'forwarded packets do not come from the loopback', 'accept'),
  when('-i eth0', 'which interface they come from is not known', 'unknown'),
  {
    name: 'an unknown condition does not matter when both ways end alike',
    rules: ['-A FORWARD -i eth0 -j DROP', ...DROP],
    verdict: 'drop',
  },
  {
    name: 'nor when its chain comes back without an effect',
    rules: ['-A FORWARD -i eth0 -j A1', ...DROP, '-A A1 -p udp -j ACCEPT'],
    verdict: 'drop',
  },
  {
    name: 'an unknown condition on a mark matters when the mark does',
    rules: ['-A FORWARD -i eth0 -j MARK --set-xmark 0x1/0x1', '-A FORWARD -m mark --mark 0x1/0x1 -j DROP'],
    verdict: 'unknown',
  },
  {
    name: 'a target that is not modelled makes it unknown',
    rules: ['-A FORWARD -j NFQUEUE --queue-num 0', ...DROP],
    verdict: 'unknown',
    reason: /NFQUEUE/,
  },
  {name: 'unless its rule does not match', rules: ['-A FORWARD -p udp -j NFQUEUE --queue-num 0', ...DROP], verdict: 'drop'},
  {
    name: 'the restored mark of an older connection may be anything',
    rules: [
      '-A FORWARD -j CONNMARK --restore-mark --nfmask 0xffff --ctmask 0xffff',
      '-A FORWARD -m mark --mark 0x400/0x400 -j DROP',
    ],
    packet: {state: 'ESTABLISHED'},
    verdict: 'unknown',
  },
  {
    name: 'what is set after it is known again',
    rules: [
      '-A FORWARD -j CONNMARK --restore-mark',
      '-A FORWARD -j MARK --set-xmark 0x400/0x400',
      '-A FORWARD -m mark --mark 0x400/0x400 -j DROP',
    ],
    verdict: 'drop',
  },
  {name: 'IPv6 is not walked', rules: [], packet: {destination: 'fd00::1'}, verdict: 'unknown', reason: /IPv4/},
])('$name', case_ => {
  test(`is ${case_.verdict}`, () => {
    const {verdict, reason = '', trail} = run(case_)
    expect({verdict, trail: trail.map(({chain, position}) => `${chain}:${position}`)}).toMatchObject({verdict: case_.verdict})
    if (case_.reason) expect(reason).toMatch(case_.reason)
  })
})

test('the trail names every rule that matched, first to last, and nothing else', () => {
  const {trail} = run({
    name: '',
    verdict: '',
    rules: ['-A FORWARD -p udp -j ACCEPT', '-A FORWARD -j A1', '-A A1 -j A2', '-A A2 -p udp', '-A A2 -j DROP'],
  })
  expect(trail.map(({table, chain, position, depth}) => `${table} ${chain}:${position} ${depth}`)).toEqual([
    'filter FORWARD:2 0',
    'filter A1:1 1',
    'filter A2:2 2',
  ])
})

describe('chains that no kernel would have loaded, or that nobody can walk to their end', () => {
  const names = (count: number) => Array.from({length: count}, (_, index) => `A${index}`)
  const doubling = (count: number) => names(count).flatMap((name, index) => Array(2).fill(`-A ${name} -j A${index + 1}`))
  const save = (rules: readonly string[]) => {
    const chains = new Set(rules.flatMap(rule => [...rule.matchAll(/ (A\d+)\b/g)].map(found => found[1])))
    const declared = [...chains].map(chain => `:${chain} - [0:0]`)
    return ['*filter', ':FORWARD ACCEPT [0:0]', ...declared, '-A FORWARD -j A0', ...rules, 'COMMIT\n'].join('\n')
  }
  const walked = (rules: readonly string[]) => walk(savedRules(new SavedChains(indexIptablesSave([save(rules)]))), sets, packet)

  test.each([
    ['a circle of jumps', ['-A A0 -j A1', '-A A1 -j A0'], /circle/],
    ['a circle of gotos', ['-A A0 -g A1', '-A A1 -g A0'], /20000 rules match/],
    ['chains 70 deep', names(70).map((name, index) => `-A ${name} -j A${index + 1}`), /more than 64 deep/],
    ['60 chains, each twice in the one before', doubling(60), /20000 rules match/],
    [
      'a long chain, again and again',
      [...doubling(12), ...Array<string>(1000).fill('-A A12 -p udp -j DROP')],
      /1000000 rules are looked at/,
    ],
    [
      'the same behind conditions that are not known',
      doubling(60).map(rule => rule.replace(' -j', ' -i eth0 -j')),
      /20000 rules match|conditions that are not known|whose condition is not known/,
    ],
  ])('%s: the verdict is unknown, with the reason and the first steps', (_, rules, reason) => {
    const {verdict, reason: why, trail} = walked(rules)
    expect({verdict, why}).toEqual({verdict: 'unknown', why: expect.stringMatching(reason)})
    expect(trail.length).toBeLessThanOrEqual(65)
    expect(trail[0]).toMatchObject({chain: 'FORWARD', position: 1})
  })

  test('chains 60 deep and a chain that is called a thousand times are walked', () => {
    const deep = [...names(60).map((name, index) => `-A ${name} -j A${index + 1}`), '-A A60 -j DROP']
    expect(walked(deep)).toMatchObject({verdict: 'drop', trail: {length: 62}})
    const often = [...Array<string>(1000).fill('-A A0 -j A1'), '-A A0 -j DROP', '-A A1 -p udp -j ACCEPT']
    expect(walked(often)).toMatchObject({verdict: 'drop', trail: {length: 1002}})
  })
})

describe('other tables on the way', () => {
  const tables = (text: string) =>
    walk(savedRules(new SavedChains(indexIptablesSave([text]))), sets, {...packet, destination: '10.9.0.1'})
  const filter =
    '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m set --match-set db dst -p tcp -m tcp --dport 8080 -j DROP\nCOMMIT\n'
  const nat = (rules: string) => `*nat\n:PREROUTING ACCEPT [0:0]\n:S1 - [0:0]\n:S2 - [0:0]\n${rules}\nCOMMIT\n`

  test('a drop in mangle is a drop', () => {
    expect(tables(`*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DROP\nCOMMIT\n${filter}`).verdict).toBe('drop')
  })

  test('filter sees the destination behind DNAT', () => {
    const {verdict, translated} = tables(
      nat('-A PREROUTING -d 10.9.0.1/32 -j S1\n-A S1 -p tcp -j DNAT --to-destination 10.0.0.2:8080') + filter,
    )
    expect({verdict, translated}).toEqual({verdict: 'drop', translated: {destination: '10.0.0.2', port: 8080}})
  })

  test('a service whose endpoints fare differently is unknown, one whose endpoints fare alike is not', () => {
    const endpoints = (other: string) =>
      nat(
        `-A PREROUTING -m statistic --mode random --probability 0.5 -j S1\n-A PREROUTING -j S2\n-A S1 -p tcp -j DNAT --to-destination 10.0.0.2:8080\n-A S2 -p tcp -j DNAT --to-destination ${other}`,
      )
    expect(tables(endpoints('10.0.0.7:8080') + filter)).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('statistic'),
    })
    expect(tables(endpoints('10.0.0.2:8080') + filter)).toMatchObject({verdict: 'drop'})
  })
})
