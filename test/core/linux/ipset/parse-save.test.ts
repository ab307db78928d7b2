import {describe, expect, test} from 'vitest'
import type {Member} from '../../../../core/linux/ipset/model.ts'
import {parseIpsetList} from '../../../../core/linux/ipset/parse-list.ts'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import type {ProblemCode} from '../../../../core/problem/problem.ts'
import {content, kinds, nodes, unusable} from '../../../support/linux/ipset-fixture.ts'

describe.each([...nodes, kinds])('ipset save of $name', ({save, list}) => {
  test('is read without problems', () => {
    expect(parseIpsetSave([save]).problems).toEqual([])
  })

  test('has every line in the set it names', () => {
    const lines = save.split('\n')
    const read = parseIpsetSave([save]).sets.flatMap(set => [
      {line: set.line, start: `create ${set.name} ${set.type}`},
      ...set.members.map(member => ({line: member.line, start: `add ${set.name} ${member.entry}`})),
    ])
    expect(read.filter(({line, start}) => !lines[line - 1]?.startsWith(start))).toEqual([])
    expect(read.map(({line}) => line).toSorted((a, b) => a - b)).toEqual(lines.slice(0, -1).map((_, index) => index + 1))
  })

  test('has the same sets and members as ipset list', () => {
    expect(content(parseIpsetSave([save]).sets)).toEqual(content(parseIpsetList([list]).sets))
  })

  test('is read alike with carriage returns, blank lines and comments, and cut into pieces at any line', () => {
    const sets = content(parseIpsetSave([save]).sets)
    const lines = save.split(/(?<=\n)/)
    for (const text of [[save.replaceAll('\n', '\r\n')], [save.replaceAll('\n', '\n\n# add to nothing\n \t\n')], lines]) {
      const parsed = parseIpsetSave(text)
      expect(parsed.problems).toEqual([])
      expect(content(parsed.sets)).toEqual(sets)
    }
  })
})

test.each<{name: string; line: string; member: Omit<Member, 'nomatch' | 'line'> & {nomatch?: boolean}; type?: string}>([
  {name: 'an address', line: 'add s 10.0.0.1', member: {entry: '10.0.0.1'}},
  {name: 'a block that is excluded', line: 'add s 10.0.0.0/8 nomatch', member: {entry: '10.0.0.0/8', nomatch: true}},
  {
    name: 'excluded behind a timeout',
    line: 'add s 10.0.0.1 timeout 19 nomatch',
    member: {entry: '10.0.0.1', nomatch: true, extra: 'timeout 19'},
  },
  {
    name: 'excluded between other words',
    line: 'add s 10.0.0.0/8,physdev:eth0 timeout 19 nomatch packets 3 bytes 180 comment "a  b"',
    member: {entry: '10.0.0.0/8,physdev:eth0', nomatch: true, extra: 'timeout 19 packets 3 bytes 180 comment "a  b"'},
  },
  {
    name: 'commented with the word nomatch, which excludes nothing',
    line: 'add s 10.0.0.1 comment "a nomatch b"',
    member: {entry: '10.0.0.1', extra: 'comment "a nomatch b"'},
  },
  {
    name: 'commented with nothing but the word nomatch',
    line: 'add s 10.0.0.1 comment " nomatch "',
    member: {entry: '10.0.0.1', extra: 'comment " nomatch "'},
  },
  {
    name: 'commented with a backslash, which escapes nothing',
    line: 'add s 10.0.0.1 comment "a\\" nomatch',
    member: {entry: '10.0.0.1', nomatch: true, extra: 'comment "a\\"'},
  },
  {name: 'protocol and port', line: 'add s 10.0.0.1,tcp:8080', member: {entry: '10.0.0.1,tcp:8080'}},
  {name: 'an IPv6 block', line: 'add s fe80::/64', member: {entry: 'fe80::/64'}},
  {
    name: 'marked',
    line: 'add s 80 skbmark 0x1/0xff skbprio 1:2 skbqueue 3',
    member: {entry: '80', extra: 'skbmark 0x1/0xff skbprio 1:2 skbqueue 3'},
  },
  {name: 'the name of another set', line: 'add s azure-npm-1', member: {entry: 'azure-npm-1'}, type: 'list:set'},
  {
    name: 'a name with blanks as printed',
    line: 'add s two words timeout 3',
    member: {entry: 'two words', extra: 'timeout 3'},
    type: 'list:set',
  },
  {name: 'a name with blanks in quotes', line: 'add s "two words"', member: {entry: 'two words'}, type: 'list:set'},
  {name: 'a name that holds a quote', line: 'add s quo"te', member: {entry: 'quo"te'}, type: 'list:set'},
  {
    name: 'written with blanks and tabs around words',
    line: ' \tadd  s\t 10.0.0.1 \t nomatch ',
    member: {entry: '10.0.0.1', nomatch: true},
  },
])('a member can be $name', ({line, member, type = 'hash:net'}) => {
  const {sets, problems} = parseIpsetSave([`create two words hash:net\ncreate s ${type}\n${line}\n`])
  expect(problems).toEqual([])
  expect(sets[1]?.members).toEqual([{nomatch: false, ...member, line: 3}])
})

