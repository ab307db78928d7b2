import {describe, expect, test} from 'vitest'
import {parseIpsetList} from '../../../../core/linux/ipset/parse-list.ts'
import type {ProblemCode} from '../../../../core/problem/problem.ts'
import {content, kinds, nodes, unusable} from '../../../support/linux/ipset-fixture.ts'

describe.each([...nodes, kinds])('ipset list of $name', ({list}) => {
  test('is read without problems', () => {
    expect(parseIpsetList([list]).problems).toEqual([])
  })

  test('has every member of every set, each at its line', () => {
    const lines = list.split('\n')
    for (const {entries, members} of parseIpsetList([list]).sets) {
      expect(members.length).toBe(entries)
      expect(members.filter(({entry, line}) => !lines[line - 1]?.startsWith(entry))).toEqual([])
    }
  })

  test('is read alike with carriage returns, without blank lines, and cut into pieces at any line', () => {
    const sets = content(parseIpsetList([list]).sets)
    for (const text of [[list.replaceAll('\n', '\r\n')], [list.replaceAll(/\n\n+/g, '\n')], list.split(/(?<=\n)/)]) {
      const parsed = parseIpsetList(text)
      expect(parsed.problems).toEqual([])
      expect(content(parsed.sets)).toEqual(sets)
    }
  })
})

test.each(nodes)('ipset list of $name is read alike with twice the line feeds', ({list}) => {
  const {sets, problems} = parseIpsetList([list.replaceAll('\n', '\n\n')])
  expect(problems).toEqual([])
  expect(content(sets)).toEqual(content(parseIpsetList([list]).sets))
})

test('what ipset tells of a set itself is read', () => {
  const [set] = parseIpsetList([kinds.list]).sets
  expect(set).toEqual({
    name: 'two words',
    type: 'hash:net',
    header: new Map([
      ['family', 'inet'],
      ['hashsize', '1024'],
      ['maxelem', '65536'],
      ['bucketsize', '12'],
      ['initval', '0xd50faa22'],
    ]),
    revision: 7,
    sizeBytes: 504,
    references: 1,
    entries: 1,
    members: [{entry: '10.0.0.0/8', nomatch: false, line: 9}],
    line: 1,
  })
})

test('members with all kinds of words behind them are read', () => {
  const members = parseIpsetList([kinds.list]).sets.find(({name}) => name === 'iface')?.members
  expect(members).toEqual([
    {entry: '10.0.0.0/8,physdev:eth0', nomatch: true, extra: 'timeout 0 packets 3 bytes 180 comment "ends in \\"', line: 47},
    {
      entry: '10.0.0.0/9,eth0',
      nomatch: false,
      extra: 'timeout 0 wildcard packets 0 bytes 0 comment "the word nomatch"',
      line: 48,
    },
  ])
})

test('a list without members (-t) has the same sets and no problems', () => {
  const {sets, problems} = parseIpsetList([kinds.terse])
  const whole = parseIpsetList([kinds.list]).sets
  expect(problems).toEqual([])
  const facts = (all: typeof sets) => all.map(set => ({...set, members: [], line: 0}))
  expect(facts(sets)).toEqual(facts(whole))
  expect(sets.flatMap(({members}) => members)).toEqual([])
})

test('the fewer lines and options of ipset 6 are no problem', () => {
  const text = [
    'Name: old',
    'Type: hash:net',
    'Revision: 3',
    'Header: family inet hashsize 1024 maxelem 65536 ',
    'Size in memory: 16816',
    'References: 0',
    'Members:',
    '10.0.0.0/8',
    '10.1.0.0/16 nomatch',
    '',
    'Name: lists',
    'Type: list:set',
    'Revision: 2',
    'Header: size 8',
    'Size in memory: 128',
    'References: 0',
    'Members:',
    'old',
    '',
  ]
  const {sets, problems} = parseIpsetList([text.join('\n')])
  expect(problems).toEqual([])
  expect(sets.map(({name, type, entries, members}) => [name, type, entries, members.length])).toEqual([
    ['old', 'hash:net', undefined, 2],
    ['lists', 'list:set', undefined, 1],
  ])
  expect(sets[0]?.header).toEqual(
    new Map([
      ['family', 'inet'],
      ['hashsize', '1024'],
      ['maxelem', '65536'],
    ]),
  )
})

/** Two sets of two members each; the second is a list of the first and of itself under another name. */
const two = [
  'Name: first',
  'Type: hash:ip',
  'Revision: 6',
  'Header: family inet hashsize 1024 maxelem 65536',
  'Size in memory: 296',
  'References: 1',
  'Number of entries: 2',
  'Members:',
  '10.0.0.1',
  '10.0.0.2',
  '',
  'Name: second',
  'Type: list:set',
  'Revision: 3',
  'Header: size 8',
  'Size in memory: 128',
  'References: 0',
  'Number of entries: 2',
  'Members:',
  'first',
  'other',
  '',
]
/** The two sets with one line, from 1, replaced by others. */
const changed = (line: number, ...others: string[]): string => two.toSpliced(line - 1, 1, ...others).join('\n')

interface Damage {
  readonly name: string
  readonly text: string
  readonly problems: {code: ProblemCode; line: number; column: number}[]
  /** Names, types and entries of what is still read. */
  readonly sets: string[]
}

const first = 'first hash:ip 10.0.0.1 10.0.0.2'
const second = 'second list:set first other'

