import {describe, expect, test} from 'vitest'
import type {Packet} from '../../../../core/net/packet.ts'
import {dumpOf} from '../../../support/read-capture.ts'

const packet: Packet = {source: '10.1.0.4', destination: '10.1.0.9', protocol: 'tcp', port: 80}

const CHAINS = [':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':AZURE-NPM - [0:0]', ':OTHER - [0:0]']
const RULES = ['-A FORWARD -j AZURE-NPM', '-A AZURE-NPM -p udp -j DROP', '-A AZURE-NPM -p tcp -m tcp --dport 81 -j DROP']
const saved = (...lines: string[]) => `${['*filter', ...CHAINS, ...lines].join('\n')}\n`
const FILTER = saved(...RULES, 'COMMIT')
const NAT = '*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n'
const SETS =
  'create azure-npm-1 hash:net\nadd azure-npm-1 10.1.0.4\nadd azure-npm-1 10.1.0.9\ncreate l list:set size 8\nadd l azure-npm-1\ncreate z list:set size 8\n'

interface Case {
  readonly name: string
  readonly rules: string
  readonly verdict: 'accept' | 'drop' | 'unknown'
  readonly part?: string
  readonly packet?: Partial<Packet>
}

const udp = {protocol: 'udp'} as const

describe('a packet that comes to a part that is not whole is unknown', () => {
  test.each<Case>([
    {name: 'nothing is missing', rules: FILTER + NAT, verdict: 'accept'},
    {name: 'no table filter', rules: NAT, verdict: 'unknown', part: 'table filter'},
    {
      name: 'no COMMIT: the chain of the last rule',
      rules: NAT + saved(...RULES),
      verdict: 'unknown',
      part: 'chain AZURE-NPM of table filter',
    },
    {name: 'a rule before the cut drops', rules: NAT + saved(...RULES), verdict: 'drop', packet: udp},
    {name: 'a chain before the cut is whole', rules: NAT + saved(RULES[0] as string, '-A OTHER -j DROP'), verdict: 'accept'},
    {
      name: 'a chain behind the cut has no rules yet',
      rules: NAT + saved(RULES[0] as string),
      verdict: 'unknown',
      part: 'chain AZURE-NPM of table filter',
    },
    {name: 'the chains are cut', rules: `${NAT}*filter\n:INPUT ACCEPT [0:0]\n`, verdict: 'unknown', part: 'table filter'},
    {
      name: 'a last line without line break does not count',
      rules: `${NAT}${saved(...RULES)}-A AZURE-NPM -j DROP`,
      verdict: 'unknown',
      part: 'chain AZURE-NPM of table filter',
    },
    {name: 'COMMIT needs no line break', rules: (NAT + FILTER).trimEnd(), verdict: 'accept'},
    {
      name: 'a rule that goes on in the next line',
      rules: NAT + saved(RULES[0] as string, '-A AZURE-NPM -p tcp', '-m tcp --dport 80 -j DROP', 'COMMIT'),
      verdict: 'unknown',
      part: 'chain AZURE-NPM of table filter',
    },
    {
      name: 'a chain may begin with a line that is not understood',
      rules: NAT + saved('-A FORWARD -p udp -j DROP', 'A OTHER -j DROP', '-A AZURE-NPM -p udp -j DROP', 'COMMIT'),
      verdict: 'unknown',
      part: 'chain FORWARD of table filter',
    },
    {
      name: 'line breaks are lost',
      rules: NAT + saved(RULES.join(' '), 'COMMIT'),
      verdict: 'unknown',
      part: 'chain FORWARD of table filter',
    },
    {
      name: 'a rule in quotes is none',
      rules: NAT + saved('-A FORWARD -m comment --comment "x -A FORWARD -j DROP" -j ACCEPT', 'COMMIT'),
      verdict: 'accept',
    },
    {
      name: 'iptables cannot show filter',
      rules: `# Table \`filter' is incompatible, use 'nft' tool.\n${NAT}`,
      verdict: 'unknown',
      part: 'table filter',
    },
    {
      name: 'iptables cannot show mangle',
      rules: `# Table \`mangle' is incompatible, use 'nft' tool.\n${FILTER}${NAT}`,
      verdict: 'unknown',
      part: 'table mangle',
    },
    {
      name: 'there are legacy rules: what passes',
      rules: `${FILTER}${NAT}# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n`,
      verdict: 'unknown',
      part: 'rules of iptables-legacy',
    },
    {
      name: 'there are legacy rules: what is dropped',
      rules: `# Warning: iptables-legacy tables present, use iptables-legacy to see them\n${FILTER}${NAT}`,
      verdict: 'drop',
      packet: udp,
    },
    {name: 'no table nat: a service', rules: FILTER, verdict: 'unknown', part: 'table nat', packet: {destination: '10.0.12.34'}},
    {name: 'no table nat: a pod', rules: FILTER, verdict: 'accept'},
    {name: 'no table nat: an address of no service', rules: FILTER, verdict: 'accept', packet: {destination: '203.0.113.254'}},
    {
      name: 'no table nat where nothing is of Kubernetes',
      rules: FILTER.replaceAll('AZURE-NPM', 'MINE'),
      verdict: 'accept',
      packet: {destination: '10.0.12.34'},
    },
    {
      name: 'a list of all rules is of filter',
      rules: `-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N LAST\n-A FORWARD -p udp -j ACCEPT\n-A LAST -j DROP\n`,
      verdict: 'drop',
    },
    {
      name: 'a list of rules has no end',
      rules: `-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-A FORWARD -p udp -j ACCEPT\n`,
      verdict: 'unknown',
      part: 'chain FORWARD of table filter',
    },
    {
      name: 'a list of the rules of nat is not of filter',
      rules: `-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n`,
      verdict: 'unknown',
      part: 'table filter',
    },
    {
      name: 'rules of which nothing tells the table',
      rules: '-N AZURE-NPM\n-A AZURE-NPM -j DROP\n',
      verdict: 'unknown',
      part: 'table filter',
    },
  ])('$name', async ({rules, verdict, part, packet: changed}) => {
    const node = await dumpOf(rules, SETS)
    const walk = node.walk({...packet, ...changed})
    expect([walk.verdict, walk.reason]).toEqual([
      verdict,
      verdict === 'unknown' ? expect.stringContaining(part ?? '') : undefined,
    ])
    expect(walk.incomplete?.map(each => each.part)).toEqual(part === undefined ? undefined : [part])
  })
})

describe('a set that is not whole', () => {
  const walked = async (sets: string, rule = '-A FORWARD -m set --match-set azure-npm-1 dst -j DROP') => {
    const node = await dumpOf(NAT + saved(rule, 'COMMIT'), sets)
    const {verdict, incomplete} = node.walk(packet)
    return [verdict, incomplete?.map(({part, state}) => `${part} ${state}`).join()]
  }
  const other = 'create azure-npm-1 hash:net\nadd azure-npm-1 10.1.0.7\n'
  const list = 'create azure-npm-2 list:set size 8\nadd azure-npm-2 azure-npm-1\n'

  test.each([
    {name: 'followed by another it is whole', sets: other + list, is: ['accept', undefined]},
    {name: 'the last one may lack members', sets: other, is: ['unknown', 'set azure-npm-1 cut']},
    {name: 'the last line may be cut', sets: `${other}add azure-npm-1 10.1.0.8`, is: ['unknown', 'set azure-npm-1 cut']},
    {name: 'it is not there', sets: 'create x hash:ip\n', is: ['unknown', 'set azure-npm-1 absent']},
    {name: 'a line of it is damaged', sets: `${other}dd azure-npm-1 10.1.0.9\n${list}`, is: ['unknown', 'set azure-npm-1 cut']},
    {name: 'line breaks are lost', sets: `${other.replaceAll('\n', ' ')}\n${list}`, is: ['unknown', 'set azure-npm-1 cut']},
    {
      name: 'a listed one has as many members as it says',
      sets: 'Name: azure-npm-1\nType: hash:net\nRevision: 7\nHeader: \nSize in memory: 1\nReferences: 1\nNumber of entries: 1\nMembers:\n10.1.0.7\n',
      is: ['accept', undefined],
    },
    {
      name: 'a listed one has fewer members than it says',
      sets: 'Name: azure-npm-1\nType: hash:net\nRevision: 7\nHeader: \nSize in memory: 1\nReferences: 1\nNumber of entries: 2\nMembers:\n10.1.0.7\n',
      is: ['unknown', 'set azure-npm-1 cut'],
    },
  ])('$name', async ({sets, is}) => {
    expect(await walked(sets)).toEqual(is)
  })

  test('of a list that may lack members those that it has are known', async () => {
    const rule = '-A FORWARD -m set --match-set azure-npm-2 dst -j DROP'
    expect(await walked(`${other.replace('0.7', '0.9')}${list}`, rule)).toEqual(['drop', undefined])
    expect(await walked(`${other}${list}`, rule)).toEqual(['unknown', 'set azure-npm-2 cut'])
  })

  test('no sets at all', async () => {
    const node = await dumpOf(NAT + saved('-A FORWARD -m set --match-set azure-npm-1 dst -j DROP', 'COMMIT'))
    expect(node.walk(packet)).toMatchObject({verdict: 'unknown', incomplete: [{part: 'sets', state: 'absent'}]})
  })
})