test.each<{line: string; name: string; type: string; header: [string, string][]}>([
  {line: 'create s hash:net', name: 's', type: 'hash:net', header: []},
  {
    line: 'create s hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x302cca67',
    name: 's',
    type: 'hash:net',
    header: [
      ['family', 'inet'],
      ['hashsize', '1024'],
      ['maxelem', '65536'],
      ['bucketsize', '12'],
      ['initval', '0x302cca67'],
    ],
  },
  {
    line: 'create s hash:ip,port counters comment forceadd timeout 0 skbinfo nomatch maxelem 9',
    name: 's',
    type: 'hash:ip,port',
    header: [
      ['counters', ''],
      ['comment', ''],
      ['forceadd', ''],
      ['timeout', '0'],
      ['skbinfo', ''],
      ['nomatch', ''],
      ['maxelem', '9'],
    ],
  },
  {line: 'create s list:set size 8', name: 's', type: 'list:set', header: [['size', '8']]},
  {line: 'create s future:kind', name: 's', type: 'future:kind', header: []},
  {line: 'create two  words bitmap:port range 1-9', name: 'two  words', type: 'bitmap:port', header: [['range', '1-9']]},
  {line: 'create "two words" future:kind', name: 'two words', type: 'future:kind', header: []},
  {line: 'create quo"te hash:net', name: 'quo"te', type: 'hash:net', header: []},
  {line: 'create hash:net hash:ip', name: 'hash:net', type: 'hash:ip', header: []},
  {line: 'create #-ü"\' list:set', name: '#-ü"\'', type: 'list:set', header: []},
])('$line: name, type and options are read', ({line, name, type, header}) => {
  const {sets, problems} = parseIpsetSave([`${line}\n`])
  expect(problems).toEqual([])
  expect(sets).toEqual([{name, type, header: new Map(header), members: [], line: 1}])
})

interface Damage {
  readonly name: string
  readonly text: string
  readonly problems: {code: ProblemCode; line: number; column: number}[]
  /** Names, types and entries of what is still read. */
  readonly sets: string[]
}

