import {describe, expect, test} from 'vitest'
import type {Match, Rule, Target} from '../../../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {printRule} from '../../../../core/linux/iptables/print.ts'
import type {ProblemCode} from '../../../../core/problem/problem.ts'
import {problemText} from '../../../../core/problem/problem-text.ts'
import {unusable} from '../../../support/linux/ipset-fixture.ts'

interface Damage {
  readonly name: string
  readonly text: string
  readonly problems: {code: ProblemCode; line: number; column: number}[]
  /** The rules that are read, each behind its table. */
  readonly rules: string[]
}

const HEAD = '*filter\n:X - [0:0]\n'

const damages: Damage[] = [
  {name: 'an empty text is a node without tables', text: '', problems: [], rules: []},
  {name: 'blank lines and remarks are nothing to tell', text: `\n# x\n${HEAD}\n  \nCOMMIT\n# y\n`, problems: [], rules: []},
  {
    name: 'a line of another tool is skipped',
    text: `$ sudo iptables-save\n${HEAD}[0:0] nothing\n-A X -j DROP\n-I X -j DROP\nCOMMIT\n`,
    problems: [
      {code: 'UNKNOWN_LINE', line: 1, column: 1},
      {code: 'UNKNOWN_LINE', line: 4, column: 1},
      {code: 'UNKNOWN_LINE', line: 6, column: 1},
    ],
    rules: ['filter -A X -j DROP'],
  },
  {
    name: 'a chain line without a name, or with a policy of two words, is skipped',
    text: `${HEAD}: - [0:0]\n:Y two words [0:0]\nCOMMIT\n`,
    problems: [
      {code: 'UNKNOWN_LINE', line: 3, column: 1},
      {code: 'UNKNOWN_LINE', line: 4, column: 1},
    ],
    rules: [],
  },
  {
    name: 'rules without a table are a table of their own',
    text: '-A X -j DROP\n-A Y -j DROP\n*filter\n:X - [0:0]\nCOMMIT\n',
    problems: [{code: 'LINE_OUTSIDE_TABLE', line: 1, column: 1}],
    rules: ['unknown -A X -j DROP', 'unknown -A Y -j DROP'],
  },
  {
    name: 'a rule behind the end of its table is not of that table',
    text: `${HEAD}-A X -j ACCEPT\nCOMMIT\n-A X -j DROP\n`,
    problems: [{code: 'LINE_OUTSIDE_TABLE', line: 5, column: 1}],
    rules: ['filter -A X -j ACCEPT', 'unknown -A X -j DROP'],
  },
  {
    name: 'a chain behind the end of its table is not of that table',
    text: `${HEAD}COMMIT\n:Y - [0:0]\n`,
    problems: [{code: 'LINE_OUTSIDE_TABLE', line: 4, column: 1}],
    rules: [],
  },
  {
    name: 'a rule of a chain that nobody declared is kept, and told once for each chain',
    text: `${HEAD}[1:2] -A Y -j DROP\n-A Y -j ACCEPT\nCOMMIT\n`,
    problems: [{code: 'RULE_OUTSIDE_CHAIN', line: 3, column: 10}],
    rules: ['filter -A Y -j DROP', 'filter -A Y -j ACCEPT'],
  },
  {
    name: 'the place of such a rule is that of its chain, whose name may be anywhere else or nowhere',
    text: '*filter\n-A \n-A A -j DROP\n-A j -j DROP\nCOMMIT\n',
    problems: [
      {code: 'RULE_OUTSIDE_CHAIN', line: 2, column: 4},
      {code: 'RULE_OUTSIDE_CHAIN', line: 3, column: 4},
      {code: 'RULE_OUTSIDE_CHAIN', line: 4, column: 4},
    ],
    rules: ['filter -A ', 'filter -A A -j DROP', 'filter -A j -j DROP'],
  },
  {
    name: 'a word that belongs to nothing spoils its rule only',
    text: `${HEAD}-A X -p tcp --nonsense -j DROP\n-A X -j ACCEPT\nCOMMIT\n`,
    problems: [{code: 'BAD_RULE', line: 3, column: 13}],
    rules: ['filter -A X -p tcp --nonsense -j DROP', 'filter -A X -j ACCEPT'],
  },
  {
    name: 'columns count from the start of the line, counters included',
    text: `${HEAD}[12:345] -A X -p tcp --nonsense\nCOMMIT\n`,
    problems: [{code: 'BAD_RULE', line: 3, column: 22}],
    rules: ['filter -A X -p tcp --nonsense'],
  },
  {
    name: 'an option without its value is told where the line ends',
    text: `${HEAD}-A X -j\n-A X -m comment --comment\n-A X -m set --match-set a\nCOMMIT\n`,
    problems: [
      {code: 'BAD_RULE', line: 3, column: 8},
      {code: 'BAD_RULE', line: 4, column: 26},
      {code: 'BAD_RULE', line: 5, column: 26},
    ],
    rules: ['filter -A X -j', 'filter -A X -m comment --comment', 'filter -A X -m set --match-set a'],
  },
  {
    name: 'a quote that is not closed is told where the line ends',
    text: `${HEAD}-A X -m comment --comment "half\n-A X -j LOG --log-prefix "half \\"\nCOMMIT\n`,
    problems: [
      {code: 'BAD_RULE', line: 3, column: 32},
      {code: 'BAD_RULE', line: 4, column: 34},
    ],
    rules: ['filter -A X -m comment --comment "half', 'filter -A X -j LOG --log-prefix "half \\"'],
  },
  {
    name: 'a port that is none is told where it stands',
    text: `${HEAD}-A X -p tcp -m tcp --dport http\n-A X -p tcp --dport 65536\n-A X -p tcp --sport 1:2:3\nCOMMIT\n`,
    problems: [
      {code: 'BAD_RULE', line: 3, column: 28},
      {code: 'BAD_RULE', line: 4, column: 21},
      {code: 'BAD_RULE', line: 5, column: 21},
    ],
    rules: ['filter -A X -p tcp -m tcp --dport http', 'filter -A X -p tcp --dport 65536', 'filter -A X -p tcp --sport 1:2:3'],
  },
  {
    name: 'a table that iptables does not have is read and told',
    text: '*fliter\n:X - [0:0]\n-A X -j DROP\nCOMMIT\n',
    problems: [{code: 'UNKNOWN_TABLE', line: 1, column: 2}],
    rules: ['fliter -A X -j DROP'],
  },
  {
    name: 'two saves in one file are read as one, and told',
    text: `${HEAD}-A X -j DROP\nCOMMIT\n${HEAD}-A X -j ACCEPT\nCOMMIT\n`,
    problems: [{code: 'DUPLICATE_TABLE', line: 5, column: 1}],
    rules: ['filter -A X -j DROP', 'filter -A X -j ACCEPT'],
  },
  {
    name: 'a file that ends behind a whole line is doubted',
    text: `${HEAD}-A X -j DROP\n`,
    problems: [{code: 'TRUNCATED_FILE', line: 3, column: 13}],
    rules: ['filter -A X -j DROP'],
  },
  {
    name: 'a file that ends within a line is doubted',
    text: `${HEAD}-A X -j DR`,
    problems: [{code: 'TRUNCATED_FILE', line: 3, column: 11}],
    rules: [],
  },
  {
    name: 'a file that ends within the last word is doubted',
    text: `${HEAD}-A X -j DROP\r\nCOMM`,
    problems: [{code: 'TRUNCATED_FILE', line: 4, column: 5}],
    rules: ['filter -A X -j DROP'],
  },
  {
    name: 'a line without end is skipped, whatever it begins with',
    text: `${HEAD}-A X -m comment --comment ${'c'.repeat(10_000_000)}\n${'x'.repeat(70_000)}\n-A X -j DROP\nCOMMIT\n`,
    problems: [
      {code: 'LINE_TOO_LONG', line: 3, column: 65_536},
      {code: 'LINE_TOO_LONG', line: 4, column: 65_536},
    ],
    rules: ['filter -A X -j DROP'],
  },
  {
    name: 'zero bytes are no rules',
    text: `\0\0\0\0\n${HEAD}-A X -j DROP\n\0\nCOMMIT\n`,
    problems: [
      {code: 'UNKNOWN_LINE', line: 1, column: 1},
      {code: 'UNKNOWN_LINE', line: 5, column: 1},
    ],
    rules: ['filter -A X -j DROP'],
  },
]

