import {expect, describe as group, test} from 'vitest'
import type {Description} from '../../../core/contract/description.ts'
import {descriptionSchema} from '../../../core/contract/description.ts'
import {describe} from '../../../core/describe/describe.ts'
import {Knowledge} from '../../../core/describe/knowledge.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'
import {shopNodes as bareNodes, shop as bareShop} from '../../support/shop-nodes.ts'

/** With the label that API servers give namespaces. */
const shop: ClusterObjects = {
  ...bareShop,
  namespaces: bareShop.namespaces.map(({metadata: {name}}) => ({
    metadata: {name, labels: {'kubernetes.io/metadata.name': name}},
  })),
}
const lines = linesOf(compile(shop, {scheme: 'sha256', semantics: 'npm'}))
const both = {n1: lines, n2: lines}

async function described(
  asked: string,
  nodes: Readonly<Record<string, Partial<NodeLines>>> = both,
  {cluster = shop, namespace}: {cluster?: ClusterObjects | null; namespace?: string} = {},
): Promise<Description> {
  const dumps = await bareNodes(nodes, cluster)
  return descriptionSchema.parse(describe(asked, namespace, new Knowledge({dumps, failures: []})))
}

const withoutMember = (text: string): NodeLines => ({rules: lines.rules, sets: lines.sets.filter(line => !line.includes(text))})
const policiesOf = ({policies}: Description) =>
  policies.map(
    ({namespace, name, direction, states}) => `${namespace}/${name} ${direction}: ${states.map(({state}) => state).join()}`,
  )
/** What passes, by end. */
const passing = (groups: readonly {ends: string[]; accepted: string[]}[] = []) =>
  Object.fromEntries(groups.flatMap(({ends, accepted}) => ends.map(end => [end, accepted.join()])))

group('a pod', () => {
  test('has its node, its sets, the policies that select it, and who may reach it', async () => {
    const db = await described('shop/db')
    expect(db).toMatchObject({type: 'pod', name: 'shop/db', differences: [], incomplete: []})
    expect(db.pods).toEqual([
      {pod: 'shop/db', node: 'n2', address: '10.0.2.1', ipv6: [], hostNetwork: false, labels: {app: 'db'}},
    ])
    expect(db.heldBy.map(({name, nodes}) => `${name} ${nodes.join()}`)).toEqual(
      expect.arrayContaining(['podlabel-app:db n1,n2', 'ns-shop n1,n2', 'namedport:sql n1,n2', 'nslabel-all-namespaces n1,n2']),
    )
    expect(db.heldBy.map(({name}) => name)).not.toContain('podlabel-app:web')
    expect(db.heldBy.find(({name}) => name === 'nslabel-all-namespaces')?.through).toEqual(['ns-shop'])
    expect(policiesOf(db)).toEqual(['shop/db-from-web Ingress: in force'])
    expect(db.rules).toMatchObject([
      {
        policy: 'shop/db-from-web',
        direction: 'Ingress',
        nodes: ['n1', 'n2'],
        rules: [expect.stringContaining('tcp/sql'), expect.any(String)],
      },
    ])
    expect(db.reach?.nodes).toEqual(['n1', 'n2'])
    expect(passing(db.reach?.from)).toEqual({'shop/web': 'tcp/5432', 'ops/job': '', external: ''})
    expect(passing(db.reach?.to)['ops/job']).toBe('tcp,udp,sctp')
  })

  test('is in no set and under no policy where it uses the network of its node', async () => {
    const proxy = await described('ops/proxy')
    expect(proxy.pods[0]?.hostNetwork).toBe(true)
    expect(proxy).toMatchObject({heldBy: [], policies: [], rules: []})
    expect(proxy.reach).toBeUndefined()
  })

  test('that a node does not know is missing there, and differs', async () => {
    const web = await described('shop/web', {n1: lines, n2: withoutMember('10.0.1.1')})
    expect(web.heldBy.find(({name}) => name === 'podlabel-app:web')?.nodes).toEqual(['n1'])
    expect(web.differences).toEqual([{text: expect.stringContaining('pod shop/web (10.0.1.1) is missing'), nodes: ['n2']}])
    // What job lacks opens and closes nothing, and web has nothing to do with it.
    const nodes = {n1: lines, n2: withoutMember('10.0.1.9')}
    expect((await described('shop/web', nodes)).differences).toEqual([])
    expect((await described('ops/job', nodes)).differences).toHaveLength(1)
  })

  test('has a reach that is unknown where its node was not read', async () => {
    const db = await described('shop/db', {n1: lines})
    expect(db.reach).toBeUndefined()
    expect(db.incomplete).toMatchObject([
      {part: 'who may reach it, and whom it may reach', reason: 'its node n2 is not in the input'},
    ])
  })

  test('is found by its workload, its name alone and its address', async () => {
    expect((await described('pod/db', both, {namespace: 'shop'})).name).toBe('shop/db')
    expect((await described('db')).choice).toContain('the only pod of this name')
    const address = await described('10.0.2.1')
    expect(address).toMatchObject({type: 'address', name: '10.0.2.1', pods: [{pod: 'shop/db'}]})
    expect(address.reach?.from).toEqual((await described('shop/db')).reach?.from)
  })

  test('is reached at ports that no policy names, where a rule of the node lets them pass', async () => {
    const rules = lines.rules.flatMap(line =>
      line.startsWith('-A FORWARD') ? ['-A FORWARD -p tcp -m tcp --dport 7000:7002 -j ACCEPT', line] : [line],
    )
    const db = await described('shop/db', {n2: {rules, sets: lines.sets}})
    expect(passing(db.reach?.from)).toEqual({
      'shop/web': 'tcp/5432,tcp/7000-7002',
      'ops/job': 'tcp/7000-7002',
      external: 'tcp/7000-7002',
    })
    expect(db.reach?.from.map(({unlikePolicies}) => unlikePolicies)).toEqual([['tcp/7000-7002'], ['tcp/7000-7002']])
    expect(db.reach?.from[0]?.dropped).toEqual(['tcp/0-5431', 'tcp/5433-6999', 'tcp/7003-65535', 'udp', 'sctp'])
  })

  test('is reached by nobody whose packets the node of either end drops', async () => {
    const lacking = {n1: lines, n2: withoutMember('10.0.1.1')}
    const db = await described('shop/db', lacking)
    expect(passing(db.reach?.from)['shop/web']).toBe('')
    const web = await described('shop/web', lacking)
    expect(passing(web.reach?.to)['shop/db']).toBe('')
    // By its own node alone it would be reached, and only that one was given.
    expect(passing((await described('shop/web', {n1: lines})).reach?.to)['shop/db']).toBe('tcp/5432')
  })

  test('is told from objects alone as Azure NPM would program it, and no state is said', async () => {
    const db = await described('shop/db', {})
    expect(db.reach?.foretold).toBe(true)
    expect(passing(db.reach?.from)).toEqual({'shop/web': 'tcp/5432', 'ops/job': '', external: ''})
    expect(policiesOf(db)).toEqual(['shop/db-from-web Ingress: unknown'])
  })
})