const damages: Damage[] = [
  {name: 'an empty text is a node without sets', text: '', problems: [], sets: []},
  {name: 'the COMMIT of old ipset is nothing to tell', text: 'create a hash:ip\nCOMMIT\n', problems: [], sets: ['a hash:ip']},
  {
    name: 'a line of another tool is skipped',
    text: 'create a hash:ip\n$ sudo ipset save\nadd a 1\n',
    problems: [{code: 'UNKNOWN_LINE', line: 2, column: 1}],
    sets: ['a hash:ip 1'],
  },
  {
    name: 'members without a create line make one problem and a set of unknown type',
    text: 'add a 1\nadd a 2\ncreate b hash:ip\nadd a 3\n',
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 1, column: 5}],
    sets: ['a unknown 1 2 3', 'b hash:ip'],
  },
  {
    name: 'members before their create line are in the set it creates',
    text: 'add a 1\ncreate a hash:ip maxelem 9\nadd a 2\n',
    problems: [{code: 'MEMBER_OUTSIDE_SET', line: 1, column: 5}],
    sets: ['a hash:ip 1 2'],
  },
  {
    name: 'a set that is created twice keeps its first type and all members',
    text: 'create a hash:ip\nadd a 1\ncreate a hash:net\nadd a 2\ncreate a hash:net\n',
    problems: [
      {code: 'DUPLICATE_SET', line: 3, column: 8},
      {code: 'DUPLICATE_SET', line: 5, column: 8},
    ],
    sets: ['a hash:ip 1 2'],
  },
  {
    name: 'a set without a type keeps its members',
    text: 'create a\nadd a 1\n',
    problems: [{code: 'BAD_HEADER', line: 1, column: 9}],
    sets: ['a unknown 1'],
  },
  {name: 'a set without a name is skipped', text: 'create \n', problems: [{code: 'BAD_HEADER', line: 1, column: 8}], sets: []},
  {
    name: 'an option without its value is named',
    text: 'create a hash:ip family inet maxelem\n',
    problems: [{code: 'BAD_HEADER', line: 1, column: 30}],
    sets: ['a hash:ip'],
  },
  {
    name: 'an option that stands twice is named',
    text: 'create a hash:ip maxelem 1 maxelem 2\n',
    problems: [{code: 'BAD_HEADER', line: 1, column: 28}],
    sets: ['a hash:ip'],
  },
  {
    name: 'a member line without a member is skipped, in a set, elsewhere and without a name',
    text: 'create a hash:ip\nadd a \nadd b\nadd\n',
    problems: [
      {code: 'BAD_MEMBER', line: 2, column: 7},
      {code: 'BAD_MEMBER', line: 3, column: 6},
      {code: 'BAD_MEMBER', line: 4, column: 4},
    ],
    sets: ['a hash:ip'],
  },
  {
    name: 'a comment with a line feed is told where it begins',
    text: 'create a hash:ip comment\nadd a 1 comment "x\ny"\nadd a 2\n',
    problems: [
      {code: 'BAD_MEMBER', line: 2, column: 17},
      {code: 'UNKNOWN_LINE', line: 3, column: 1},
    ],
    sets: ['a hash:ip 1 2'],
  },
  {
    name: 'a last line without a line feed is read and doubted',
    text: 'create a hash:ip\nadd a 10.0.0.1',
    problems: [{code: 'TRUNCATED_FILE', line: 2, column: 15}],
    sets: ['a hash:ip 10.0.0.1'],
  },
  {
    name: 'a file that is cut between carriage return and line feed is told',
    text: 'create a hash:ip\r\nadd a 1\r',
    problems: [{code: 'TRUNCATED_FILE', line: 2, column: 8}],
    sets: ['a hash:ip 1'],
  },
  {
    name: 'a line without end is skipped and shown cut',
    text: `create a hash:ip\nadd a ${'1'.repeat(10_000_000)}\nadd a 2\n`,
    problems: [{code: 'LINE_TOO_LONG', line: 2, column: 65_537}],
    sets: ['a hash:ip 2'],
  },
]

test.each(damages)('$name', ({text, problems, sets}) => {
  const parsed = parseIpsetSave([text], 'save.txt')
  expect(parsed.problems.map(({code, line, column}) => ({code, line, column}))).toEqual(problems)
  expect(unusable(parsed.problems, 'save.txt')).toEqual([])
  expect(parsed.sets.map(set => [set.name, set.type, ...set.members.map(({entry}) => entry)].join(' '))).toEqual(sets)
})

test('every problem that ipset save can have is in a case above', () => {
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

test('a problem shows the line, where it is, and what to do', () => {
  expect(parseIpsetSave(['create a hash:ip\nadd b 1\n'], 'save.txt').problems).toEqual([
    {
      code: 'MEMBER_OUTSIDE_SET',
      file: 'save.txt',
      line: 2,
      column: 5,
      text: 'add b 1',
      message: 'set "b" has members but no "create" line before them: its type is unknown unless one follows',
      next: 'Its members are read. Check that the dump is complete: ipset save prints each set before its members.',
    },
  ])
})

test('a set whose create line follows later gets its type, options and line from it', () => {
  const [set] = parseIpsetSave(['add a 1\ncreate a hash:ip maxelem 9\n']).sets
  expect(set).toMatchObject({type: 'hash:ip', line: 2, header: new Map([['maxelem', '9']])})
})

test('a damaged file of many lines makes few problems', () => {
  const {problems} = parseIpsetSave(['nothing\nadd\n'.repeat(50_000)])
  expect(problems.length).toBeLessThan(100)
  expect(problems.filter(({message}) => message.includes('more problems')).length).toBe(2)
})

test('sets of other names that begin alike are told apart', () => {
  const text = 'create a hash:ip\nadd a 1\ncreate ab hash:ip\nadd ab 2\nadd a 3\nadd ab 4\n'
  expect(parseIpsetSave([text]).sets.map(({members}) => members.map(({entry}) => entry))).toEqual([
    ['1', '3'],
    ['2', '4'],
  ])
})
