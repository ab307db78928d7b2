import {describe, expect, test} from 'vitest'
import {findSets} from '../../../core/translate/find-sets.ts'
import {resolveNames} from '../../../core/translate/resolve-names.ts'
import {translateNode} from '../../../core/translate/translate-node.ts'
import {dumpOf, fixtureText} from '../../support/read-capture.ts'

const rules = fixtureText('captures/v2-base36-nft/iptables-save.txt')
const sets = fixtureText('captures/v2-base36-nft/ipset-save.txt')
const objects = fixtureText('captures/v2-base36-nft/cluster.yaml')
const dump = await dumpOf(rules, sets, objects)

const names = (policies: Iterable<{readonly policy: string}>) => [...policies].map(({policy}) => policy)
const all = names(translateNode(dump).policies())
const [wanted = ''] = all

describe('a translation', () => {
  test('without a filter has every policy, and the whole save with names in place of hashes', () => {
    const translation = translateNode(dump)
    expect(all.length).toBeGreaterThan(1)
    expect(translation.isFiltered).toBe(false)
    const save = [...translation.save()]
    expect(save.length).toBeGreaterThan(10)
    expect(save.join('\n')).not.toMatch(/match-set azure-npm-/)
  })

  test('names that nothing of the node has are told, with what was meant', () => {
    const filter = {
      policy: ['bakery/ovn', 'oven', 'nowhere/no'],
      chain: ['AZURE-NPM-INGRES', 'AZURE-NPM'],
      set: ['app=ovn', 'app=oven', 'xyz'],
    }
    const told = translateNode(dump, filter).unknown.map(({kind, name, steps: [step]}) => [kind, name, step])
    expect(told).toEqual([
      ['policy', 'bakery/ovn', 'Did you mean bakery/oven?'],
      ['policy', 'nowhere/no', 'See what is programmed: kubectl npm policies'],
      ['chain', 'AZURE-NPM-INGRES', 'Did you mean AZURE-NPM-INGRESS?'],
      ['set', 'app=ovn', 'Did you mean app=oven?'],
      ['set', 'xyz', 'See all sets: kubectl npm sets'],
    ])
  })

  test('several names of one kind are wanted one or the other, of several kinds all', () => {
    const of = (filter: Parameters<typeof translateNode>[1]) =>
      [...new Set(names(translateNode(dump, filter).policies()))].toSorted()
    expect(of({policy: ['bakery/oven', 'kiosk']})).toEqual(['bakery/oven', 'storefront/kiosk'])
    expect(of({policy: ['bakery/oven', 'kiosk'], direction: 'Egress'})).toEqual(['storefront/kiosk'])
    expect(of({set: ['app=oven']})).toEqual(of({set: ['podlabel-app:oven']}))
    expect(of({set: ['app=oven']})).toContain('bakery/oven')
  })

  test('with a filter has what it wants, and of the save only its rules and the jumps to them', () => {
    const translation = translateNode(dump, {policy: [wanted]})
    expect([translation.isFiltered, translation.unknown]).toEqual([true, []])
    expect(new Set(names(translation.policies()))).toEqual(new Set([wanted]))
    const save = [...translation.save()]
    expect(save.length).toBeGreaterThan(0)
    expect(save.length).toBeLessThan([...translateNode(dump).save()].length)
    expect(save.filter(line => !line.startsWith('-A') && !line.startsWith('['))).toEqual([])
  })

  test('as a document can be read from its beginning more than once', () => {
    const translation = translateNode(dump)
    const problem = {code: 'UNKNOWN_FILE', message: 'what is this', next: ''} as const
    for (const document of [translation.document([problem]), translation.document([problem])]) {
      expect(names(document.policies)).toEqual(all)
      expect([...document.sets].length).toBeGreaterThan(0)
      expect(document.problems).toEqual([problem])
    }
  })

  test('of sets alone has no save', async () => {
    const translation = translateNode(await dumpOf(sets))
    expect(() => [...translation.save()]).toThrow('-o iptables needs an iptables save')
  })
})

describe('sets', () => {
  test('are all of them without names', () => {
    const {document, missing} = findSets(dump, [])
    expect(document).toMatchObject({kind: 'SetList', node: dump.node})
    expect(document.items.length).toBeGreaterThan(1)
    expect(missing).toEqual([])
  })

  test('are those asked for by kernel name or readable name; a name that no set has is missing', () => {
    const [first, second] = findSets(dump, []).document.items
    const {document, missing} = findSets(dump, [first?.set ?? '', second?.name ?? '', 'podlabel-nobody'])
    expect(document.items.map(({set}) => set)).toEqual([first?.set, second?.set])
    expect(missing).toEqual([{name: 'podlabel-nobody', steps: []}])
  })
})

describe('names', () => {
  test('of a node are resolved from its dump', () => {
    const [set] = findSets(dump, []).document.items.filter(each => each.names.length === 1)
    const {document, areAllKnown} = resolveNames([set?.set ?? ''], [dump])
    expect(document.items).toMatchObject([{name: set?.name, onNode: true}])
    expect(areAllKnown).toBe(true)
  })

  test('without a dump are those that every cluster has', () => {
    const {document, areAllKnown, problems} = resolveNames(['ns-kube-system', 'azure-npm-1'], [])
    expect(document.items.map(({name}) => name)).toEqual(['ns-kube-system', 'unknown'])
    expect(areAllKnown).toBe(false)
    expect(problems).toEqual([])
  })
})
