import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {modelledModules} from '../../../../core/linux/walk/match/modules.ts'
import {passingOf} from '../../../../core/linux/walk/passing.ts'
import {effectOf, isPassive} from '../../../../core/linux/walk/target.ts'
import {translating} from '../../../../core/linux/walk/translation.ts'
import {modelledTypes} from '../../../../core/sets/element.ts'
import {conditions} from '../../../support/linux/conditions.ts'

/* The page about rules is held to the code, and to the conditions that real kernels confirm. */

const page = readFileSync(new URL('../../../../docs/rules.md', import.meta.url), 'utf8')
const sections = new Map(page.split('\n## ').map(text => [text.slice(0, text.indexOf('\n')), text]))

/** The rows of a section's table, without its head, cell by cell. */
const rowsOf = (heading: string): string[][] =>
  (sections.get(heading) ?? '')
    .split('\n')
    .filter(line => line.startsWith('| '))
    .slice(2)
    .map(line => line.split('|').slice(1, -1))

const codeIn = (text = ''): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
const optionsIn = (text = ''): string[] => codeIn(text).flatMap(code => /^--[\w-]+/.exec(code)?.[0] ?? [])

/** The options of each match in conditions, by whether they are modelled. */
function optionsOf(isUnknown: boolean): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const condition of conditions.filter(each => (each.isUnknown === true) === isUnknown))
    for (const [, module = '', text = ''] of condition.text.matchAll(/-m (\S+)((?: (?!-m ).)*)/g)) {
      const options = found.get(module) ?? new Set()
      found.set(module, options)
      for (const [option] of text.matchAll(/(?<= )--[\w-]+/g)) options.add(option)
    }
  return found
}

describe('matches', () => {
  const rows = rowsOf('Matches')
  const documented = rows.flatMap(([names]) => codeIn(names))

  test('are those that are modelled', () => {
    expect(documented.toSorted()).toEqual([...modelledModules, 'comment'].toSorted())
  })

  test('have every option that a kernel confirmed, in the right column', () => {
    const missing: string[] = []
    for (const [column, isUnknown] of [
      [1, false],
      [2, true],
    ] as const)
      for (const [module, options] of optionsOf(isUnknown)) {
        const row = rows.find(([names]) => codeIn(names).includes(module))
        if (!row) continue
        const said = new Set(isUnknown ? [...optionsIn(row[1]), ...optionsIn(row[2])] : optionsIn(row[column]))
        for (const option of options)
          if (!said.has(option) && option !== '--comment' && said.size > 0) missing.push(`${module} ${option}`)
      }
    expect(
      missing.filter(each => !each.startsWith('statistic --mode') && !/--(?:name|seconds)$|set --(?!match)/.test(each)),
    ).toEqual([])
  })

  test('that are unknown are no modelled ones', () => {
    const unknown = codeIn((sections.get('Matches') ?? '').split('Unknown are among others')[1])
    expect(unknown.filter(name => modelledModules.includes(name))).toEqual([])
    const tried = [...optionsOf(true).keys()].filter(name => !modelledModules.includes(name))
    expect(tried.filter(name => !unknown.includes(name))).toEqual([])
    expect(unknown.length).toBeGreaterThan(10)
  })
})

test('types of sets are those that are modelled', () => {
  const documented = rowsOf('Types of sets').flatMap(([names]) => codeIn(names))
  expect(documented.toSorted()).toEqual([...modelledTypes, 'list:set'].toSorted())
})

test('targets do what is said of them', () => {
  const packet = passingOf({source: '', destination: '', protocol: 'tcp'}, {source: 1, destination: 2})
  const wrong = rowsOf('Targets').flatMap(([names, meaning = '']) =>
    codeIn(names).flatMap(name => {
      if (/^(?:ACCEPT|DROP|RETURN)$/.test(name)) return []
      const target = {kind: 'extension', name, options: ''} as const
      const effect = effectOf(target, packet)
      if (meaning.includes('nothing')) return isPassive(target) ? [] : [name]
      // Without options a translation is not understood, but it is known that it is one.
      const isKnown = translating.has(name) || effect.kind !== 'unknown'
      return isKnown === meaning.includes('unknown:') ? [name] : []
    }),
  )
  expect(wrong).toEqual([])
})
