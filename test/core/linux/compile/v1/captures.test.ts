import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {compile} from '../../../../../core/linux/compile/compile.ts'
import {programChains} from '../../../../../core/linux/compile/program-chains.ts'
import type {Chain} from '../../../../../core/linux/iptables/model.ts'
import {parseIptablesSave} from '../../../../../core/linux/iptables/parse.ts'
import {objectsOf, ruleText} from '../../../../support/linux/compare-programs.ts'

const save = (path: string): string => readFileSync(new URL(`../../../../fixtures/${path}`, import.meta.url), 'utf8')

/** Rules of NPM's chains by chain, as text. Policies come in any order, so the rules do. */
describe.each([
  ['measured/v1/cluster.json', 'measured/v1/iptables-nft-save.txt'],
  ['measured/v1/cluster.json', 'measured/v1/iptables-legacy-save.txt'],
  ['captures/v1-nft/cluster.yaml', 'captures/v1-nft/iptables-save.txt'],
  ['captures/v1-legacy/cluster.yaml', 'captures/v1-legacy/iptables-save.txt'],
])('%s, compiled for NPM v1, and %s', (cluster, dump) => {
  const program = compile(objectsOf(cluster), {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'})
  const compiled = programChains(program)
  const saved = parseIptablesSave([save(dump)]).tables.get('filter')?.chains ?? new Map<string, Chain>()

  test('have the same chains', () => {
    const names = [...saved.keys()].filter(name => name.startsWith('AZURE-NPM'))
    expect([...compiled.keys()].toSorted()).toEqual(names.toSorted())
  })

  test.each([...compiled.keys()])('have the same rules in %s, each word in its place', chain => {
    const rules = Array.from(compiled.get(chain) ?? [], ruleText)
    const found = (saved.get(chain)?.rules ?? []).map(ruleText)
    expect(rules.toSorted()).toEqual(found.toSorted())
  })

  test('have the rules of no policy in the same places', () => {
    const isOfPolicy = (rule: string): boolean => rule.includes('--match-set')
    for (const [chain, rules] of compiled) {
      const places = (texts: readonly string[]) => texts.map(text => (isOfPolicy(text) ? 'a policy' : text))
      expect(places(Array.from(rules, ruleText))).toEqual(places((saved.get(chain)?.rules ?? []).map(ruleText)))
    }
  })
})
