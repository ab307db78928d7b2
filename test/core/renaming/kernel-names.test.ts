import {expect, test} from 'vitest'
import type {ChainNames} from '../../../core/renaming/chain-names.ts'
import {KeyedHash} from '../../../core/renaming/keyed-hash.ts'
import {Renaming} from '../../../core/renaming/renaming.ts'
import {Vocabulary} from '../../../core/renaming/vocabulary.ts'

/** A data plane that numbers its chains by the length of a policy's name. */
const plane = (prefix: string): ChainNames => ({
  isOnEveryNode: name => name === `${prefix}-ROOT`,
  headOf: name => (name.startsWith(`${prefix}-pod-`) ? `${prefix}-pod-` : ''),
  prefixes: [prefix],
  policyChains: {
    isHashed: true,
    digestOf: (policy, scheme) => `${scheme}.${policy.length}`,
    print: (digest, direction) => `${prefix}-${direction}-${digest}`,
    parse: chain => {
      const [name, direction = '', digest = ''] = chain.split('-')
      const [scheme] = digest.split('.')
      if (name !== prefix || (direction !== 'Ingress' && direction !== 'Egress')) return undefined
      if (scheme !== 'fnv32a' && scheme !== 'sha256') return undefined
      return {direction, digest, scheme}
    },
  },
})

const planes = [plane('ONE'), plane('TWO')]
const vocabulary = new Vocabulary()
vocabulary.addPolicy('shop/allow-web')
for (const {policyChains} of planes) vocabulary.notePolicyChains(policyChains)
const {names, freeText} = new Renaming(new KeyedHash(new Uint8Array(32)), vocabulary, planes)

test.each(['ONE-ROOT', 'TWO-ROOT'])('a chain that every node has stays: %s', name => {
  expect(names.chain(name)).toBe(name)
})

test.each([
  // Fakes are as long as the names, so the digest of a known policy stays the same.
  {chain: 'ONE-Ingress-sha256.14', renamed: 'ONE-Ingress-sha256.14'},
  {chain: 'TWO-Egress-fnv32a.14', renamed: 'TWO-Egress-fnv32a.14'},
])('the chain of a known policy is named for its new name by its own data plane: $chain', ({chain, renamed}) => {
  expect(names.policiesOf(chain)).toEqual(['shop/allow-web'])
  expect(names.chain(chain)).toBe(renamed)
})

test('the chains of an unknown policy are named alike, for a text that nobody knows', () => {
  expect(names.policiesOf('TWO-Ingress-sha256.9')).toEqual([])
  const [ingress, egress] = ['TWO-Ingress-sha256.9', 'TWO-Egress-sha256.9'].map(chain => names.chain(chain))
  expect(ingress).toMatch(/^TWO-Ingress-sha256\.\d{2,}$/)
  expect(egress).toBe(ingress?.replace('Ingress', 'Egress'))
})

test('of any other chain the head stays, whichever data plane it is of', () => {
  expect(names.policiesOf('TWO-pod-web')).toEqual([])
  expect(names.chain('TWO-pod-web')).toMatch(/^TWO-pod-(?!web)[a-z]{3}$/)
})

test('a word of a text that begins like a chain is renamed as one', () => {
  expect(freeText.rewrite('jump to TWO-pod-web, then TWO-ROOT')).toBe(`jump to ${names.chain('TWO-pod-web')}, then TWO-ROOT`)
})
