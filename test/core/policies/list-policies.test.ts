import {describe, expect, test} from 'vitest'
import type {PolicyList, PolicyListItem} from '../../../core/contract/policies.ts'
import {policyListSchema} from '../../../core/contract/policies.ts'
import type {ClusterObjects, NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {compareNodes} from '../../../core/policies/compare-nodes.ts'
import {listPolicies, type PolicyFilter} from '../../../core/policies/list-policies.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {shop as bare, shopNodes} from '../../support/shop-nodes.ts'

/** With the label that API servers give namespaces. */
const shop: ClusterObjects = {
  ...bare,
  namespaces: bare.namespaces.map(({metadata: {name}}) => ({metadata: {name, labels: {'kubernetes.io/metadata.name': name}}})),
}
const linesFor = (cluster: ClusterObjects): NodeLines => linesOf(compile(cluster, {scheme: 'sha256', semantics: 'npm'}))
const shopLines = linesFor(shop)

async function listed(
  lines: Readonly<Record<string, Partial<NodeLines>>>,
  cluster: ClusterObjects | null = shop,
  filter: PolicyFilter = {},
): Promise<PolicyList> {
  const states = await shopNodes(lines, cluster)
  const list = listPolicies(states[0]?.cluster, compareNodes(states, {isLite: false}), {failures: [], problems: [], filter})
  return policyListSchema.parse(list)
}

const keyOf = ({namespace, name, direction}: PolicyListItem) => `${namespace}/${name} ${direction}`
const statesOf = ({items}: PolicyList) =>
  Object.fromEntries(
    items.map(item => [
      keyOf(item),
      item.states.map(({state, code, nodes}) => [state, code, ...nodes].filter(Boolean).join(' ')),
    ]),
  )
const withoutRules = ({rules, sets}: NodeLines, pattern: RegExp): NodeLines => ({
  rules: rules.filter(line => !pattern.test(line)),
  sets,
})
const withPolicies = (...policies: NetworkPolicy[]): ClusterObjects => ({...shop, policies: [...shop.policies, ...policies]})

const DB = 'shop/db-from-web Ingress'
const WEB = 'shop/web-to-db Egress'

describe('the state of a policy', () => {
  test('is in force where every node has what it asks for', async () => {
    const list = await listed({n1: shopLines, n2: shopLines})
    expect(statesOf(list)).toEqual({[DB]: ['in force'], [WEB]: ['in force']})
    expect(list.items[0]?.nodes).toEqual({programmed: 2, all: 2, missing: [], unknown: []})
    expect(list).toMatchObject({others: [], incomplete: [], nodes: ['n1', 'n2']})
  })

  test('is unknown where a rule that nobody asks for may do something, which sets that were not given tell', async () => {
    const rules = shopLines.rules.flatMap(line =>
      line.startsWith('-A AZURE-NPM-INGRESS -m set')
        ? ['-A AZURE-NPM-INGRESS -s 10.77.0.0/16 -d 10.88.0.0/16 -j RETURN', line]
        : [line],
    )
    const {sets} = shopLines
    const found = [await listed({n1: shopLines, n2: {rules, sets}}), await listed({n1: shopLines, n2: {rules}})]
    const states = found.map(({items}) => items[0]?.states.map(({state}) => state))
    expect([...states, found.map(({others}) => others.length > 0)]).toEqual([['in force'], ['unknown'], [true, true]])
  })

  test('is missing on a node without its chain, and on one without the jump to it', async () => {
    const chain = /^-A AZURE-NPM-EGRESS-\w{10} |^:AZURE-NPM-EGRESS-\w{10} |-j AZURE-NPM-EGRESS-\w{10}/
    const jump = /-j AZURE-NPM-EGRESS-\w{10}/
    for (const gone of [chain, jump]) {
      const list = await listed({n1: shopLines, n2: withoutRules(shopLines, gone)})
      expect(statesOf(list)).toEqual({[DB]: ['in force'], [WEB]: ['missing n2']})
      expect(list.items[1]?.nodes).toEqual({programmed: 1, all: 2, missing: ['n2'], unknown: []})
    }
  })

  test('is missing where its chain has no rules, though a jump leads there', async () => {
    const list = await listed({n1: shopLines, n2: withoutRules(shopLines, /^-A AZURE-NPM-EGRESS-\w{10} /)})
    expect(statesOf(list)).toEqual({[DB]: ['in force'], [WEB]: ['missing n2']})
    expect(list.items[1]?.nodes).toEqual({programmed: 1, all: 2, missing: ['n2'], unknown: []})
    // Of a save that ends before the rules it is not known.
    const cut = {
      ...shopLines,
      rules: shopLines.rules.filter(line => line !== 'COMMIT' && !/^-A AZURE-NPM-EGRESS-\w{10} /.test(line)),
    }
    expect(statesOf(await listed({n1: cut}))[WEB]).not.toEqual(['missing'])
  })

  test('differs where a rule of it is gone, in that direction alone', async () => {
    const both: NetworkPolicy = {
      metadata: {namespace: 'shop', name: 'both'},
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ports: [{port: 80}]}],
        egress: [{ports: [{port: 53}]}],
      },
    }
    const cluster = withPolicies(both)
    const lines = linesFor(cluster)
    const list = await listed({n1: lines, n2: withoutRules(lines, /--dport 53 /)}, cluster)
    expect(statesOf(list)).toMatchObject({'shop/both Ingress': ['in force'], 'shop/both Egress': ['differs n2']})
  })

  test('differs with the address of a pod in a set that its rules name', async () => {
    const sets = shopLines.sets.filter(line => !line.includes('10.0.1.1'))
    const list = await listed({n1: {...shopLines, sets}, n2: shopLines})
    // Its own pods, and the peers of the other.
    expect(statesOf(list)).toEqual({[DB]: ['differs n1'], [WEB]: ['differs n1']})
  })

  test('differs everywhere without the jump to all rules, and is missing without any', async () => {
    const list = await listed({n1: withoutRules(shopLines, /-A FORWARD/), n2: shopLines})
    expect(statesOf(list)).toEqual({[DB]: ['differs n1'], [WEB]: ['differs n1']})
    const none = await listed({n1: withoutRules(shopLines, /AZURE-NPM/), n2: shopLines})
    expect(statesOf(none)).toEqual({[DB]: ['missing n1'], [WEB]: ['missing n1']})
  })

  test('is left over where no object asks for it', async () => {
    const cluster = {...shop, policies: shop.policies.slice(1)}
    const list = await listed({n1: shopLines, n2: linesFor(cluster)}, cluster)
    expect(statesOf(list)).toEqual({[DB]: ['left over n1'], [WEB]: ['in force']})
    expect(list.items[0]).toMatchObject({pods: null, createdAt: null, nodes: {programmed: 1, all: 2}})
  })

  test('is refused with the code of what Azure NPM refuses, in all its directions', async () => {
    const cluster = withPolicies({
      metadata: {namespace: 'shop', name: 'six'},
      spec: {podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{from: [{ipBlock: {cidr: '2001:db8::/32'}}]}]},
    })
    const list = await listed({n1: linesFor(cluster)}, cluster)
    expect(statesOf(list)).toMatchObject({'shop/six Ingress': ['refused IPV6_BLOCK'], 'shop/six Egress': ['refused IPV6_BLOCK']})
    expect(list.items.find(({name}) => name === 'six')).toMatchObject({rules: null, newConnections: null, drops: null})
  })

  test('means something else in the direction whose rules do', async () => {
    const cluster = withPolicies({
      metadata: {namespace: 'shop', name: 'not-ops'},
      spec: {
        podSelector: {matchLabels: {app: 'db'}},
        policyTypes: ['Ingress', 'Egress'],
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
        egress: [{ports: [{port: 53}]}],
      },
    })
    const list = await listed({n1: linesFor(cluster)}, cluster)
    const states = statesOf(list)
    expect(states['shop/not-ops Ingress']).toContain('means something else NAMESPACE_NOT_IN')
    expect(states['shop/not-ops Egress']).toEqual(['in force'])
  })

  test('is unknown without objects, and where they are not whole', async () => {
    const without = await listed({n1: shopLines}, null)
    expect(statesOf(without)).toEqual({[DB]: ['unknown'], [WEB]: ['unknown']})
    expect(without.items[0]).toMatchObject({pods: null, nodes: {programmed: 1, all: 1}})
    const list = await listed({n1: shopLines}, {...shop, pods: []})
    expect(statesOf(list)).toEqual({[DB]: ['unknown'], [WEB]: ['unknown']})
    expect(list.items[0]?.pods).toBeNull()
  })

  test('is unknown where rules are cut, and so are its counters', async () => {
    const rules = shopLines.rules.slice(0, -2)
    const list = await listed({n1: {...shopLines, rules}, n2: shopLines})
    for (const item of list.items) {
      expect(item.states.map(({state}) => state)).toEqual(['unknown'])
      expect(item).toMatchObject({newConnections: null, drops: null, nodes: {unknown: ['n1']}})
    }
  })
})

