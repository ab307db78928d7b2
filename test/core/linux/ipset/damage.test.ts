import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {parseIpsetList} from '../../../../core/linux/ipset/parse-list.ts'
import {parseIpsetSave} from '../../../../core/linux/ipset/parse-save.ts'
import {content, kinds, nodes, unusable} from '../../../support/linux/ipset-fixture.ts'

// Dumps of real nodes, whose names have no blanks, so that what a line says does not depend on others.
const save = fc.constantFrom(...nodes.map(node => node.save))
const list = fc.constantFrom(...nodes.map(node => node.list))

type Change = (text: string) => string

const lines = (text: string): string[] => text.split('\n').slice(0, -1)
const anyCharacter = fc.oneof(
  fc.constantFrom('\0', '\r', '\n', ' ', '"', '\t', '\ufffd', ':', '#'),
  fc.string({minLength: 1, maxLength: 1}),
)
const at = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true})
const position = (part: number, length: number): number => Math.floor(part * length)

const cut: fc.Arbitrary<Change> = at.map(part => text => text.slice(0, position(part, text.length)))
const headless: fc.Arbitrary<Change> = at.map(part => text => text.slice(position(part, text.length)))
const flipped: fc.Arbitrary<Change> = fc.array(fc.tuple(at, anyCharacter), {minLength: 1, maxLength: 30}).map(changes => text => {
  const characters = text.split('')
  for (const [part, character] of changes) characters[position(part, characters.length)] = character
  return characters.join('')
})
const moved: fc.Arbitrary<Change> = fc.array(fc.tuple(at, at, fc.boolean()), {minLength: 1, maxLength: 50}).map(moves => text => {
  const all = lines(text)
  for (const [from, to, isCopy] of moves) {
    const start = position(from, all.length)
    const line = all[start] as string
    if (!isCopy) all.splice(start, 1)
    all.splice(position(to, all.length), 0, line)
  }
  return `${all.join('\n')}\n`
})
const carriageReturns: fc.Arbitrary<Change> = fc.constant(text => text.replaceAll('\n', '\r\n'))
const nuls: fc.Arbitrary<Change> = fc.constant(text => text.replaceAll('', '\0'))
const twice: fc.Arbitrary<Change> = fc.constant(text => text + text)
const changes = fc.array(fc.oneof(cut, headless, flipped, moved, carriageReturns, twice), {minLength: 1, maxLength: 4})
const damage = fc.oneof({weight: 20, arbitrary: changes}, {weight: 1, arbitrary: nuls.map(change => [change])})

const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, damage).map(([whole, all]) => all.reduce((changed, change) => change(changed), whole))

describe.each([
  {tool: 'ipset save', parse: parseIpsetSave, dumps: fc.oneof(save, fc.constant(kinds.save)), other: list},
  {
    tool: 'ipset list',
    parse: parseIpsetList,
    dumps: fc.oneof(list, fc.constant(kinds.list), fc.constant(kinds.terse)),
    other: save,
  },
])('damaged text of $tool', ({parse, dumps, other}) => {
  test.prop([fc.oneof(damaged(dumps), other, fc.string({unit: 'binary', maxLength: 5_000}))])(
    'is always read, and every problem says where, what and what to do',
    text => {
      const {sets, problems} = parse([text], 'dump.txt')
      expect(unusable(problems, 'dump.txt')).toEqual([])
      expect(new Set(sets.map(({name}) => name)).size).toBe(sets.length)
      expect(sets.flatMap(({members}) => members).filter(({entry, line}) => entry === '' || line < 1)).toEqual([])
    },
  )

  test.prop([damaged(dumps), fc.array(fc.nat(), {maxLength: 20})])(
    'is read alike in pieces that end anywhere at a line feed',
    (text, breaks) => {
      const all = text.split(/(?<=\n)/)
      const starts = [...new Set([0, ...breaks.map(number => number % (all.length + 1))])].toSorted((a, b) => a - b)
      const pieces = starts.map((start, index) => all.slice(start, starts[index + 1]).join('')).filter(piece => piece !== '')
      expect(parse(pieces)).toEqual(parse([text]))
    },
  )
})

/** Damages some whole lines and tells which those are. */
const lineDamage = fc.array(
  fc.tuple(
    at,
    fc.string({maxLength: 40}).map(text => text.replaceAll(/[\n\r]/g, '')),
  ),
  {minLength: 1, maxLength: 10},
)
function damageLines(text: string, all: [number, string][]): {changed: string[]; hit: Set<number>} {
  const changed = lines(text)
  const hit = new Set<number>()
  for (const [part, replacement] of all) {
    const index = position(part, changed.length)
    // What is put there must be no line of a dump, else it would rightly be read.
    changed[index] = `~${replacement}`
    hit.add(index)
  }
  return {changed, hit}
}

test.prop([save, lineDamage])('ipset save: every undamaged line is still read', (text, all) => {
  const {changed, hit} = damageLines(text, all)
  const {sets, problems} = parseIpsetSave([`${changed.join('\n')}\n`])
  const read = new Set(sets.flatMap(({name, members}) => members.map(({entry, line}) => `${line} add ${name} ${entry}`)))
  for (const {name, type, line} of sets) read.add(`${line} create ${name} ${type}`)
  const missing = changed.filter(
    (line, index) => !hit.has(index) && !read.has(`${index + 1} ${line.split(' ').slice(0, 3).join(' ')}`),
  )
  expect(missing).toEqual([])
  expect(problems.filter(({code}) => code === 'UNKNOWN_LINE').length).toBe(hit.size)
})

test.prop([list, lineDamage])('ipset list: every set without a damaged line is read as if nothing had happened', (text, all) => {
  const {changed, hit} = damageLines(text, all)
  const before = parseIpsetList([text]).sets
  const after = new Map(content(parseIpsetList([`${changed.join('\n')}\n`]).sets).map(set => [set.name, set]))
  for (const [index, set] of before.entries()) {
    const next = before[index + 1]?.line ?? changed.length + 1
    // From its name to the blank line behind its members.
    const isWhole = ![...hit].some(line => line + 1 >= set.line && line + 1 < next)
    if (isWhole) expect(after.get(set.name)).toEqual(content([set])[0])
  }
})

test.prop([list, at])('ipset list: a file that ends anywhere but behind a whole set is told', (text, part) => {
  // The first set is left whole: what its head should have is known from it.
  const start = text.indexOf('\n\n') + 2
  const kept = text.slice(0, start + position(part, text.length - start))
  const {sets, problems} = parseIpsetList([kept])
  const last = sets.at(-1)
  const isWhole =
    kept.endsWith('\n') && kept.lastIndexOf('\nMembers:') > kept.lastIndexOf('\nName: ') && last?.entries === last?.members.length
  expect(problems.length > 0).toBe(!isWhole)
})

test.prop([save, at])('ipset save: a file that ends within a line is told', (text, part) => {
  const kept = text.slice(0, position(part, text.length))
  expect(parseIpsetSave([kept]).problems.length > 0).toBe(kept !== '' && !kept.endsWith('\n'))
})
