import {createHash} from 'node:crypto'
import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {policyChain, policyChainName} from '../../../core/linux/npm/policy-chain.ts'
import {fnv1a32, type Scheme, schemes, sha256Integer} from '../../../core/names/hash.ts'
import {type Direction, isSetName, setKernelName, setScheme} from '../../../core/names/kernel-name.ts'
import {cidrSetNames, nestedSetNames} from '../../../core/names/policy-set-name.ts'
import {setTypeOf} from '../../../core/names/set-name.ts'
import {type InSchemes, vectors} from '../../support/dump-fixture.ts'

const names = vectors<{
  v2: ({name: string; type: string} & InSchemes)[]
  v1: ({name: string} & InSchemes)[]
  digits: {text: string; base36: string; set: string; chain: string}[]
}>('names.json')
const chains = vectors<({policy: string; direction: Direction} & InSchemes)[]>('chains.json')
const collisions = vectors<{
  sets: {fnv32a: string; names: {name: string; type: string; sha256: string}[]}[]
  chains: {policies: string[]; fnv32a: string; sha256: string[]}[]
  spellings: {what: string; policies: [string, string]; old: string; fnv32a: string; new: [string, string]}[]
}>('collisions.json')

describe('hashes', () => {
  test.each([
    {text: '', hash: 0x811c9dc5},
    {text: 'a', hash: 0xe40c292c},
    {text: 'foobar', hash: 0xbf9cf968},
  ])('FNV-1a of "$text" is the published one', ({text, hash}) => {
    expect(fnv1a32(text)).toBe(hash)
  })

  test('of texts of all lengths around those of one and two blocks agree with another implementation', () => {
    for (let length = 0; length <= 130; length++) {
      const text = 'podlabel-app:web'.repeat(9).slice(0, length)
      expect(sha256Integer(text)).toBe(BigInt(`0x${createHash('sha256').update(text).digest('hex')}`))
    }
  })

  propertyTest.prop([fc.oneof(fc.string({unit: 'grapheme', maxLength: 80}), fc.string({unit: 'grapheme-ascii', maxLength: 80}))])(
    'agree with other implementations over the UTF-8 bytes of any text',
    text => {
      let hash = 0x811c9dc5n
      for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn
      expect(fnv1a32(text)).toBe(Number(hash))
      expect(sha256Integer(text)).toBe(BigInt(`0x${createHash('sha256').update(text).digest('hex')}`))
    },
  )
})

describe.each(schemes)('names under %s', scheme => {
  test.each(names.v2)('$type $name', ({name, type, ...kernelNames}) => {
    expect(setKernelName(name, scheme)).toBe(kernelNames[scheme])
    expect(setTypeOf(name)).toBe(type)
  })

  test.each(names.v1)('v1 $name', ({name, ...kernelNames}) => {
    expect(setKernelName(name, scheme)).toBe(kernelNames[scheme])
  })

  test.each(chains)('$direction chain of $policy', ({policy, direction, ...chainNames}) => {
    expect(policyChainName(policy, direction, scheme)).toBe(chainNames[scheme])
    expect(policyChain(chainNames[scheme])?.direction).toBe(direction)
    expect(policyChain(chainNames[scheme])?.schemes).toContain(scheme)
  })

  test('every name has the shape of its own scheme only', () => {
    const kernelNames = [...names.v2, ...names.v1].map(each => each[scheme])
    expect(kernelNames.filter(each => setScheme(each) !== scheme)).toEqual([])
  })
})

test.each(names.digits)('the digest of $text loses its leading zeros in a set name and keeps them in a chain', vector => {
  expect(sha256Integer(vector.text).toString(36)).toBe(vector.base36)
  expect(setKernelName(vector.text, 'sha256')).toBe(vector.set)
  expect(policyChainName(vector.text, 'Egress', 'sha256')).toBe(`AZURE-NPM-EGRESS-${vector.chain}`)
})

describe('collisions of decimal names', () => {
  test.each(collisions.sets)('$names.0.name and $names.1.name share a set', ({fnv32a, names: pair}) => {
    expect(pair.length).toBeGreaterThan(1)
    for (const {name, type, sha256} of pair) {
      expect(setKernelName(name, 'fnv32a')).toBe(fnv32a)
      expect(setKernelName(name, 'sha256')).toBe(sha256)
      expect(setTypeOf(name)).toBe(type)
    }
    expect(new Set(pair.map(({sha256}) => sha256)).size).toBe(pair.length)
  })

  test.each(collisions.chains)('$policies.0 and $policies.1 share a chain', ({policies, fnv32a, sha256}) => {
    expect(policies.map(policy => policyChainName(policy, 'Ingress', 'fnv32a'))).toEqual(
      policies.map(() => `AZURE-NPM-INGRESS-${fnv32a}`),
    )
    expect(policies.map(policy => policyChainName(policy, 'Egress', 'sha256'))).toEqual(
      sha256.map(digest => `AZURE-NPM-EGRESS-${digest}`),
    )
  })

  test.each(collisions.spellings)('two policies spelled one $what, and no longer do', vector => {
    const spelled = (scheme: Scheme): string[] =>
      vector.old.startsWith('cidr-')
        ? vector.policies.map(policy => cidrSetNames(policy, {direction: 'Ingress', rule: 0, peer: 0}, scheme)[0] as string)
        : [
            nestedSetNames('ns/a-b', 'c', ['x', 'y'], scheme)[0] as string,
            nestedSetNames('ns/a', 'b-c', ['x', 'y'], scheme)[0] as string,
          ]
    expect(spelled('fnv32a')).toEqual([vector.old, vector.old])
    expect(setKernelName(vector.old, 'fnv32a')).toBe(vector.fnv32a)
    expect(spelled('sha256')).toEqual(vector.new)
  })
})

