import {describe, expect, test} from 'vitest'
import {policyChainName, policyFitsChain} from '../../../core/linux/npm/policy-chain.ts'
import {schemes} from '../../../core/names/hash.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {type Evidence, evidences, NameIndex} from '../../../core/names/name-index.ts'
import {vectors} from '../../support/dump-fixture.ts'

describe.each(schemes)('a nameIndex of names under %s', scheme => {
  const set = (name: string) => setKernelName(name, scheme)

  test('takes a claim that hashes to the set, and the hash counts as evidence', () => {
    const nameIndex = new NameIndex()
    expect(nameIndex.learn(set('ns-shop'), 'ns-shop', 'cluster', 'v2')).toBe(true)
    expect(nameIndex.namesOf(set('ns-shop'))).toEqual([
      {name: 'ns-shop', generation: 'v2', evidence: new Set(['cluster', 'hash'])},
    ])
    expect([...nameIndex.kernelNames]).toEqual([set('ns-shop')])
    expect(nameIndex.problems()).toEqual([])
  })

  test('adds evidence up and keeps a name once', () => {
    const nameIndex = new NameIndex()
    for (const evidence of evidences) expect(nameIndex.learn(set('ns-a'), 'ns-a', evidence, 'v2')).toBe(true)
    expect(nameIndex.namesOf(set('ns-a')).length).toBe(1)
    expect(nameIndex.namesOf(set('ns-a'))[0]?.evidence).toEqual(new Set(evidences))
  })

  test('knows nothing of a set that nobody has named', () => {
    expect(new NameIndex().namesOf(set('ns-a'))).toEqual([])
  })

  test('fits tells the hash before and after a name is learned', () => {
    const nameIndex = new NameIndex()
    expect([nameIndex.fits('ns-a', set('ns-a')), nameIndex.fits('ns-b', set('ns-a'))]).toEqual([true, false])
    nameIndex.learn(set('ns-a'), 'ns-a', 'cache', 'v2')
    expect([nameIndex.fits('ns-a', set('ns-a')), nameIndex.fits('ns-b', set('ns-a'))]).toEqual([true, false])
  })
})

test.each<{evidence: Evidence; says: string}>([
  {evidence: 'comment', says: "a rule's comment"},
  {evidence: 'cluster', says: 'a cluster object'},
  {evidence: 'cache', says: "Azure NPM's debug cache"},
  {evidence: 'metrics', says: "Azure NPM's metrics page"},
  {evidence: 'hash', says: 'a derived name'},
])('a claim of $says that does not hash to its set is a problem with its place, and is not believed', ({evidence, says}) => {
  const nameIndex = new NameIndex()
  for (let times = 0; times < 2; times++)
    expect(nameIndex.learn('azure-npm-1', 'ns-shop', evidence, 'v2', {line: 7, file: 'save.txt'})).toBe(false)
  expect(nameIndex.namesOf('azure-npm-1')).toEqual([])
  expect(nameIndex.problems()).toEqual([
    {
      code: 'NAME_MISMATCH',
      file: 'save.txt',
      line: 7,
      message: `${says} calls set azure-npm-1 "ns-shop", but that name does not hash to it`,
      next: expect.stringContaining('not used'),
    },
  ])
})

test('a set that Azure NPM cannot have made has no name that fits', () => {
  const nameIndex = new NameIndex()
  expect(nameIndex.learn('KUBE-CLUSTER-IP', 'ns-shop', 'comment', 'v2')).toBe(false)
  expect(nameIndex.problems().map(({code}) => code)).toEqual(['NAME_MISMATCH'])
})

const {sets: pairs} = vectors<{sets: {fnv32a: string; names: {name: string}[]}[]}>('collisions.json')

test.each(pairs)('$fnv32a: both of two colliding names are kept and told', ({fnv32a, names}) => {
  const nameIndex = new NameIndex()
  for (const {name} of names) expect(nameIndex.learn(fnv32a, name, 'cluster', 'v2')).toBe(true)
  expect(nameIndex.namesOf(fnv32a).map(({name}) => name)).toEqual(names.map(({name}) => name))
  const [problem, ...others] = nameIndex.problems()
  expect(others).toEqual([])
  expect(problem).toMatchObject({
    code: 'NAME_COLLISION',
    next: expect.stringContaining('members of one count as members of the other'),
  })
  for (const {name} of names) expect(problem?.message).toContain(`"${name}"`)
})

describe('meaningOf', () => {
  const learned = (name: string, generation: 'v1' | 'v2', policy?: string) => {
    const nameIndex = new NameIndex()
    const kernelName = setKernelName(name, 'fnv32a')
    nameIndex.learn(kernelName, name, 'comment', generation)
    if (policy !== undefined) nameIndex.usedBy(kernelName, name, policy)
    return {nameIndex, known: nameIndex.namesOf(kernelName)[0] as ReturnType<NameIndex['namesOf']>[number]}
  }

  test('reads an old name with the first policy that was seen to use it', () => {
    const name = 'nestedlabel-shop/p-app:web:api'
    const {nameIndex, known} = learned(name, 'v2', 'shop/p')
    nameIndex.usedBy(setKernelName(name, 'fnv32a'), name, 'shop/p-app')
    expect(nameIndex.meaningOf(known)).toEqual({type: 'NestedLabelOfPod', policy: 'shop/p', key: 'app', values: ['web', 'api']})
    const alone = learned(name, 'v2')
    expect(alone.nameIndex.meaningOf(alone.known)).toEqual({type: 'NestedLabelOfPod'})
  })

  test('reads a v1 name by its kernel type', () => {
    const {nameIndex, known} = learned('ns-x', 'v1')
    expect(nameIndex.meaningOf(known, 'hash:net')).toEqual({type: 'Namespace', namespace: 'x'})
    expect(nameIndex.meaningOf(known, 'list:set')).toEqual({type: 'KeyLabelOfNamespace', key: 'x'})
  })

  test('remembers no policy for a name that it does not know', () => {
    const nameIndex = new NameIndex()
    nameIndex.usedBy('azure-npm-1', 'ns-a', 'shop/p')
    expect(nameIndex.namesOf('azure-npm-1')).toEqual([])
  })
})

test('a policy fits its chain in any scheme that the shape of the chain allows', () => {
  const chain = (scheme: 'fnv32a' | 'sha256') => policyChainName('shop/db', 'Egress', scheme)
  const fits = (policy: string, name: string) => policyFitsChain(policy, {name, direction: 'Egress', schemes})
  expect(fits('shop/db', chain('fnv32a'))).toBe(true)
  expect(fits('shop/db', chain('sha256'))).toBe(true)
  expect(fits('shop/other', chain('sha256'))).toBe(false)
  expect(policyFitsChain('shop/db', {name: chain('sha256'), direction: 'Egress', schemes: ['fnv32a']})).toBe(false)
  expect(policyFitsChain('shop/db', {name: chain('sha256'), direction: 'Ingress', schemes})).toBe(false)
})
