import {describe, expect, test} from 'vitest'
import type {Match, Rule, Target} from '../../../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {printIptablesSave, printRule} from '../../../../core/linux/iptables/print.ts'
import {fixtureNodes, vectors} from '../../../support/dump-fixture.ts'
import {matchKinds, targetKinds} from '../../../support/linux/arbitrary-rules.ts'

const parse = (text: string) => parseIptablesSave([text], 'save.txt')
const rulesOf = ({tables}: ReturnType<typeof parse>): Rule[] =>
  [...tables.values()].flatMap(table => [...table.chains.values()].flatMap(chain => chain.rules))

describe.each(fixtureNodes)('$name', ({name, rules: text}) => {
  const save = parse(text)
  const lines = text.split('\n')

  test('is read without problems', () => {
    expect(save.problems).toEqual([])
    expect(save.backend).toBe(name.endsWith('legacy') ? 'legacy' : 'nft')
  })

  test('every rule prints as it was', () => {
    const rules = rulesOf(save)
    expect(rules.length).toBe(lines.filter(line => /^(\[\d+:\d+\] )?-A /.test(line)).length)
    expect(rules.filter(rule => printRule(rule) !== rule.source)).toEqual([])
  })

  test('every rule knows its line, its place in its chain, and its counters', () => {
    for (const rule of rulesOf(save)) {
      const [, packets, bytes, source] = /^\[(\d+):(\d+)\] (.*)$/.exec(lines[rule.line - 1] ?? '') ?? []
      expect({packets: rule.packets, bytes: rule.bytes, source: rule.source}).toEqual({
        packets: Number(packets),
        bytes: Number(bytes),
        source,
      })
      expect(rule.source.startsWith(`-A ${rule.chain} `)).toBe(true)
    }
    for (const table of save.tables.values())
      for (const {rules} of table.chains.values())
        expect(rules.map(({position}) => position)).toEqual(rules.map((_, index) => index + 1))
  })

  test('the whole prints as it was, but for remarks', () => {
    const printed = [...printIptablesSave(save.tables.values(), true)]
    expect(printed).toEqual(lines.filter(line => line !== '' && !line.startsWith('#')))
  })

  test('is read alike with the line ends of Windows', () => {
    expect(parse(text.replaceAll('\n', '\r\n'))).toEqual(save)
  })
})

describe('rules as written and as printed', () => {
  const forms = vectors<{what: string; written: string; printed: string}[]>('rule-forms.json')
  const body = (line: string) => {
    const [rule] = rulesOf(parse(`*filter\n:T - [0:0]\n:AZURE-NPM - [0:0]\n${line}\nCOMMIT\n`))
    return {matches: rule?.matches ?? [], target: rule?.target}
  }
  /** What the kernel keeps: 255 bytes of a comment. Where the protocol and its ports stand says nothing. */
  const kept = ({matches, target}: ReturnType<typeof body>) => {
    const cut = matches.map(match => (match.kind === 'comment' ? {...match, text: match.text.slice(0, 255)} : match))
    const isPort = ({kind}: Match) => kind === 'protocol' || kind === 'ports'
    return {matches: [...cut.filter(isPort), ...cut.filter(match => !isPort(match))], target}
  }

  test.each(forms)('$what', ({written, printed}) => {
    expect(kept(body(written))).toEqual(kept(body(printed)))
    expect(body(printed).matches.filter(({kind}) => kind === 'extension')).toEqual([])
  })
})

interface Case {
  readonly text: string
  readonly matches?: Match[]
  readonly target?: Target
}

