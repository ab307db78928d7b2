import {describe, expect, test} from 'vitest'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {findMember, readMember} from '../../../core/translate/find-member.ts'
import {resolveNames} from '../../../core/translate/resolve-names.ts'
import {shopLines, shopNodes} from '../../support/shop-nodes.ts'

const SETS = [
  'create azure-npm-1 hash:net family inet',
  'add azure-npm-1 10.0.0.0/8',
  'add azure-npm-1 10.1.0.0/16 nomatch',
  'add azure-npm-1 10.1.2.0/24',
  'create azure-npm-2 hash:ip,port family inet',
  'add azure-npm-2 10.2.0.1,tcp:80',
  'add azure-npm-2 10.2.0.1,udp:53',
  'create azure-npm-3 list:set size 8',
  'add azure-npm-3 azure-npm-1',
  'create azure-npm-4 hash:net family inet',
  'add azure-npm-4 10.2.0.1',
]

/** Sets that hold a member, with what of them does, by the nodes that have it so. */
async function held(asked: string, nodes: Readonly<Record<string, readonly string[]>> = {n1: SETS}) {
  const lines = Object.fromEntries(Object.entries(nodes).map(([name, sets]) => [name, {sets: [...sets]}]))
  const {end: address, port} = readMember(asked)
  const {document} = findMember(await shopNodes(lines, null), {asked, address, ...(port && {port})}, [])
  return document.items.map(
    ({set, members, through, nodes: on}) => `${set} ${[...members, ...through].join(' ')} ${on.join(' ')}`,
  )
}

describe('the sets that hold a member', () => {
  test.each<{member: string; by: string[]}>([
    {member: '10.9.0.1', by: ['azure-npm-1 10.0.0.0/8 n1', 'azure-npm-3 azure-npm-1 n1']},
    {member: '10.1.0.1', by: []},
    {member: '10.1.2.3', by: ['azure-npm-1 10.1.2.0/24 n1', 'azure-npm-3 azure-npm-1 n1']},
    {
      member: '10.2.0.1',
      by: [
        'azure-npm-1 10.0.0.0/8 n1',
        'azure-npm-2 10.2.0.1,tcp:80 10.2.0.1,udp:53 n1',
        'azure-npm-4 10.2.0.1 n1',
        'azure-npm-3 azure-npm-1 n1',
      ],
    },
    {
      member: '10.2.0.1,53/udp',
      by: [
        'azure-npm-1 10.0.0.0/8 n1',
        'azure-npm-2 10.2.0.1,udp:53 n1',
        'azure-npm-4 10.2.0.1 n1',
        'azure-npm-3 azure-npm-1 n1',
      ],
    },
    {member: '10.2.0.1,81', by: ['azure-npm-1 10.0.0.0/8 n1', 'azure-npm-4 10.2.0.1 n1', 'azure-npm-3 azure-npm-1 n1']},
    {member: '11.0.0.1', by: []},
  ])('of $member, the longest block deciding', async ({member, by}) => {
    expect((await held(member)).toSorted()).toEqual(by.toSorted())
  })

  test('are told once for nodes that agree, and apart where the members differ', async () => {
    const other = SETS.filter(line => line !== 'add azure-npm-4 10.2.0.1' && line !== 'add azure-npm-1 10.1.2.0/24')
    expect(await held('10.1.2.3', {n1: SETS, n2: other})).toEqual(['azure-npm-1 10.1.2.0/24 n1', 'azure-npm-3 azure-npm-1 n1'])
    expect(await held('10.9.0.1', {n1: SETS, n2: other})).toEqual([
      'azure-npm-1 10.0.0.0/8 n1 n2',
      'azure-npm-3 azure-npm-1 n1 n2',
    ])
  })

  test('may be more where sets were not given', async () => {
    const {isUnknown} = findMember(await shopNodes({n1: {rules: shopLines.rules}}), {asked: '10.9.0.1', address: '10.9.0.1'}, [])
    expect(isUnknown).toBe(true)
  })

  test.each(['10.0.0.1,http', '10.0.0.1,70000', '10.0.0.1,'])('%s has no port', text => {
    expect(() => readMember(text)).toThrow('no port')
  })
})

describe('names on several nodes', () => {
  const app = setKernelName('podlabel-app:web', 'sha256')

  test.each([app, app.replace('azure-npm-', '')])('%s is one line with the nodes that have it', async asked => {
    const [rules, sets] = [shopLines.rules, shopLines.sets].map(lines => lines.filter(line => !line.includes(app)))
    const nodes = await shopNodes({n1: shopLines, n2: {rules: rules ?? [], sets: sets ?? []}, n3: shopLines})
    const {document, areAllKnown} = resolveNames([asked], nodes)
    expect(areAllKnown).toBe(true)
    expect(document.items.map(({asked: told, name, nodes: on}) => [told, name, on])).toEqual([
      [asked, 'podlabel-app:web', ['n1', 'n3']],
    ])
  })

  test('an address is that of its pod, and its sets are counted on each node', async () => {
    const [first] = await shopNodes()
    const pod = first?.cluster?.pods.find(({status}) => status?.podIP !== undefined)
    const {document} = resolveNames([pod?.status?.podIP ?? ''], await shopNodes())
    expect(document.items).toMatchObject([
      {
        kind: 'address',
        onNode: true,
        nodes: ['n1', 'n2'],
        meaning: expect.stringMatching(`^pod ${pod?.metadata.namespace}/${pod?.metadata.name}`),
      },
    ])
  })

  test('a base chain has the purpose of the generation that the node runs, or of each without a node', async () => {
    expect(resolveNames(['AZURE-NPM-EGRESS'], []).document.items.map(({generation}) => generation)).toEqual(['v2', 'v1'])
    expect(resolveNames(['AZURE-NPM-EGRESS'], await shopNodes()).document.items).toMatchObject([
      {kind: 'chain', generation: 'v2', onNode: true, meaning: expect.stringContaining('egress policies')},
    ])
  })

  test('a word of ten letters that is no known hash is a label, and digits alone are a hash', async () => {
    const {document} = resolveNames(['prometheus', '4000000000'], await shopNodes())
    expect(document.items.map(({name}) => name)).toContain('podlabel-prometheus')
    expect(document.items.at(-1)).toMatchObject({asked: '4000000000', name: 'unknown', fnv32a: ['azure-npm-4000000000']})
  })
})
