import {readdirSync, readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {emptyCluster, type NetworkPolicy, type Pod} from '../../../core/cluster/objects.ts'
import {asServed} from '../../../core/cluster/served-policy.ts'
import {printMatch, printTarget} from '../../../core/iptables/print.ts'
import type {Scheme} from '../../../core/names/hash.ts'
import {compile} from '../../../core/policy/compile.ts'
import type {Program, ProgramRule, RefusalCode} from '../../../core/policy/program.ts'
import {kept} from './compare.ts'

interface Vector {
  readonly title: string
  readonly policy: NetworkPolicy
  readonly isLite?: boolean
  readonly served?: NetworkPolicy['spec']
  readonly refusal?: RefusalCode
  readonly sets?: readonly {name: string; type: string; ipsetType: string; kernelName: string; members?: string[]}[]
  readonly rules?: readonly string[]
  readonly written?: readonly string[]
  readonly fnv32a?: {readonly sets: Record<string, string>; readonly rules: readonly string[]}
}

const folder = new URL('../../fixtures/vectors/', import.meta.url)
const read = <Shape>(path: string): Shape => JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as Shape
const vectors = readdirSync(new URL('policies/', folder))
  .toSorted()
  .map(file => ({file, ...read<Vector>(`policies/${file}`)}))

const compileOne = ({policy, isLite = false}: Vector, scheme: Scheme): Program =>
  compile({...emptyCluster(), policies: [policy]}, {scheme, semantics: 'npm', isLite})

const printed = ({chain, matches, target}: ProgramRule): string =>
  kept(`-A ${chain} ${[...matches.map(printMatch), printTarget(target)].join(' ')}`)

const printedRules = ({policies}: Program): string[] =>
  policies.flatMap(({chains}) => chains.flatMap(({jump, rules}) => [jump, ...rules].map(printed)))

test('there are 55 of them', () => expect(vectors).toHaveLength(55))

describe.each(vectors)('$file: $title', vector => {
  test('rules', () => {
    expect(printedRules(compileOne(vector, 'sha256'))).toEqual(vector.rules ?? [])
    expect(printedRules(compileOne(vector, 'fnv32a'))).toEqual(vector.fnv32a?.rules ?? [])
  })

  test('sets, with the members that the policy itself puts in', () => {
    const {sets} = compileOne(vector, 'sha256')
    const found = [...sets.values()].map(({name, type, ipsetType, kernelName, members}) => ({
      ...{name, type, ipsetType, kernelName},
      ...(members.length > 0 && {members}),
    }))
    expect(byName(found)).toEqual(byName(vector.sets ?? []))
    const old = [...compileOne(vector, 'fnv32a').sets.values()].map(({name, kernelName}) => [name, kernelName] as const)
    expect(Object.fromEntries(old)).toEqual(vector.fnv32a?.sets ?? {})
  })

  test('refusal', () => {
    const {refusals} = compileOne(vector, 'sha256')
    expect(refusals.map(({code}) => code)).toEqual(vector.refusal ? [vector.refusal] : [])
  })

  test('what the API server makes of it', () => {
    expect(asServed(vector.policy).spec).toEqual(vector.served ?? vector.policy.spec)
  })
})

const byName = <Named extends {readonly name: string}>(list: readonly Named[]): Named[] =>
  list.toSorted((a, b) => (a.name < b.name ? -1 : 1))

describe('pods', () => {
  const cases = read<{what: string; pod: Pod; memberOf: Record<string, string[]>}[]>('pods.json')

  test.each(cases)('$what', ({pod, memberOf}) => {
    const {sets} = compile({...emptyCluster(), pods: [pod]}, {scheme: 'sha256', semantics: 'npm'})
    const hashes = [...sets.values()].filter(({ipsetType}) => ipsetType !== 'list:set')
    expect(Object.fromEntries(hashes.map(({name, members}) => [name, members]))).toEqual(memberOf)
  })

  test('there are both counted and uncounted ones', () => {
    expect(new Set(cases.map(({memberOf}) => Object.keys(memberOf).length > 0))).toEqual(new Set([true, false]))
  })
})