const cases: Case[] = [
  {text: '', matches: []},
  {text: '-p tcp', matches: [{kind: 'protocol', protocol: 'tcp', negated: false}]},
  {text: '! -p 89', matches: [{kind: 'protocol', protocol: '89', negated: true}]},
  {
    text: '-s 10.0.0.0/8 ! -d 192.0.2.1/32',
    matches: [
      {kind: 'address', side: 'src', block: '10.0.0.0/8', negated: false},
      {kind: 'address', side: 'dst', block: '192.0.2.1/32', negated: true},
    ],
  },
  {
    text: '! -i lo -o azv+',
    matches: [
      {kind: 'interface', side: 'in', name: 'lo', negated: true},
      {kind: 'interface', side: 'out', name: 'azv+', negated: false},
    ],
  },
  {
    text: '-m tcp --sport 1:1023 ! --dport 80',
    matches: [
      {
        kind: 'ports',
        protocol: 'tcp',
        source: {from: 1, to: 1023, negated: false},
        destination: {from: 80, to: 80, negated: true},
      },
    ],
  },
  {text: '-m udp', matches: [{kind: 'ports', protocol: 'udp'}]},
  {
    text: '-m set ! --match-set azure-npm-1 src',
    matches: [{kind: 'set', set: 'azure-npm-1', sides: 'src', negated: true}],
  },
  {
    text: '-m set --match-set azure-npm-1 dst,dst',
    matches: [{kind: 'set', set: 'azure-npm-1', sides: 'dst,dst', negated: false}],
  },
  {text: '-m mark --mark 0x4000', matches: [{kind: 'mark', value: 0x4000, mask: 0xffffffff, negated: false}]},
  {text: '-m mark ! --mark 0x400/0x400', matches: [{kind: 'mark', value: 0x400, mask: 0x400, negated: true}]},
  {text: '-m state --state NEW', matches: [{kind: 'state', module: 'state', states: 'NEW', negated: false}]},
  {
    text: '-m conntrack ! --ctstate RELATED,ESTABLISHED',
    matches: [{kind: 'state', module: 'conntrack', states: 'RELATED,ESTABLISHED', negated: true}],
  },
  {text: '-m comment --comment DROP-ALL', matches: [{kind: 'comment', text: 'DROP-ALL'}]},
  {text: '-m comment --comment -j', matches: [{kind: 'comment', text: '-j'}]},
  {text: '-m comment --comment ""', matches: [{kind: 'comment', text: ''}]},
  {text: '-m comment --comment "a \\"b\\" \\\\ it\\\'s"', matches: [{kind: 'comment', text: 'a "b" \\ it\'s'}]},
  {text: '-m comment --comment "-j DROP ! -m"', matches: [{kind: 'comment', text: '-j DROP ! -m'}]},
  // Foreign conditions keep their text: nothing is claimed about them.
  {text: '-m addrtype --dst-type LOCAL', matches: [{kind: 'extension', module: 'addrtype', options: '--dst-type LOCAL'}]},
  {
    text: '-m socket -p tcp',
    matches: [
      {kind: 'extension', module: 'socket', options: ''},
      {kind: 'protocol', protocol: 'tcp', negated: false},
    ],
  },
  {
    text: '-m physdev ! --physdev-in eth0 ! -s 10.0.0.0/8',
    matches: [
      {kind: 'extension', module: 'physdev', options: '! --physdev-in eth0'},
      {kind: 'address', side: 'src', block: '10.0.0.0/8', negated: true},
    ],
  },
  {
    text: '-m tcp --dport 80 --tcp-flags FIN,SYN SYN',
    matches: [{kind: 'extension', module: 'tcp', options: '--dport 80 --tcp-flags FIN,SYN SYN'}],
  },
  {
    text: '-m set --match-set azure-npm-1 src --return-nomatch',
    matches: [{kind: 'extension', module: 'set', options: '--match-set azure-npm-1 src --return-nomatch'}],
  },
  {text: '-m mark --mark 0x1ffffffff', matches: [{kind: 'extension', module: 'mark', options: '--mark 0x1ffffffff'}]},
  {
    text: '-m string --string "a \\" -j DROP" --algo bm -m comment --comment b',
    matches: [
      {kind: 'extension', module: 'string', options: '--string "a \\" -j DROP" --algo bm'},
      {kind: 'comment', text: 'b'},
    ],
  },
  {text: '-f', matches: [{kind: 'extension', module: 'fragment', options: '-f'}]},
  {text: '! -f', matches: [{kind: 'extension', module: 'fragment', options: '! -f'}]},
  {text: '-j ACCEPT', target: {kind: 'verdict', verdict: 'ACCEPT'}},
  {text: '-j DROP', target: {kind: 'verdict', verdict: 'DROP'}},
  {text: '-j RETURN', target: {kind: 'verdict', verdict: 'RETURN'}},
  {text: '-j KNOWN', target: {kind: 'jump', chain: 'KNOWN', goto: false}},
  {text: '-g KNOWN', target: {kind: 'jump', chain: 'KNOWN', goto: true}},
  {text: '-j MARK --set-xmark 0x400/0x400', target: {kind: 'mark', value: 0x400, mask: 0x400}},
  {text: '-j MARK --set-xmark 0x0/0xffffffff', target: {kind: 'mark', value: 0, mask: 0xffffffff}},
  {text: '-j MARK --or-mark 0x1', target: {kind: 'extension', name: 'MARK', options: '--or-mark 0x1'}},
  {text: '-j CHAIN-OF-ANOTHER-TABLE', target: {kind: 'extension', name: 'CHAIN-OF-ANOTHER-TABLE', options: ''}},
  {
    text: '-j LOG --log-prefix "-j ACCEPT " --log-level 6',
    target: {kind: 'extension', name: 'LOG', options: '--log-prefix "-j ACCEPT " --log-level 6'},
  },
]