group('without cluster objects', () => {
  test('an address has its sets and rules, and what rests on objects is unknown', async () => {
    const web = await described('10.0.1.1', {n1: lines}, {cluster: null})
    expect(web.heldBy.map(({name}) => name)).toContain('podlabel-app:web')
    expect(web.rules.map(({policy}) => policy)).toEqual(['shop/web-to-db'])
    expect(web.incomplete.map(({part}) => part)).toContain('cluster objects')
  })

  test('a policy of pods without a label is programmed for those, and for no other', async () => {
    const podSelector = {matchExpressions: [{key: 'app', operator: 'NotIn' as const, values: ['web']}]}
    const cluster = {
      ...shop,
      policies: [{metadata: {namespace: 'shop', name: 'rest'}, spec: {podSelector, policyTypes: ['Ingress']}}],
    }
    const compiled = linesOf(compile(cluster, {scheme: 'sha256', semantics: 'npm'}))
    const rulesOf = async (address: string) =>
      (await described(address, {n1: compiled}, {cluster: null})).rules.map(({policy}) => policy)
    expect(await rulesOf('10.0.2.1')).toEqual(['shop/rest'])
    expect(await rulesOf('10.0.1.1')).toEqual([])
    expect(await rulesOf('10.0.1.9')).toEqual([])
  })

  test('rules without sets tell of no address what is programmed for it', async () => {
    const web = await described('10.0.1.1', {n1: {rules: lines.rules}}, {cluster: null})
    expect(web).toMatchObject({heldBy: [], rules: []})
    expect(web.incomplete.map(({part}) => part)).toContain('sets')
  })
})

group('a policy', () => {
  test('has the pods that it selects, its rules and its state', async () => {
    const policy = await described('policy/shop/web-to-db')
    expect(policy).toMatchObject({type: 'policy', name: 'shop/web-to-db', differences: []})
    expect(policy.pods.map(({pod, node}) => `${pod} ${node}`)).toEqual(['shop/web n1'])
    expect(policiesOf(policy)).toEqual(['shop/web-to-db Egress: in force'])
    expect(policy.rules.map(each => each.policy)).toEqual(['shop/web-to-db'])
    expect((await described('shop/web-to-db')).type).toBe('policy')
    expect((await described('netpol/web-to-db')).name).toBe('shop/web-to-db')
  })

  test('differs by the sets that its rules use', async () => {
    const {differences} = await described('policy/shop/web-to-db', {n1: lines, n2: withoutMember('10.0.2.1')})
    expect(differences).toEqual([{text: expect.stringContaining('pod shop/db'), nodes: ['n2']}])
  })
})

