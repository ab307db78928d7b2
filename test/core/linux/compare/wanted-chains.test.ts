import {describe, expect, test} from 'vitest'
import {compareNode} from '../../../../core/drift/compare-node.ts'
import {diffNode} from '../../../../core/drift/diff-node.ts'
import {readDump} from '../../../../core/dump/read-dump.ts'
import {type ClusterObjects, emptyCluster, type NetworkPolicy} from '../../../../core/kubernetes/objects.ts'
import {wantedChains} from '../../../../core/linux/compare/wanted-chains.ts'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {programRules, programSets} from '../../../../core/linux/walk/node-rules.ts'
import {walk} from '../../../../core/linux/walk/walk.ts'
import type {CompileOptions} from '../../../../core/policy/program.ts'
import {linesOf} from '../../../support/node-of.ts'

/** Namespace `big` has a policy of 20 peers and 20 ports, `small` one of a single rule. At most 100 rules are compiled. */

const many = Array.from({length: 20}, (_, index) => index + 1)
const policy = (namespace: string, ingress: NetworkPolicy['spec']['ingress'] & {}): NetworkPolicy => ({
  metadata: {name: 'p', namespace},
  spec: {podSelector: {}, policyTypes: ['Ingress'], ingress},
})
const big = policy('big', [
  {from: many.map(number => ({podSelector: {matchLabels: {a: `b${number}`}}})), ports: many.map(port => ({port}))},
])
const small = policy('small', [{ports: [{port: 80}]}])
const pod = (namespace: string, podIP: string) => ({
  metadata: {name: 'pod', namespace},
  spec: {},
  status: {podIP, phase: 'Running'},
})
const cluster: ClusterObjects = {
  ...emptyCluster(),
  namespaces: ['big', 'small'].map(name => ({metadata: {name}})),
  pods: [pod('big', '10.0.0.1'), pod('small', '10.0.0.2')],
  policies: [big, small],
}

async function nodeOf(options: CompileOptions, change: (rules: readonly string[]) => readonly string[] = rules => rules) {
  const {rules, sets} = linesOf(compile(cluster, options))
  const document = (name: string, lines: readonly string[], kind: 'iptables-save' | 'ipset-save') => ({
    name,
    folder: '',
    text: [`${lines.join('\n')}\n`],
    kind,
  })
  const {nodes} = await readDump([document('rules', change(rules), 'iptables-save'), document('sets', sets, 'ipset-save')])
  return nodes[0] as (typeof nodes)[number]
}

const limited = (options: CompileOptions) => compile(cluster, {...options, mostRules: 100})

describe.each<CompileOptions>([
  {scheme: 'sha256', semantics: 'npm'},
  {scheme: 'fnv32a', semantics: 'npm'},
])('with names of $scheme', options => {
  test('a node that has all rules is not clean when a policy was too large to be compared, and has no differences', async () => {
    expect(compareNode(cluster, await nodeOf(options)).clean).toBe(true)
    const drift = compareNode(cluster, await nodeOf(options), {programFor: limited})
    expect(drift).toMatchObject({clean: false, items: [], notes: []})
    expect(drift.notCompared).toEqual([
      {policy: 'big/p', reason: expect.stringMatching(/401 rules.* more than the 100/), next: expect.any(String)},
    ])
  })

  test('what is missing of the other policies is found, with its effect', async () => {
    const node = await nodeOf(options, rules => rules.filter(rule => !rule.includes('--dport 80')))
    const {items} = compareNode(cluster, node, {programFor: limited})
    expect(items).toMatchObject([{kind: 'rule', change: 'missing', policy: 'small/p', effect: 'closed'}])
  })

  test('a missing jump to its chain is found, and what is in the chain is taken for right', async () => {
    const chain = limited(options).leftOut[0]?.chains[0]?.chain ?? ''
    const node = await nodeOf(options, rules => rules.filter(rule => !rule.endsWith(`-j ${chain}`)))
    const {items} = compareNode(cluster, node, {programFor: limited})
    expect(items).toMatchObject([{kind: 'jump', change: 'missing', policy: 'big/p', effect: 'open'}])
  })
})

test('packets of pods that a policy selects are unknown without its rules, those of others are not', () => {
  const program = limited({scheme: 'sha256', semantics: 'npm'})
  const chains = wantedChains(program)
  const rules = programRules({
    ...program,
    baseChains: new Map([...chains].map(([name, list]) => [name, [...list]])),
    policies: [],
  })
  const verdict = (destination: string, port: number) =>
    walk(rules, programSets(program), {source: '10.0.0.9', destination, protocol: 'tcp', port}).verdict
  expect([verdict('10.0.0.1', 5), verdict('10.0.0.2', 80), verdict('10.0.0.2', 81)]).toEqual(['unknown', 'accept', 'drop'])
})

test('in NPM v1, where policies share their chains, no rules are compared then', async () => {
  const options: CompileOptions = {scheme: 'fnv32a', semantics: 'npm', generation: 'v1'}
  expect(compareNode(cluster, await nodeOf(options)).clean).toBe(true)
  const drift = compareNode(cluster, await nodeOf(options), {programFor: limited})
  expect(drift).toMatchObject({clean: false, items: []})
  expect(drift.notCompared?.map(each => each.policy)).toEqual(['big/p', 'small/p'])
})

test('a single policy with more rules than are compiled is not compared, and its sets are those of the node', async () => {
  const huge = policy('big', [
    {
      from: Array.from({length: 300}, (_, index) => ({podSelector: {matchLabels: {a: `b${index}`}}})),
      ports: Array.from({length: 300}, (_, index) => ({port: index + 1})),
    },
  ])
  const node = (await nodeOf({scheme: 'sha256', semantics: 'npm'})).with({cluster: {...cluster, policies: [huge, small]}})
  const drift = diffNode(node, {isLite: false}, [])
  expect(drift.notCompared?.map(each => each.policy)).toEqual(['big/p'])
  // The node has the sets of 20 peers only.
  expect(new Set(drift.items.map(({kind, change}) => `${kind} ${change}`))).toEqual(new Set(['set missing']))
  expect(drift.items).toHaveLength(280)
})
