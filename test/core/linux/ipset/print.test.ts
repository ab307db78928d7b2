import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {MatchSet} from '../../../../core/linux/ipset/model.ts'
import {parseIpsetList} from '../../../../core/linux/ipset/parse-list.ts'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import {printIpsetSave} from '../../../../core/linux/ipset/print.ts'
import {anySets} from '../../../support/linux/arbitrary-sets.ts'
import {content, kinds, nodes} from '../../../support/linux/ipset-fixture.ts'

const print = (sets: Iterable<MatchSet>): string => [...printIpsetSave(sets)].join('')
const listsLast = (sets: readonly MatchSet[]): MatchSet[] => {
  const isList = (set: MatchSet) => set.type === 'list:set'
  return [...sets.filter(set => !isList(set)), ...sets.filter(isList)]
}

describe.each(nodes)('the sets of $name', ({save, list}) => {
  test('print as ipset save did', () => {
    expect(print(parseIpsetSave([save]).sets)).toBe(save)
  })

  test('print as ipset save did when they were read from ipset list', () => {
    expect(print(parseIpsetList([list]).sets)).toBe(save)
  })
})

test('names with blanks are quoted, and nomatch stands first', () => {
  const differences = print(parseIpsetSave([kinds.save]).sets)
    .split('\n')
    .filter(line => !kinds.save.split('\n').includes(line))
  expect(differences).toEqual([
    'create "two words" hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0xd50faa22',
    'add "two words" 10.0.0.0/8',
    'add iface 10.0.0.0/8,physdev:eth0 nomatch timeout 0 packets 3 bytes 180 comment "ends in \\"',
    'add list "two words"',
  ])
})

test('lists come behind the sets that they name', () => {
  const set = (name: string, type: string, entry: string): MatchSet => ({
    name,
    type,
    header: new Map(),
    members: [{entry, nomatch: false, line: 0}],
    line: 0,
  })
  expect(print([set('list', 'list:set', 'hash'), set('hash', 'hash:ip', '10.0.0.1')])).toBe(
    'create hash hash:ip\nadd hash 10.0.0.1\ncreate list list:set\nadd list hash\n',
  )
})

test('a set without a create line is printed with its type unknown, which ipset refuses rather than guess', () => {
  expect(print(parseIpsetSave(['add a 10.0.0.1\n']).sets)).toBe('create a unknown\nadd a 10.0.0.1\n')
})

test('no sets print nothing', () => {
  expect(print([])).toBe('')
})

propertyTest.prop([anySets])('parsing what was printed gives the same sets', sets => {
  const {sets: parsed, problems} = parseIpsetSave([print(sets)])
  expect(problems).toEqual([])
  expect(content(parsed)).toEqual(content(listsLast(sets)))
})

propertyTest.prop([anySets])('a line at a time is a text of its own', sets => {
  const lines = [...printIpsetSave(sets)]
  expect(lines.filter(line => line.indexOf('\n') !== line.length - 1)).toEqual([])
  expect(parseIpsetSave(lines)).toEqual(parseIpsetSave([lines.join('')]))
})

const word = fc.constantFrom(
  'add',
  'create',
  'a',
  'b',
  '"a',
  'b"',
  '"a b"',
  '""',
  'nomatch',
  'hash:net',
  'list:set',
  'comment',
  '"x',
  'x"',
  '1',
  '\u00a0',
)
const line = fc.tuple(
  fc.constantFrom('add a', 'add b', 'add "a b"', 'create a', 'create b', 'create "a b"', ''),
  fc.array(word, {maxLength: 6}),
)
propertyTest.prop([
  fc.array(
    line.map(([start, words]) => [start, ...words].join(' ')),
    {maxLength: 12},
  ),
])('whatever was read from a damaged text, printing and parsing it once more changes nothing', lines => {
  const once = parseIpsetSave([print(parseIpsetSave([lines.join('\n')]).sets)]).sets
  expect(content(parseIpsetSave([print(once)]).sets)).toEqual(content(listsLast(once)))
})
