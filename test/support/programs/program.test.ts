import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {setScheme} from '../../../core/names/kernel-name.ts'
import {program, variants} from './program.ts'

interface Item {
  kind: string
  metadata: {name: string; namespace?: string}
  spec: {policyTypes?: string[]}
}

const items = (cluster: string): Item[] => (parse(cluster) as {items: Item[]}).items

describe.each(variants)('the program %s', variant => {
  const {sets, rules, setNames, cluster} = program(variant)

  test('has no name left to be hashed and no remark', () => {
    expect(sets + rules).not.toMatch(/[{}]|^#|^$\n/m)
  })

  test('makes every set before it is used, once', () => {
    const made = [...sets.matchAll(/^-N (\S+)/gm)].map(match => match[1])
    expect(new Set(made).size).toBe(made.length)
    const used = [...(sets + rules).matchAll(/azure-npm-\w+/g)].map(match => match[0])
    expect(new Set(used)).toEqual(new Set(made))
    expect(new Set(setNames.keys())).toEqual(new Set(made))
  })

  test('names every set in the shape of its scheme', () => {
    const scheme = variant === 'v1' || variant === 'v2-decimal' ? 'fnv32a' : 'sha256'
    for (const name of setNames.keys()) expect({name, scheme: setScheme(name)}).toEqual({name, scheme})
  })

  test('comes with the objects it was made from', () => {
    expect(items(cluster).some(item => item.kind === 'Node')).toBe(true)
    expect(items(cluster).some(item => item.kind === 'NetworkPolicy')).toBe(variant !== 'inactive')
  })
})

describe.each(['v2-base36', 'v2-decimal'] as const)('the chains of %s', variant => {
  const {chains, cluster, rules} = program(variant)

  test('are one per policy and direction', () => {
    const policies = items(cluster).filter(item => item.kind === 'NetworkPolicy')
    const expected = policies.flatMap(({metadata, spec}) =>
      (spec.policyTypes ?? []).map(direction => ({policy: `${metadata.namespace}/${metadata.name}`, direction})),
    )
    expect([...chains.values()]).toEqual(expect.arrayContaining(expected))
    expect(chains.size).toBe(expected.length)
  })

  test('have comments beyond what the kernel keeps, and none beyond what iptables-restore takes', () => {
    const lengths = [...rules.matchAll(/--comment (\S+)$/gm)].map(match => match[1]?.length ?? 0)
    expect(Math.max(...lengths)).toBeGreaterThan(255)
    expect(Math.max(...lengths)).toBeLessThan(1024)
  })
})

test('the two generations of v2 spell nested and CIDR sets differently', () => {
  const spellings = (variant: 'v2-base36' | 'v2-decimal') =>
    [...program(variant).setNames.values()].filter(name => /^(nestedlabel|cidr)-/.test(name) && name.length < 60)
  expect(spellings('v2-base36')).toEqual([
    'cidr-ledger-in-ns-books:in-ns:bakery-0-0IN',
    'cidr-ledger-in-ns-books:in-ns:bakery-0-0OUT',
    'nestedlabel-bakery/oven:app:mixer:cooler',
    'nestedlabel-bakery/line:line:rye:wheat',
    'nestedlabel-bakery/line:app:ledger:archive',
    'nestedlabel-lab/taster:grade:burnt:stale',
  ])
  expect(spellings('v2-decimal')).toEqual([
    'cidr-ledger-in-ns-books-in-ns-bakery-0-0IN',
    'cidr-ledger-in-ns-books-in-ns-bakery-0-0OUT',
    'nestedlabel-bakery/oven-app:mixer:cooler',
    'nestedlabel-bakery/line-line:rye:wheat',
    'nestedlabel-bakery/line-app:ledger:archive',
    'nestedlabel-lab/taster-grade:burnt:stale',
  ])
})

test('an upgrade leaves the chains of both schemes, those of the old one without rules or jumps', () => {
  const {chains, rules} = program('mixed')
  const old = [...program('v2-decimal').chains.keys()]
  expect([...chains.keys()]).toEqual([...program('v2-base36').chains.keys(), ...old])
  for (const chain of old) expect(rules.match(new RegExp(`\\S*${chain}\\b.*`, 'g'))).toEqual([`:${chain} - -`])
})