describe('one rule', () => {
  test.each(cases)('"$text"', ({text, matches = [], target}) => {
    const source = `-A X${text === '' ? '' : ` ${text}`}`
    const save = parse(`*filter\n:X - [0:0]\n:KNOWN - [0:0]\n${source}\nCOMMIT\n`)
    expect(save.problems).toEqual([])
    const [rule, ...others] = rulesOf(save)
    expect(others).toEqual([])
    expect(rule).toEqual({chain: 'X', position: 1, line: 4, source, matches, ...(target && {target})})
    expect(printRule(rule as Rule)).toBe(source)
  })

  test('every kind of match and target is in a case above', () => {
    expect(new Set(cases.flatMap(({matches = []}) => matches.map(({kind}) => kind)))).toEqual(new Set(matchKinds))
    expect(new Set(cases.flatMap(({target}) => (target ? [target.kind] : [])))).toEqual(new Set(targetKinds))
  })

  test.each<{written: string; printed: string}>([
    {written: '-p TCP --dport 80', printed: '-p tcp -m tcp --dport 80'},
    {written: '-p udp --sport 53:53', printed: '-p udp -m udp --sport 53'},
    {written: '-m tcp --dport :1023', printed: '-m tcp --dport 0:1023'},
    {written: '-m tcp --dport 1024:', printed: '-m tcp --dport 1024:65535'},
    {written: '-j MARK --set-mark 0x200/0x200', printed: '-j MARK --set-xmark 0x200/0x200'},
    {written: '-j MARK --set-mark 0x300/0x100', printed: '-j MARK --set-xmark 0x300/0x300'},
    {written: '-j MARK --set-mark 0x80000000/0x80000000', printed: '-j MARK --set-xmark 0x80000000/0x80000000'},
    {written: '-j MARK --set-mark 4096', printed: '-j MARK --set-xmark 0x1000/0xffffffff'},
    {written: '-j DROP  -m   comment --comment "a"', printed: '-m comment --comment a -j DROP'},
  ])('written as "$written" is printed as "$printed"', ({written, printed}) => {
    const [rule] = rulesOf(parse(`*filter\n:X - [0:0]\n-A X ${written}\nCOMMIT\n`))
    expect(printRule(rule as Rule)).toBe(`-A X ${printed}`)
  })
})