describe('sets of one policy', () => {
  test.each<{what: string; scheme: Scheme; names: string[]}>([
    {what: 'several values', scheme: 'sha256', names: ['nestedlabel-shop/p:app:web:api:web']},
    {what: 'several values', scheme: 'fnv32a', names: ['nestedlabel-shop/p-app:web:api:web', 'nestedlabel-app:web:api:web']},
  ])('$what under $scheme: newest spelling first, values as they stand', ({scheme, names: expected}) => {
    expect(nestedSetNames('shop/p', 'app', ['web', 'api', 'web'], scheme)).toEqual(expected)
  })

  test.each<{direction: Direction; scheme: Scheme; names: string[]}>([
    {direction: 'Ingress', scheme: 'sha256', names: ['cidr-p:in-ns:shop-2-10IN']},
    {direction: 'Egress', scheme: 'sha256', names: ['cidr-p:in-ns:shop-2-10OUT']},
    {direction: 'Ingress', scheme: 'fnv32a', names: ['cidr-p-in-ns-shop-2-10IN', 'cidr-p-in-ns-shop-2IN']},
    {direction: 'Egress', scheme: 'fnv32a', names: ['cidr-p-in-ns-shop-2-10OUT', 'cidr-p-in-ns-shop-2OUT']},
  ])('a block of $direction under $scheme: newest spelling first', ({direction, scheme, names: expected}) => {
    expect(cidrSetNames('shop/p', {direction, rule: 2, peer: 10}, scheme)).toEqual(expected)
  })
})

const HASH20 = '343gyx4g1wf87lwlewvk'

test.each<{kernelName: string; scheme: Scheme | undefined}>([
  {kernelName: 'azure-npm-0', scheme: 'fnv32a'},
  {kernelName: 'azure-npm-4294967295', scheme: 'fnv32a'},
  {kernelName: 'azure-npm-12345678901', scheme: undefined},
  {kernelName: `azure-npm-${HASH20}`, scheme: 'sha256'},
  {kernelName: 'azure-npm-12345678901234567890', scheme: 'sha256'},
  {kernelName: `azure-npm-${HASH20}0`, scheme: undefined},
  {kernelName: `azure-npm-${HASH20.slice(1)}`, scheme: undefined},
  {kernelName: `azure-npm-${HASH20.toUpperCase()}`, scheme: undefined},
  {kernelName: `xazure-npm-${HASH20}`, scheme: undefined},
  {kernelName: 'azure-npm-12\n', scheme: undefined},
  {kernelName: 'azure-npm-', scheme: undefined},
  {kernelName: 'KUBE-CLUSTER-IP', scheme: undefined},
])('$kernelName has the shape of $scheme', ({kernelName, scheme}) => {
  expect(setScheme(kernelName)).toBe(scheme)
  expect(isSetName(kernelName)).toBe(scheme !== undefined)
})

test.each<{chain: string; is: ReturnType<typeof policyChain>}>([
  {chain: 'AZURE-NPM-INGRESS-7', is: {direction: 'Ingress', schemes: ['fnv32a']}},
  {chain: 'AZURE-NPM-EGRESS-348614719', is: {direction: 'Egress', schemes: ['fnv32a']}},
  {chain: 'AZURE-NPM-INGRESS-3486147191', is: {direction: 'Ingress', schemes: ['fnv32a', 'sha256']}},
  {chain: 'AZURE-NPM-EGRESS-jo5gdwc4t2', is: {direction: 'Egress', schemes: ['sha256']}},
  {chain: 'AZURE-NPM-INGRESS-34861471911', is: undefined},
  {chain: 'AZURE-NPM-INGRESS-jo5gdwc4t', is: undefined},
  {chain: 'AZURE-NPM-INGRESS-JO5GDWC4T2', is: undefined},
  {chain: 'AZURE-NPM-INGRESS', is: undefined},
  {chain: 'AZURE-NPM-INGRESS-ALLOW-MARK', is: undefined},
  {chain: 'AZURE-NPM-INGRESS-DROPS', is: undefined},
  {chain: 'AZURE-NPM-EGRESS-PORT', is: undefined},
  {chain: 'AZURE-NPM-ACCEPT', is: undefined},
  {chain: 'XAZURE-NPM-INGRESS-7', is: undefined},
])('$chain is a policy chain, or none: $is', ({chain, is}) => {
  expect(policyChain(chain)).toEqual(is)
})