group('a set', () => {
  test('has its members, and the policies and rules that use it', async () => {
    const set = await described('app=web')
    expect(set.sets.map(({node, name, memberPods}) => [node, name, memberPods])).toEqual([
      ['n1', 'podlabel-app:web', [['shop/web']]],
      ['n2', 'podlabel-app:web', [['shop/web']]],
    ])
    expect(policiesOf(set)).toEqual(['shop/db-from-web Ingress: in force', 'shop/web-to-db Egress: in force'])
    expect(set.rules.find(({policy}) => policy === 'shop/db-from-web')?.rules).toHaveLength(1)
    expect(await described('set/app=web')).toEqual({...set, asked: 'set/app=web'})
  })

  test('is in use, too, where a list that it is in is used', async () => {
    const [first] = shop.policies
    const cluster = {
      ...shop,
      policies: [
        {
          metadata: {namespace: 'shop', name: 'from-all'},
          spec: {...first?.spec, podSelector: {}, policyTypes: ['Ingress'], ingress: [{from: [{namespaceSelector: {}}]}]},
        },
      ],
    }
    const compiled = linesOf(compile(cluster, {scheme: 'sha256', semantics: 'npm'}))
    const set = await described('ns-ops', {n1: compiled}, {cluster})
    expect(policiesOf(set)).toEqual(['shop/from-all Ingress: in force'])
  })
})

group('a namespace and a node', () => {
  test('have what is theirs', async () => {
    const namespace = await described('ns/shop')
    expect(namespace.pods.map(({pod}) => pod)).toEqual(['shop/db', 'shop/web'])
    expect(policiesOf(namespace)).toHaveLength(2)
    expect(namespace.sets.map(({name}) => name)).toEqual(['ns-shop'])
    const node = await described('node/n2', {n1: withoutMember('10.0.1.1'), n2: withoutMember('10.0.2.1')})
    expect(node.pods.map(({pod}) => pod)).toEqual(['ops/proxy', 'shop/db'])
    expect(node.nodes).toMatchObject([{node: 'n2', generation: 'v2', active: true, policies: 2}])
    expect(node.differences).toEqual([{text: expect.stringContaining('pod shop/db'), nodes: ['n2']}])
  })

  test('a node that was not read is no clean one', async () => {
    const node = await described('node/n2', {n1: lines})
    expect(node).toMatchObject({nodes: [], differences: []})
    expect(node.incomplete.map(({part}) => part)).toContain('rules and sets of node n2')
  })
})

test('a pod has IPv6 addresses that are not filtered, and is found by them', async () => {
  const dual = shop.pods.map(pod =>
    pod.metadata.name === 'db' ? {...pod, status: {...pod.status, podIPs: [{ip: '10.0.2.1'}, {ip: 'fd00::21'}]}} : pod,
  )
  const db = await described('fd00::21', both, {cluster: {...shop, pods: dual}})
  expect(db).toMatchObject({type: 'pod', name: 'shop/db', pods: [{address: '10.0.2.1', ipv6: ['fd00::21']}]})
  await expect(described('fd00::22')).rejects.toThrow('IPv6 address of no pod')
})

test.each(['app=web', '10.0.1.1', 'node/n1', 'ns/shop'])('%s: differences are not known without objects', async asked => {
  const {differences, incomplete} = await described(asked, {n1: lines}, {cluster: null})
  expect(differences).toEqual([])
  expect(incomplete.map(({part}) => part)).toContain('cluster objects')
})

test.each([
  ['shop/dbb', 'pod shop/dbb is not in the input', 'Did you mean shop/db?'],
  ['policy/shop/web-to-bd', 'policy shop/web-to-bd is not in the input', 'Did you mean shop/web-to-db?'],
  ['ns/shpo', 'namespace shpo is not in the input', 'Did you mean ns/shop?'],
  ['node/n3', 'node n3 is not in the input', 'Check the name: kubectl get nodes'],
  ['n1', '"n1" is no pod, policy or set in the input', 'Did you mean node/n1?'],
  ['shop', '"shop" is no pod, policy or set in the input', 'Did you mean ns/shop?'],
  ['app=wbe', 'no node in the input has a set app=wbe', 'Did you mean app=web?'],
])('%s: what is not there is told, with what was meant', async (asked, message, step) => {
  await expect(described(asked)).rejects.toMatchObject({message, steps: expect.arrayContaining([step])})
})
