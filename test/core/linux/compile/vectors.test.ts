import {describe, expect, test} from 'vitest'
import {withDefaults} from '../../../../core/kubernetes/api-defaults.ts'
import {emptyCluster, type Pod} from '../../../../core/kubernetes/objects.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {printPolicyRestore} from '../../../../core/linux/compile/print.ts'
import type {LinuxProgram} from '../../../../core/linux/npm/program.ts'
import type {Scheme} from '../../../../core/names/hash.ts'
import {ruleText} from '../../../support/linux/compare-programs.ts'
import {readVector, type Vector, vectors} from '../../../support/linux/vector.ts'

const compileOne = ({policy, isLite = false}: Vector, scheme: Scheme): LinuxProgram =>
  compile({...emptyCluster(), policies: [policy]}, {scheme, semantics: 'npm', isLite})

const printedRules = ({policies}: LinuxProgram): string[] =>
  policies.flatMap(({chains}) => chains.flatMap(({jump, rules}) => [jump, ...rules].map(ruleText)))

test('there are 55 of them', () => expect(vectors).toHaveLength(55))

describe.each(vectors)('$file: $title', vector => {
  test('rules', () => {
    expect(printedRules(compileOne(vector, 'sha256'))).toEqual(vector.rules ?? [])
    expect(printedRules(compileOne(vector, 'fnv32a'))).toEqual(vector.fnv32a?.rules ?? [])
  })

  // A policy that is refused has no file.
  if (vector.written)
    test('file for iptables-restore', () => {
      expect([...printPolicyRestore(compileOne(vector, 'sha256'))]).toEqual(vector.written)
    })

  test('sets, with the members that the policy itself puts in', () => {
    const {sets} = compileOne(vector, 'sha256')
    const found = [...sets.values()].map(({name, type, ipsetType, kernelName, members}) => ({
      name,
      type,
      ipsetType,
      kernelName,
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
    expect(withDefaults(vector.policy).spec).toEqual(vector.served ?? vector.policy.spec)
  })
})

const byName = <Named extends {readonly name: string}>(list: readonly Named[]): Named[] =>
  list.toSorted((a, b) => (a.name < b.name ? -1 : 1))

describe('pods', () => {
  const cases = readVector<{what: string; pod: Pod; memberOf: Record<string, string[]>}[]>('pods.json')

  test.each(cases)('$what', ({pod, memberOf}) => {
    const {sets} = compile({...emptyCluster(), pods: [pod]}, {scheme: 'sha256', semantics: 'npm'})
    const hashes = [...sets.values()].filter(({ipsetType}) => ipsetType !== 'list:set')
    expect(Object.fromEntries(hashes.map(({name, members}) => [name, members]))).toEqual(memberOf)
  })

  test('there are both counted and uncounted ones', () => {
    expect(new Set(cases.map(({memberOf}) => Object.keys(memberOf).length > 0))).toEqual(new Set([true, false]))
  })
})
