import {beforeEach, describe, expect, test} from 'vitest'
import {traceSchema} from '../../../core/contract/trace.ts'
import {translationSchema} from '../../../core/contract/translation.ts'
import {diffNode} from '../../../core/drift/diff-node.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {probeNodes} from '../../../core/matrix/probe-nodes.ts'
import type {ProgramSet} from '../../../core/policy/program.ts'
import {tracePacket} from '../../../core/trace/trace-packet.ts'
import {type Acl, aclNode, kernelName, setProgram} from '../../support/dataplane/acl-plane.ts'
import {translate} from '../../support/translate.ts'

/**
 * Three sets and two rules of another shape than iptables have go through every verb. Whoever makes a verb depend on Linux
 * sees it here.
 */
const pod = (name: string, podIP: string) => ({
  metadata: {name, namespace: 'shop', labels: {app: name}},
  spec: {nodeName: 'aks-1'},
  status: {podIP, phase: 'Running'},
})
const cluster: ClusterObjects = {
  namespaces: [{metadata: {name: 'shop'}}],
  pods: [pod('web', '10.0.0.1'), pod('db', '10.0.0.2'), pod('cron', '10.0.0.3')],
  policies: [
    {
      metadata: {name: 'db', namespace: 'shop'},
      spec: {
        podSelector: {matchLabels: {app: 'db'}},
        policyTypes: ['Ingress'],
        ingress: [{from: [{podSelector: {matchLabels: {app: 'web'}}}], ports: [{protocol: 'TCP', port: 5432}]}],
      },
    },
  ],
  nodes: [],
}

const sets = {'podlabel-app:web': ['10.0.0.1'], 'podlabel-app:db': ['10.0.0.2'], 'ns-shop': ['10.0.0.1', '10.0.0.2', '10.0.0.3']}
const common = {endpoint: 'endpoint-db', local: kernelName('podlabel-app:db'), policy: 'shop/db'} as const
const allow: Acl = {
  ...common,
  id: 'allow-web',
  priority: 222,
  action: 'Allow',
  remote: kernelName('podlabel-app:web'),
  port: 5432,
}
const block: Acl = {...common, id: 'block-all', priority: 3000, action: 'Block'}

const node = (changes: Partial<typeof sets> = {}, acls: readonly Acl[] = [allow, block]) =>
  aclNode({node: 'aks-1', cluster}, {...sets, ...changes}, acls)

beforeEach(() => {
  const types = {
    'podlabel-app:web': 'KeyValueLabelOfPod',
    'podlabel-app:db': 'KeyValueLabelOfPod',
    'ns-shop': 'Namespace',
  } as const
  const programSets = Object.entries(sets).map(
    ([name, members]): ProgramSet => ({
      name,
      kernelName: kernelName(name),
      type: types[name as keyof typeof types],
      ipsetType: 'hash:net',
      members,
    }),
  )
  setProgram(programSets, [allow, block])
})

const ask = (source: string, port: string, of = node()) =>
  tracePacket([of], {source, destination: 'shop/db', protocol: 'tcp', port}, [])

describe('a data plane of another shape', () => {
  test('is translated', () => {
    const translation = translate(node())
    expect(translationSchema.parse(translation)).toEqual(translation)
    expect(
      translation.policies.map(({policy, rules}) => ({policy, rules: rules.map(({action, where}) => ({action, where}))})),
    ).toEqual([
      {
        policy: 'shop/db',
        rules: [
          {action: 'allow', where: {endpoint: 'endpoint-db', acl: 'allow-web', priority: 222}},
          {action: 'drop', where: {endpoint: 'endpoint-db', acl: 'block-all', priority: 3000}},
        ],
      },
    ])
  })

  test.each([
    {source: 'shop/web', port: '5432', verdict: 'accept', acl: 'allow-web'},
    {source: 'shop/web', port: '80', verdict: 'drop', acl: 'block-all'},
    {source: 'shop/cron', port: '5432', verdict: 'drop', acl: 'block-all'},
  ])('is traced: $source to port $port is judged by $acl', ({source, port, verdict, acl}) => {
    const trace = ask(source, port)
    expect(traceSchema.parse(trace)).toEqual(trace)
    expect(trace).toMatchObject({verdict, expected: {verdict}, walked: true, disagreements: []})
    expect(trace.trail).toMatchObject([{where: {endpoint: 'endpoint-db', acl}, policy: 'shop/db'}])
  })

  test('is traced with the difference that explains a disagreement', () => {
    const trace = ask('shop/web', '5432', node({'podlabel-app:web': []}))
    expect(trace).toMatchObject({verdict: 'drop', expected: {verdict: 'accept'}})
    expect(trace.disagreements).toEqual(['node aks-1: pod shop/web (10.0.0.1) is missing in podlabel-app:web'])
  })

  test('is clean when it is what the policies ask for', () => {
    expect(diffNode(node(), {isLite: false}, [])).toMatchObject({node: 'aks-1', clean: true, items: []})
  })

  test.each([
    {
      what: 'a missing member of the set that is allowed',
      of: () => node({'podlabel-app:web': []}),
      item: {
        kind: 'member',
        change: 'missing',
        name: 'podlabel-app:web',
        effect: 'closed',
        example: '10.0.0.1 -> 10.0.0.2 tcp/5432',
      },
    },
    {
      what: 'a missing member of the set that is selected',
      of: () => node({'podlabel-app:db': []}),
      item: {kind: 'member', change: 'missing', name: 'podlabel-app:db', effect: 'open'},
    },
    {
      what: 'a rule that is missing',
      of: () => node({}, [allow]),
      item: {kind: 'acl', change: 'missing', name: 'endpoint-db', policy: 'shop/db', effect: 'open'},
    },
    {
      what: 'a rule that nobody asked for',
      of: () => node({}, [{...block, id: 'early', priority: 100}, allow, block]),
      item: {kind: 'acl', change: 'extra', name: 'endpoint-db', policy: 'shop/db', effect: 'closed'},
    },
  ])('differs by $what, with what it does', ({of, item}) => {
    const {clean, items} = diffNode(of(), {isLite: false}, [])
    expect(clean).toBe(false)
    expect(items).toMatchObject([item])
  })

  test('has a matrix that is walked, with what the policies say beside it', () => {
    const {document} = probeNodes([node({'podlabel-app:web': []})], {ports: [{protocol: 'tcp', port: 5432}]})
    const wrong = [...document.probes].filter(({verdict, expected}) => expected !== undefined && verdict !== expected)
    expect(document.walked).toBe(true)
    expect(wrong).toEqual([
      {source: 'shop/web', destination: 'shop/db', protocol: 'tcp', port: 5432, verdict: 'drop', expected: 'accept'},
    ])
  })
})