describe('what no policy has to do with', () => {
  test('is told beside the policies, unless only some are asked for', async () => {
    const sets = [
      ...shopLines.sets,
      'create azure-npm-zzzzzzzzzzzzzzzzzzzz hash:net family inet hashsize 1024 maxelem 65536',
      'add azure-npm-zzzzzzzzzzzzzzzzzzzz 10.3.3.3',
    ]
    const list = await listed({n1: {...shopLines, sets}, n2: shopLines})
    expect(statesOf(list)).toEqual({[DB]: ['in force'], [WEB]: ['in force']})
    expect(list.others).toEqual([{node: 'n1', text: expect.stringContaining('azure-npm-zzzzzzzzzzzzzzzzzzzz is left over')}])
    expect((await listed({n1: {...shopLines, sets}}, shop, {namespaces: ['shop']})).others).toEqual([])
  })

  test('is a rule of another program that lets packets of no policy pass or not; of others it says so', async () => {
    const at = shopLines.rules.findIndex(line => line.startsWith('-A FORWARD'))
    const rules = [...shopLines.rules.slice(0, at), '-A FORWARD -d 10.0.2.1/32 -j ACCEPT', ...shopLines.rules.slice(at)]
    const list = await listed({n1: shopLines, n2: {...shopLines, rules}})
    expect(statesOf(list)[DB]).toEqual(['differs n2'])
    expect(list.items[0]?.states[0]?.text).toContain('-d 10.0.2.1/32 -j ACCEPT')
  })
})

