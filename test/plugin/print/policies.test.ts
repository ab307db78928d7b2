import {describe, expect, test} from 'vitest'
import type {PolicyList} from '../../../core/contract/policies.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {compareNodes} from '../../../core/policies/compare-nodes.ts'
import {listPolicies} from '../../../core/policies/list-policies.ts'
import {policyLines, policyNames} from '../../../plugin/print/policies.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {shop as bare, shopNodes} from '../../support/shop-nodes.ts'

const plain = (text: string): string => text
const golden = (name: string) => `../../golden/policies-${name}.txt`
const look = {isWide: false, hasHeaders: true, now: Date.parse('2026-11-30T12:00:00Z')}

/** Lines of the table, then those of the wide one. */
const screens = (list: PolicyList): string =>
  [...policyLines(list, plain, look), '', '--- wide', ...policyLines(list, plain, {...look, isWide: true}), ''].join('\n')

const created = (namespace: string, name: string, creationTimestamp: string) => ({metadata: {namespace, name, creationTimestamp}})

/** Each state that there is, on three nodes. */
const cluster: ClusterObjects = {
  ...bare,
  namespaces: bare.namespaces.map(({metadata: {name}}) => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name}}})),
  policies: [
    ...bare.policies.map((policy, at) => ({
      ...policy,
      metadata: {...policy.metadata, creationTimestamp: `2026-11-30T11:${at}9:30Z`},
    })),
    {
      ...created('shop', 'six', '2026-11-28T00:00:00Z'),
      spec: {podSelector: {}, policyTypes: ['Ingress'], ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]},
    },
    {
      ...created('shop', 'not-ops', '2020-01-01T00:00:00Z'),
      spec: {
        podSelector: {matchLabels: {app: 'db'}},
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [
              {
                namespaceSelector: {
                  matchExpressions: [{key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['ops', 'shop']}],
                },
              },
            ],
          },
        ],
      },
    },
    {...created('ops', 'job', '2026-11-30T11:59:15Z'), spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}},
    {...created('ops', 'closed', '2026-11-30T09:00:00Z'), spec: {podSelector: {}, policyTypes: ['Egress']}},
  ],
}
const gone = {
  ...cluster,
  policies: [...cluster.policies, {metadata: {namespace: 'ops', name: 'gone'}, spec: {podSelector: {}, ingress: [{}]}}],
}
const linesFor = (objects: ClusterObjects): NodeLines => linesOf(compile(objects, {scheme: 'sha256', semantics: 'npm'}))

async function listed(lines: Readonly<Record<string, Partial<NodeLines>>>, objects: ClusterObjects | null): Promise<PolicyList> {
  const states = await shopNodes(lines, objects)
  return listPolicies(states[0]?.cluster, compareNodes(states, {isLite: false}), {failures: [], problems: []})
}

describe('a list of policies reads as it did', () => {
  test('with every state', async () => {
    const whole = linesFor(cluster)
    const list = await listed(
      {
        n1: whole,
        n2: {
          rules: whole.rules.filter(line => !/AZURE-NPM-EGRESS-\w{10}/.test(line)),
          sets: [
            ...whole.sets.filter(line => !/ 10\.0\.[12]\.1$/.test(line)),
            'create azure-npm-zzzzzzzzzzzzzzzzzzzz hash:net family inet hashsize 1024 maxelem 65536',
            'add azure-npm-zzzzzzzzzzzzzzzzzzzz 10.3.3.3',
          ],
        },
        n3: linesFor(gone),
      },
      cluster,
    )
    await expect(screens(list)).toMatchFileSnapshot(golden('every-state'))
    expect(policyNames(list)).toContain('networkpolicy.networking.k8s.io/shop/six')
  })

  test('while it is watched', async () => {
    const list = await listed({n1: linesFor(cluster)}, cluster)
    const rates = [
      undefined,
      {newConnections: null, drops: null},
      {newConnections: 0.1, drops: 0},
      {newConnections: 12.4, drops: 3},
    ]
    const items = list.items.map((item, at) => ({...item, ...(rates[at] && {rates: rates[at]})}))
    await expect([...policyLines({...list, items}, plain, {...look, isWatched: true}), ''].join('\n')).toMatchFileSnapshot(
      golden('watched'),
    )
  })

  test('where the input is not whole', async () => {
    const whole = linesFor(cluster)
    await expect(
      screens(await listed({n1: whole, n2: {...whole, rules: whole.rules.slice(0, -3)}}, cluster)),
    ).toMatchFileSnapshot(golden('cut'))
    await expect(screens(await listed({n1: whole}, null))).toMatchFileSnapshot(golden('without-objects'))
    await expect(
      screens(await listed({n1: linesFor({...cluster, policies: []})}, {...cluster, policies: []})),
    ).toMatchFileSnapshot(golden('none'))
  })
})