describe('a save', () => {
  const text = `# Generated by iptables-nft-save v1.8.10 (nf_tables) on Sat Nov 21 10:44:45 2026
*security
:INPUT ACCEPT [1:2]
COMMIT
*raw
:PREROUTING DROP [0:0]
COMMIT

*mangle
:KUBE-KUBELET-CANARY - [0:0]
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
[7:420] -A POSTROUTING -j MASQUERADE
COMMIT
*filter
:FORWARD ACCEPT [18446744073709551615:3]
:B - [0:0]
:A - [0:0]
-A A -j ACCEPT
[18446744073709551615:1] -A B -j DROP
-A A -j B
-A A
COMMIT
`

  test('has its tables and chains in the order in which they stand, with policies and counters', () => {
    const {tables, problems} = parse(text)
    expect(problems).toEqual([])
    const facts = [...tables.values()].map(({name, line, chains}) => ({
      name,
      line,
      chains: [...chains.values()].map(({rules, ...chain}) => ({...chain, rules: rules.map(({source}) => source)})),
    }))
    expect(facts).toEqual([
      {name: 'security', line: 2, chains: [{name: 'INPUT', policy: 'ACCEPT', packets: 1, bytes: 2, line: 3, rules: []}]},
      {name: 'raw', line: 5, chains: [{name: 'PREROUTING', policy: 'DROP', packets: 0, bytes: 0, line: 6, rules: []}]},
      {name: 'mangle', line: 9, chains: [{name: 'KUBE-KUBELET-CANARY', packets: 0, bytes: 0, line: 10, rules: []}]},
      {
        name: 'nat',
        line: 12,
        chains: [
          {name: 'POSTROUTING', policy: 'ACCEPT', packets: 0, bytes: 0, line: 13, rules: ['-A POSTROUTING -j MASQUERADE']},
        ],
      },
      {
        name: 'filter',
        line: 16,
        chains: [
          {name: 'FORWARD', policy: 'ACCEPT', packets: Number(18446744073709551615n), bytes: 3, line: 17, rules: []},
          {name: 'B', packets: 0, bytes: 0, line: 18, rules: ['-A B -j DROP']},
          {name: 'A', packets: 0, bytes: 0, line: 19, rules: ['-A A -j ACCEPT', '-A A -j B', '-A A']},
        ],
      },
    ])
  })

  test('has rules with their places, also those that stand apart; counters beyond what a number holds are left out', () => {
    const {tables} = parse(text)
    const rules = [...(tables.get('filter')?.chains.values() ?? [])].flatMap(chain => chain.rules)
    expect(rules.map(({chain, position, line, packets, bytes}) => ({chain, position, line, packets, bytes}))).toEqual([
      {chain: 'B', position: 1, line: 21, packets: undefined, bytes: undefined},
      {chain: 'A', position: 1, line: 20, packets: undefined, bytes: undefined},
      {chain: 'A', position: 2, line: 22, packets: undefined, bytes: undefined},
      {chain: 'A', position: 3, line: 23, packets: undefined, bytes: undefined},
    ])
    const [nat] = tables.get('nat')?.chains.get('POSTROUTING')?.rules ?? []
    expect(nat).toMatchObject({packets: 7, bytes: 420, source: '-A POSTROUTING -j MASQUERADE'})
    expect([printRule(nat as Rule), printRule(nat as Rule, true)]).toEqual([
      '-A POSTROUTING -j MASQUERADE',
      '[7:420] -A POSTROUTING -j MASQUERADE',
    ])
  })

  test('names whose beginning is another chain are told apart', () => {
    const {tables} = parse('*filter\n:A - [0:0]\n:AB - [0:0]\n-A A -j AB\n-A AB -j A\n-A A -j DROP\nCOMMIT\n')
    const chains = [...(tables.get('filter')?.chains.values() ?? [])]
    expect(chains.map(({rules}) => rules.map(({source}) => source))).toEqual([['-A A -j AB', '-A A -j DROP'], ['-A AB -j A']])
  })

  test('chains of one table are none in another', () => {
    const {tables} = parse('*nat\n:X - [0:0]\n-A X -j Y\nCOMMIT\n*filter\n:X - [0:0]\n:Y - [0:0]\n-A X -j Y\nCOMMIT\n')
    const target = (table: string) => tables.get(table)?.chains.get('X')?.rules[0]?.target
    expect(target('nat')).toEqual({kind: 'extension', name: 'Y', options: ''})
    expect(target('filter')).toEqual({kind: 'jump', chain: 'Y', goto: false})
  })

  test.each<{header: string; backend: string}>([
    {header: '# Generated by iptables-nft-save v1.8.9 (nf_tables) on x', backend: 'nft'},
    {header: '# Generated by iptables-save v1.8.9 (nf_tables) on x', backend: 'nft'},
    {header: '# Generated by iptables-nft-save v1.8.4 on x', backend: 'nft'},
    {header: '# Generated by xtables-save v1.8.2 on x', backend: 'nft'},
    {header: '# Generated by iptables-legacy-save v1.8.4 on x', backend: 'legacy'},
    {header: '# Generated by iptables-save v1.8.7 on x', backend: 'unknown'},
    {header: '# Generated by iptables-save v1.8.10 on x', backend: 'legacy'},
    {header: '# Generated by iptables-save v1.8.9 on x', backend: 'legacy'},
    {header: '# Generated by iptables-save v1.6.1 on x', backend: 'legacy'},
    {header: '# a remark', backend: 'unknown'},
    {header: '', backend: 'unknown'},
  ])('headed by "$header" is of the back end $backend', ({header, backend}) => {
    expect(parse(`${header}\n*filter\n:X - [0:0]\nCOMMIT\n`)).toMatchObject({backend, problems: []})
  })

  test('the output of iptables -S is read as a table of its own', () => {
    const {tables, problems} = parse('-P FORWARD ACCEPT\n-N AZURE-NPM\n-A FORWARD -j AZURE-NPM\n-A AZURE-NPM -j DROP\n')
    expect(problems.map(({code, line}) => ({code, line}))).toEqual([{code: 'LINE_OUTSIDE_TABLE', line: 1}])
    const [table, ...others] = tables.values()
    expect(others).toEqual([])
    expect(table?.name).toBe('unknown')
    expect(table?.chains.get('FORWARD')).toMatchObject({policy: 'ACCEPT', rules: [{target: {kind: 'jump', chain: 'AZURE-NPM'}}]})
    expect(table?.chains.get('AZURE-NPM')).toMatchObject({rules: [{target: {kind: 'verdict', verdict: 'DROP'}}]})
  })
})