describe('counts', () => {
  const counted = (packets: number): NodeLines => ({
    ...shopLines,
    rules: shopLines.rules.map(line =>
      (line.startsWith('-A AZURE-NPM-INGRESS-')
        ? `[${line.includes('DROP') ? 10 * packets : packets}:99] ${line}`
        : `[0:0] ${line}`
      ).replace(/^\[0:0\] (?!-A)/, ''),
    ),
  })

  test('are summed over nodes and rules, what allows apart from what drops', async () => {
    const list = await listed({n1: counted(3), n2: counted(4)})
    expect(list.items.map(({newConnections, drops}) => [newConnections, drops])).toEqual([
      [7, 70],
      [0, 0],
    ])
  })

  test('are not known when one node does not tell', async () => {
    const list = await listed({n1: counted(3), n2: shopLines})
    expect(list.items[0]).toMatchObject({newConnections: null, drops: null})
  })

  test('of pods are those that a policy selects and that have an address', async () => {
    const pods = [...shop.pods, {...shop.pods[0], metadata: {namespace: 'shop', name: 'late', labels: {app: 'web'}}, status: {}}]
    const list = await listed({n1: shopLines}, {...shop, pods})
    expect(list.items.map(({pods}) => pods)).toEqual([1, 1])
  })
})

test('a list of some policies holds those of the namespace and the labels that are asked for', async () => {
  const labelled = withPolicies({metadata: {namespace: 'ops', name: 'a', labels: {team: 'x'}}, spec: {podSelector: {}}})
  const lines = {n1: linesFor(labelled)}
  expect(Object.keys(statesOf(await listed(lines, labelled, {namespaces: ['ops']})))).toEqual(['ops/a Ingress'])
  expect(Object.keys(statesOf(await listed(lines, labelled, {selects: ({team}) => team === 'x'})))).toEqual(['ops/a Ingress'])
  expect((await listed(lines, labelled, {namespaces: ['op']})).items).toEqual([])
})