const damages: Damage[] = [
  {name: 'an empty text is a node without sets', text: '', problems: [], sets: []},
  {name: 'the undamaged text has no problems', text: two.join('\n'), problems: [], sets: [first, second]},
  {
    name: 'lines before the first set make one problem',
    text: ['$ ipset list', 'something', ...two].join('\n'),
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 1, column: 1}],
    sets: [first, second],
  },
  {
    name: 'a missing member is told by the number of entries',
    text: changed(9),
    problems: [{code: 'TRUNCATED_FILE', line: 7, column: 1}],
    sets: ['first hash:ip 10.0.0.2', second],
  },
  {
    name: 'a member too many is told by the number of entries',
    text: changed(9, '10.0.0.1', '10.0.0.3'),
    problems: [{code: 'TRUNCATED_FILE', line: 7, column: 1}],
    sets: ['first hash:ip 10.0.0.1 10.0.0.3 10.0.0.2', second],
  },
  {
    name: 'fewer members are usual in a set with timeouts',
    text: changed(4, 'Header: family inet timeout 30').replace('10.0.0.1\n', ''),
    problems: [],
    sets: ['first hash:ip 10.0.0.2', second],
  },
  {
    name: 'a damaged name line does not give its members to the set before it',
    text: changed(12, 'Nbme: second'),
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 12, column: 1}],
    sets: [first],
  },
  {
    name: 'a missing name line does not give its members to the set before it',
    text: changed(12),
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 12, column: 1}],
    sets: [first],
  },
  {
    name: 'a missing name and blank line do not give their members to the set before them',
    text: two.toSpliced(10, 2).join('\n'),
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 11, column: 1}],
    sets: [first],
  },
  {
    name: 'without members too, a missing name line does not change the set before it',
    text: two.filter((_each, index) => ![7, 8, 9, 11, 18, 19, 20].includes(index)).join('\n'),
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 9, column: 1}],
    sets: ['first hash:ip'],
  },
  {
    name: 'an empty name is a missing one',
    text: changed(12, 'Name: '),
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 12, column: 7}],
    sets: [first],
  },
  {
    name: 'a set without its type keeps its members',
    text: changed(2),
    problems: [{code: 'BAD_HEADER', line: 1, column: 1}],
    sets: ['first unknown 10.0.0.1 10.0.0.2', second],
  },
  {
    name: 'a line that no set has is skipped',
    text: changed(5, 'Size on moon: 3'),
    problems: [
      {code: 'UNKNOWN_LINE', line: 5, column: 1},
      {code: 'BAD_HEADER', line: 1, column: 1},
    ],
    sets: [first, second],
  },
  {
    name: 'a number that is none is told',
    text: changed(3, 'Revision: six'),
    problems: [{code: 'BAD_HEADER', line: 3, column: 10}],
    sets: [first, second],
  },
  {
    name: 'an option without a value is told',
    text: changed(15, 'Header: size'),
    problems: [{code: 'BAD_HEADER', line: 15, column: 9}],
    sets: [first, second],
  },
  {
    name: 'a file that is cut in the head of a set is told by what other sets have',
    text: `${two.slice(0, 14).join('\n')}\n`,
    problems: [{code: 'BAD_HEADER', line: 12, column: 1}],
    sets: [first, 'second list:set'],
  },
  {
    name: 'a file that is cut in a member is told twice, by its end and by the number of entries',
    text: two.slice(0, 20).join('\n'),
    problems: [
      {code: 'TRUNCATED_FILE', line: 20, column: 6},
      {code: 'TRUNCATED_FILE', line: 18, column: 1},
    ],
    sets: [first, 'second list:set first'],
  },
  {
    name: 'a set that is listed twice keeps its first type and all members',
    text: [...two, ...two.slice(0, 11).with(1, 'Type: hash:net')].join('\n'),
    problems: [{code: 'DUPLICATE_SET', line: 23, column: 7}],
    sets: ['first hash:ip 10.0.0.1 10.0.0.2 10.0.0.1 10.0.0.2', second],
  },
  {
    name: 'a comment with a line feed is told where it begins',
    text: changed(9, '10.0.0.1 comment "x', 'y"'),
    problems: [
      {code: 'BAD_MEMBER', line: 9, column: 18},
      {code: 'TRUNCATED_FILE', line: 7, column: 1},
    ],
    sets: ['first hash:ip 10.0.0.1 y" 10.0.0.2', second],
  },
  {
    name: 'a line without end is skipped and missed',
    text: changed(9, '1'.repeat(10_000_000)),
    problems: [
      {code: 'LINE_TOO_LONG', line: 9, column: 65_537},
      {code: 'TRUNCATED_FILE', line: 7, column: 1},
    ],
    sets: ['first hash:ip 10.0.0.2', second],
  },
]

test.each(damages)('$name', ({text, problems, sets}) => {
  const parsed = parseIpsetList([text], 'list.txt')
  expect(parsed.problems.map(({code, line, column}) => ({code, line, column}))).toEqual(problems)
  expect(unusable(parsed.problems, 'list.txt')).toEqual([])
  expect(parsed.sets.map(set => [set.name, set.type, ...set.members.map(({entry}) => entry)].join(' '))).toEqual(sets)
})

test('every problem that ipset list can have is in a case above', () => {
  const all: ProblemCode[] = [
    'BAD_HEADER',
    'BAD_MEMBER',
    'DUPLICATE_SET',
    'LINE_TOO_LONG',
    'MEMBER_OUTSIDE_SET',
    'TRUNCATED_FILE',
    'UNKNOWN_LINE',
  ]
  expect(new Set(damages.flatMap(({problems}) => problems.map(({code}) => code)))).toEqual(new Set(all))
})

test('a damaged file of many lines makes few problems', () => {
  const {problems} = parseIpsetList(['Name: a\nnothing\n\n'.repeat(50_000)])
  expect(problems.length).toBeLessThan(100)
})
