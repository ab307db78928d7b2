import {describe, expect, test} from 'vitest'
import {policyChainName} from '../../../../core/linux/npm/policy-chain.ts'
import {setKernelName} from '../../../../core/names/kernel-name.ts'
import {dumpOf, fixtureText} from '../../../support/read-capture.ts'
import {translate} from '../../../support/translate.ts'

interface Collisions {
  readonly sets: readonly {readonly names: readonly {readonly name: string}[]}[]
  readonly chains: readonly {readonly policies: readonly [string, string]}[]
}
const {sets, chains} = JSON.parse(fixtureText('vectors/collisions.json')) as Collisions

/** A save with one policy chain and any rules in it, as NPM v2 writes them. */
const save = (jumps: readonly string[], chain: string, rules: readonly string[]) =>
  [
    '*filter',
    ':FORWARD ACCEPT [0:0]',
    ':AZURE-NPM - [0:0]',
    ':AZURE-NPM-INGRESS - [0:0]',
    ':AZURE-NPM-INGRESS-ALLOW-MARK - [0:0]',
    `:${chain} - [0:0]`,
    '-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM',
    '-A AZURE-NPM -j AZURE-NPM-INGRESS',
    ...jumps.map(jump => `-A AZURE-NPM-INGRESS ${jump} -j ${chain}`),
    ...rules.map(rule => `-A ${chain} ${rule} -j AZURE-NPM-INGRESS-ALLOW-MARK`),
    'COMMIT\n',
  ].join('\n')

const jump = (policy: string, namespace: string) =>
  `-m set --match-set ${setKernelName(`ns-${namespace}`, 'fnv32a')} dst -m comment --comment "INGRESS-POLICY-${policy}-TO-ns-${namespace}-IN-ns-${namespace}"`

const allowFrom = (name: string) =>
  `-m set --match-set ${setKernelName(name, 'fnv32a')} src -m comment --comment "ALLOW-FROM-${name}"`

describe('two names on one hash', () => {
  test.each(sets.map(({names}) => ({names: names.map(({name}) => name)})))('$names are both told', async ({names}) => {
    const [first = '', second = ''] = names
    const chain = policyChainName('a/b', 'Ingress', 'fnv32a')
    const translation = translate(await dumpOf(save([jump('a/b', 'a')], chain, [allowFrom(first), allowFrom(second)])))
    const set = translation.sets.find(({set}) => set === setKernelName(first, 'fnv32a'))
    expect(set?.names.toSorted()).toEqual([first, second].toSorted())
    expect(translation.problems.filter(({code}) => code === 'NAME_COLLISION')).toHaveLength(1)
    // Each rule says which of the two it means.
    expect(translation.policies[0]?.rules.map(({sources}) => sources[0]?.name)).toEqual([first, second])
  })

  test.each(chains.map(({policies}) => ({policies})))(
    'policies $policies share a chain, and both are told',
    async ({policies}) => {
      const [first, second] = policies
      const namespaceOf = (policy: string) => policy.slice(0, policy.indexOf('/'))
      const chain = policyChainName(first, 'Ingress', 'fnv32a')
      expect(policyChainName(second, 'Ingress', 'fnv32a')).toBe(chain)
      const jumps = [jump(first, namespaceOf(first)), jump(second, namespaceOf(second))]
      const translation = translate(await dumpOf(save(jumps, chain, [allowFrom('ns-x')])))
      expect(translation.policies.map(({policy}) => policy).toSorted()).toEqual([first, second].toSorted())
      expect(translation.problems.find(({code}) => code === 'CHAIN_COLLISION')?.message).toContain(chain)
    },
  )
})

describe('a comment that does not tell the truth', () => {
  test('about a policy leaves the policy unknown', async () => {
    const chain = policyChainName('a/b', 'Ingress', 'sha256')
    const {policies, problems} = translate(await dumpOf(save([jump('a/other', 'a')], chain, [])))
    expect(policies.map(({policy}) => policy)).toEqual(['unknown'])
    expect(problems.find(({code}) => code === 'NAME_MISMATCH')?.message).toContain('a/other')
  })

  test('about a set leaves the set unknown', async () => {
    const chain = policyChainName('a/b', 'Ingress', 'fnv32a')
    const rule = allowFrom('ns-x').replace('ALLOW-FROM-ns-x', 'ALLOW-FROM-ns-y')
    const {policies, problems} = translate(await dumpOf(save([jump('a/b', 'a')], chain, [rule])))
    expect(policies[0]?.rules[0]?.sources).toEqual([{set: setKernelName('ns-x', 'fnv32a'), name: 'unknown', negated: false}])
    expect(problems.find(({code}) => code === 'NAME_MISMATCH')).toMatchObject({line: 10})
  })
})

describe('what somebody else put into a policy chain', () => {
  test.each<{what: string; rule: string; says: string}>([
    {
      what: 'an own condition',
      rule: '-s 192.0.2.1/32 -j AZURE-NPM-INGRESS-ALLOW-MARK',
      says: 'allow everything from anywhere if also -s 192.0.2.1/32',
    },
    {what: 'an own target', rule: '-p tcp -m tcp --dport 22 -j ACCEPT', says: 'do something unknown with tcp/22 from anywhere'},
    {
      what: 'a set on the wrong side',
      rule: '-m set --match-set azure-npm-1 src,src -j DROP',
      says: 'if also -m set --match-set azure-npm-1 src,src',
    },
    {
      what: 'a match nobody knows',
      rule: '-m connlabel --label 4 -j AZURE-NPM-INGRESS-ALLOW-MARK',
      says: 'if also -m connlabel --label 4',
    },
  ])('$what is shown as it is, never as what it resembles', async ({rule, says}) => {
    const chain = policyChainName('a/b', 'Ingress', 'fnv32a')
    const text = save([jump('a/b', 'a')], chain, []).replace('COMMIT', `-A ${chain} ${rule}\nCOMMIT`)
    const [policy] = (await dumpOf(text)).translation().policies()
    expect(policy?.rules[0]?.text).toContain(says)
  })
})

describe('rules of NPM v1 and v2 in one save', () => {
  test('are both told', async () => {
    const v2 = fixtureText('captures/v2-decimal-nft/iptables-save.txt')
    const ofV1 = /^:AZURE-NPM-INGRESS-(?:PORT|DROPS) |-A AZURE-NPM-INGRESS-(?:PORT|DROPS) .*match-set/
    const v1 = fixtureText('captures/v1-nft/iptables-save.txt')
      .split('\n')
      .filter(line => ofV1.test(line))
    const {generation, policies} = translate(
      await dumpOf(v2.replace('[0:0] -A AZURE-NPM-ACCEPT', `${v1.join('\n')}\n[0:0] -A AZURE-NPM-ACCEPT`)),
    )
    expect(generation).toBe('mixed')
    const told = policies.map(({policy, chain}) => `${policy} ${chain}`)
    expect(told).toContain(`bakery/oven ${policyChainName('bakery/oven', 'Ingress', 'fnv32a')}`)
    expect(told).toContain('unknown AZURE-NPM-INGRESS')
  })
})
