import {describe, expect, test} from 'vitest'
import {compile} from '../../../../core/linux/compile/compile.ts'
import type {CompileOptions} from '../../../../core/policy/program.ts'
import {type Held, heldByProgram, heldInFolder, objectsOf, setsInFolder} from '../../../support/linux/compare-programs.ts'

/** What Azure NPM or we programmed for known objects must be what the compiler asks for, set for set and rule for rule. */

interface Capture {
  readonly folder: string
  readonly options: CompileOptions
  readonly rules?: string
  /** What a node may hold besides, as it is left over from before. */
  readonly extraSets?: number
  readonly extraChains?: number
  readonly refused?: readonly string[]
}

const sha256: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const fnv32a: CompileOptions = {scheme: 'fnv32a', semantics: 'npm'}

const v1: CompileOptions = {...fnv32a, generation: 'v1'}

const captures: readonly Capture[] = [
  {folder: 'captures/v2-base36-nft', options: sha256},
  {folder: 'captures/v2-base36-legacy', options: sha256},
  {folder: 'captures/v2-decimal-nft', options: fnv32a},
  {folder: 'captures/v2-decimal-legacy', options: fnv32a},
  {folder: 'captures/inactive-nft', options: sha256},
  {folder: 'captures/mixed-nft', options: sha256, extraChains: 13},
  {folder: 'real-npm/shop-sha256', options: sha256},
  {folder: 'real-npm/clinic-fnv', options: fnv32a},
  {folder: 'real-npm/freight-legacy', options: sha256},
  {folder: 'real-npm/school-before', options: sha256},
  {folder: 'real-npm/school-changed', options: sha256, extraSets: 4, extraChains: 1},
  {
    folder: 'real-npm/bank-lite',
    options: {...sha256, isLite: true, node: 'aks-system-1'},
    refused: ['LITE_NAMED_PORT mail/named spec.ingress[0].ports[0].port', 'LITE_PEER teller/queue spec.ingress[0].from[0]'],
  },
  {folder: 'real-npm/garden-oldmarks', options: {...fnv32a, release: 'v1.4.21'}},
  {folder: 'captures/v1-nft', options: v1},
  {folder: 'captures/v1-legacy', options: v1},
  ...(['nft', 'legacy'] as const).flatMap(backend =>
    [
      {folder: 'measured/base36', options: sha256},
      {folder: 'measured/decimal', options: fnv32a},
      {folder: 'measured/inactive', options: sha256},
      {folder: 'measured/kube-proxy', options: fnv32a},
      {folder: 'measured/set-collision', options: fnv32a, refused: ['SET_COLLISION vault/only-price spec.ingress[0].from[0]']},
      {folder: 'measured/v1', options: v1},
    ].map(capture => ({...capture, rules: `iptables-${backend}-save.txt`})),
  ),
  {
    folder: 'compile/shared-set',
    options: fnv32a,
    refused: ['SET_COLLISION vault/only-price spec.ingress[0].from[0]'],
  },
]

const clusterFile = (folder: string): string => `${folder}/cluster.${folder.startsWith('captures/') ? 'yaml' : 'json'}`

describe.each(captures)('$folder $rules', ({folder, rules, options, extraSets = 0, extraChains = 0, refused = []}) => {
  const program = compile(objectsOf(clusterFile(folder)), options)
  const expected = heldByProgram(program)
  const node = heldInFolder(folder, rules)

  test('sets and members are the same, leftovers empty', () => {
    const leftover = leftoverSets(node, expected)
    expect(node.sets.filter(set => !leftover.includes(set))).toEqual(expected.sets)
    expect(leftover.filter(set => set.split(' ').length > 3 || !set.endsWith(' '))).toEqual([])
    expect(leftover).toHaveLength(extraSets)
  })

  test('chains and rules are the same, leftovers empty', () => {
    const leftover = Object.keys(node.chains).filter(chain => !(chain in expected.chains))
    expect(Object.fromEntries(Object.entries(node.chains).filter(([chain]) => chain in expected.chains))).toEqual(expected.chains)
    expect(leftover.filter(chain => node.chains[chain]?.length !== 0)).toEqual([])
    expect(leftover).toHaveLength(extraChains)
  })

  test('refusals', () => {
    const found = program.refusals.map(({code, policy, field}) => `${code} ${policy} ${field}`)
    expect(found).toEqual(refused)
  })
})

const leftoverSets = (node: Held, expected: Held): string[] => {
  const names = new Set(expected.sets.map(set => set.split(' ')[0]))
  return node.sets.filter(set => !names.has(set.split(' ')[0]))
}

test('with sets on need, only what policies use is in the kernel', () => {
  const objects = objectsOf('compile/on-need/cluster.json')
  const onNeed = heldByProgram(compile(objects, {...sha256, isOnNeed: true}))
  expect(onNeed.sets).toEqual(setsInFolder('compile/on-need'))
  expect(heldByProgram(compile(objects, sha256)).sets.length).toBeGreaterThan(onNeed.sets.length)
  const inactive = compile({...objects, policies: []}, {...sha256, isOnNeed: true})
  expect(inactive.sets.size).toBe(0)
})

test('two policies with one chain are told, and the chain has the rules of both as after a restart', () => {
  const program = compile(objectsOf('compile/shared-chain/cluster.json'), fnv32a)
  expect(program.refusals.map(({code, policy}) => `${code} ${policy}`)).toEqual([
    'CHAIN_COLLISION cache-staging/default-deny-ingress',
    'CHAIN_COLLISION report/allow-cart-to-product',
  ])
  const expected = heldByProgram(program)
  const node = heldInFolder('compile/shared-chain')
  const chain = 'AZURE-NPM-INGRESS-253360942'
  expect(expected.sets).toEqual(node.sets)
  expect({...node.chains, [chain]: []}).toEqual({...expected.chains, [chain]: []})
  // One was added after the other, which flushed the first one's rule.
  expect(expected.chains[chain]).toEqual([`${chain} // DROP-ALL -j MARK --set-xmark 0x400/0x400`, ...(node.chains[chain] ?? [])])
})