const parse = (text: string) => parseIptablesSave([text], 'save.txt')

describe('damaged saves', () => {
  test.each(damages)('$name', ({text, problems, rules}) => {
    const save = parse(text)
    expect(save.problems.map(({code, line, column}) => ({code, line, column}))).toEqual(problems)
    expect(unusable(save.problems, 'save.txt')).toEqual([])
    const read = [...save.tables.values()].flatMap(table =>
      [...table.chains.values()].flatMap(chain => chain.rules.map(({source}) => `${table.name} ${source}`)),
    )
    expect(read).toEqual(rules)
  })

  test('every problem that a save can have is in a case above', () => {
    const all: ProblemCode[] = [
      'BAD_RULE',
      'DUPLICATE_TABLE',
      'LINE_OUTSIDE_TABLE',
      'LINE_TOO_LONG',
      'RULE_OUTSIDE_CHAIN',
      'TRUNCATED_FILE',
      'UNKNOWN_LINE',
      'UNKNOWN_TABLE',
    ]
    expect(new Set(damages.flatMap(({problems}) => problems.map(({code}) => code)))).toEqual(new Set(all))
  })
})

test.each<{what: string; text: string; matches: Match[]; target?: Target}>([
  {
    what: 'a word that belongs to nothing',
    text: '-p tcp --nonsense 7 -j DROP',
    matches: [
      {kind: 'protocol', protocol: 'tcp', negated: false},
      {kind: 'extension', module: '', options: '--nonsense 7'},
    ],
    target: {kind: 'verdict', verdict: 'DROP'},
  },
  {
    what: 'a value that is none, of a match that is negated',
    text: '-m tcp ! --dport http -m mark --mark 0x1 -j DROP',
    matches: [
      {kind: 'extension', module: '', options: '-m tcp ! --dport http'},
      {kind: 'mark', value: 1, mask: 0xffffffff, negated: false},
    ],
    target: {kind: 'verdict', verdict: 'DROP'},
  },
  {
    what: 'a quote that is not closed',
    text: '-p tcp -m comment --comment "half -j DROP',
    matches: [
      {kind: 'protocol', protocol: 'tcp', negated: false},
      {kind: 'extension', module: '', options: '-m comment --comment "half -j DROP'},
    ],
  },
  {
    what: 'a target with a quote that is not closed',
    text: '-j LOG --log-prefix "half',
    matches: [{kind: 'extension', module: '', options: '-j LOG --log-prefix "half'}],
  },
  {
    what: 'two words, of which the first is told',
    text: '! --one --two -j DROP',
    matches: [{kind: 'extension', module: '', options: '! --one --two'}],
    target: {kind: 'verdict', verdict: 'DROP'},
  },
  {
    what: 'two words apart, of which the first is told',
    text: '--one -p tcp --two -j DROP',
    matches: [
      {kind: 'extension', module: '', options: '--one'},
      {kind: 'protocol', protocol: 'tcp', negated: false},
      {kind: 'extension', module: '', options: '--two'},
    ],
    target: {kind: 'verdict', verdict: 'DROP'},
  },
  {
    what: 'a negation before a match as a whole',
    text: '! -m set --match-set azure-npm-1 src -j DROP',
    matches: [{kind: 'extension', module: '', options: '! -m set --match-set azure-npm-1 src'}],
    target: {kind: 'verdict', verdict: 'DROP'},
  },
  {what: 'a negated jump', text: '! -j DROP', matches: [{kind: 'extension', module: '', options: '! -j DROP'}]},
  {what: 'a negated goto', text: '! -g X', matches: [{kind: 'extension', module: '', options: '! -g X'}]},
  {what: 'a negated option without its value', text: '! -p', matches: [{kind: 'extension', module: '', options: '! -p'}]},
  {
    what: 'a negation of nothing',
    text: '-p tcp !',
    matches: [
      {kind: 'protocol', protocol: 'tcp', negated: false},
      {kind: 'extension', module: '', options: '!'},
    ],
  },
])('of a rule with $what only the damaged part is unknown, and the rule prints as it was', ({text, matches, target}) => {
  const {tables, problems} = parse(`${HEAD}-A X ${text}\nCOMMIT\n`)
  const rule = tables.get('filter')?.chains.get('X')?.rules[0] as Rule
  expect(problems.map(({code}) => code)).toEqual(['BAD_RULE'])
  const first = matches.find(({kind}) => kind === 'extension')
  const start = text.indexOf(first?.kind === 'extension' ? first.options : '') + '-A X '.length
  expect(problems[0]?.column).toBeGreaterThan(start)
  expect(problems[0]?.column).toBeLessThanOrEqual(start + (first?.kind === 'extension' ? first.options.length : 0) + 1)
  expect({matches: rule.matches, target: rule.target}).toEqual({matches, target})
  expect(printRule(rule)).toBe(`-A X ${text}`)
})

test('a problem shows the line with a mark below the place, and what to do', () => {
  const [problem, ...others] = parse(`${HEAD}[0:0] -A X -p tcp --dport \u001b[2J -j DROP\nCOMMIT\n`).problems
  expect(others).toEqual([])
  expect(problem && problemText(problem)).toBe(
    [
      'save.txt:3:27: rule 1 of chain X: "\\x1b[2J" is no port or range of ports',
      '  [0:0] -A X -p tcp --dport \\x1b[2J -j DROP',
      '                            ^',
      '  The rule is kept, but whether it matches a packet is unknown. Take the save again with iptables-save -c.',
    ].join('\n'),
  )
})

test('a damaged file of many lines makes few problems', () => {
  const {problems} = parse(`${HEAD}${'nothing\n-A X --bad\n'.repeat(20_000)}COMMIT\n`)
  expect(problems.length).toBeLessThan(100)
  expect(problems.filter(({message}) => message === '19980 more problems of this kind are not shown').length).toBe(2)
})
