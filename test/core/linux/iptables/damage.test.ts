import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {parseIptablesSave} from '../../../../core/linux/iptables/parse.ts'
import {printIptablesSave} from '../../../../core/linux/iptables/print.ts'
import {fixtureNodes} from '../../../support/dump-fixture.ts'
import {unusable} from '../../../support/linux/ipset-fixture.ts'

const save = fc.constantFrom(...fixtureNodes.map(node => node.rules))
const other = fc.constantFrom(...fixtureNodes.map(node => node.sets))

type Change = (text: string) => string

const lines = (text: string): string[] => text.split('\n').slice(0, -1)
const at = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true})
const position = (part: number, length: number): number => Math.floor(part * length)
const anyCharacter = fc.oneof(
  fc.constantFrom('\0', '\r', '\n', ' ', '"', '\\', '!', '\t', '\ufffd', '*', ':', '#', '[', '-'),
  fc.string({minLength: 1, maxLength: 1}),
)

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
    const line = all[start] ?? ''
    if (!isCopy) all.splice(start, 1)
    all.splice(position(to, all.length), 0, line)
  }
  return `${all.join('\n')}\n`
})
const carriageReturns: fc.Arbitrary<Change> = fc.constant(text => text.replaceAll('\n', '\r\n'))
const nuls: fc.Arbitrary<Change> = fc.constant(text => text.replaceAll('', '\0'))
const twice: fc.Arbitrary<Change> = fc.constant(text => text + text)
const endless: fc.Arbitrary<Change> = fc.constant(text =>
  text.replace(' -j ', ` -m comment --comment "${'c'.repeat(100_000)}" -j `),
)
const changes = fc.array(fc.oneof(cut, headless, flipped, moved, carriageReturns, twice, endless), {minLength: 1, maxLength: 4})
const damage = fc.oneof({weight: 20, arbitrary: changes}, {weight: 1, arbitrary: nuls.map(change => [change])})

const damaged: fc.Arbitrary<string> = fc
  .tuple(save, damage)
  .map(([whole, all]) => all.reduce((changed, change) => change(changed), whole))

const rulesOf = (text: string) =>
  [...parseIptablesSave([text]).tables.values()].flatMap(table => [...table.chains.values()].flatMap(chain => chain.rules))

describe('a damaged save', () => {
  propertyTest.prop([fc.oneof({weight: 8, arbitrary: damaged}, other, fc.string({unit: 'binary', maxLength: 5_000}))])(
    'is always read, and every problem says where, what and what to do',
    text => {
      const {tables, problems} = parseIptablesSave([text], 'dump.txt')
      expect(unusable(problems, 'dump.txt')).toEqual([])
      for (const table of tables.values())
        for (const {name, rules} of table.chains.values()) {
          expect(rules.map(({position: place}) => place)).toEqual(rules.map((_, index) => index + 1))
          expect(rules.filter(({chain, line}) => chain !== name || line < 1)).toEqual([])
        }
    },
  )

  propertyTest.prop([damaged, fc.array(fc.nat(), {maxLength: 20})])(
    'is read alike in pieces that end anywhere at a line feed',
    (text, breaks) => {
      const all = text.split(/(?<=\n)/)
      const starts = [...new Set([0, ...breaks.map(number => number % (all.length + 1))])].toSorted((a, b) => a - b)
      const pieces = starts.map((start, index) => all.slice(start, starts[index + 1]).join('')).filter(piece => piece !== '')
      expect(parseIptablesSave(pieces)).toEqual(parseIptablesSave([text]))
    },
  )

  propertyTest.prop([damaged])('says nothing else once it is printed and read again', text => {
    const once = [...parseIptablesSave([text]).tables.values()]
    const printed = [...printIptablesSave(once, true)]
    const twice = [...parseIptablesSave([`${printed.join('\n')}\n`]).tables.values()]
    expect([...printIptablesSave(twice, true)]).toEqual(printed)
  })

  propertyTest.prop([save, fc.infiniteStream(fc.nat())])('whose lines are shuffled still has every rule', (text, numbers) => {
    const order = lines(text).map(line => ({line, key: numbers.next().value as number}))
    const shuffled = order.toSorted((one, another) => one.key - another.key).map(({line}) => line)
    const rules = rulesOf(`${shuffled.join('\n')}\n`)
    const expected = shuffled.flatMap((line, index) =>
      /^\[\d+:\d+\] -A /.test(line) ? [`${index + 1} ${line.replace(/^\S+ /, '')}`] : [],
    )
    expect(rules.map(({line, source}) => `${line} ${source}`).toSorted()).toEqual(expected.toSorted())
  })

  propertyTest.prop([
    save,
    fc.array(
      fc.tuple(
        at,
        fc.string({maxLength: 40}).map(text => text.replaceAll(/[\n\r]/g, '')),
      ),
      {minLength: 1, maxLength: 10},
    ),
  ])('still has every rule whose line is whole, read as if nothing had happened', (text, all) => {
    const changed = lines(text)
    const hit = new Set<number>()
    for (const [part, replacement] of all) {
      const index = position(part, changed.length)
      // What is put there must be no line of a save, else it would rightly be read.
      changed[index] = `~${replacement}`
      hit.add(index)
    }
    const whole = (rule: ReturnType<typeof rulesOf>[number]) => !hit.has(rule.line - 1)
    const byLine = (rules: ReturnType<typeof rulesOf>) =>
      rules
        .map(({line, source, matches, packets, bytes}) => ({line, source, matches, packets, bytes}))
        .toSorted((one, another) => one.line - another.line)
    const damagedText = `${changed.join('\n')}\n`
    expect(byLine(rulesOf(damagedText))).toEqual(byLine(rulesOf(text).filter(whole)))
    const {problems} = parseIptablesSave([damagedText])
    expect(problems.filter(({code}) => code === 'UNKNOWN_LINE').length).toBe(hit.size)
  })

  propertyTest.prop([save, at])('that ends early is told, wherever it ends within a table', (text, part) => {
    const kept = text.slice(0, position(part, text.length))
    const isOpen = kept.lastIndexOf('\n*') > kept.lastIndexOf('\nCOMMIT') && /\n\*\w+\n/.test(kept.slice(kept.lastIndexOf('\n*')))
    const told = parseIptablesSave([kept]).problems.some(({code}) => code === 'TRUNCATED_FILE')
    if (isOpen) expect(told).toBe(true)
    else if (kept.endsWith('\nCOMMIT\n') || /^(#.*)?\n?$/.test(kept)) expect(told).toBe(false)
  })
})
