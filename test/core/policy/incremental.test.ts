import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import type {ClusterObjects, Namespace, NetworkPolicy, Pod} from '../../../core/cluster/objects.ts'
import {objectKey} from '../../../core/cluster/objects.ts'
import {compile} from '../../../core/policy/compile.ts'
import {IncrementalProgram, type ObjectEvent} from '../../../core/policy/incremental.ts'
import type {CompileOptions, Program} from '../../../core/policy/program.ts'
import {objectsOf} from './compare.ts'

// Few names, so that objects meet: the same labels, addresses taken over, and names with one decimal hash.
const namespaceName = fc.constantFrom('a', 'b', 'price-west-prod', 'msobb-target')
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1')
const labels = fc.dictionary(
  fc.constantFrom('app', 'x', 'role', 'all-namespaces'),
  fc.constantFrom('web', '', 'YMaaIZ', 'mongo-gateway'),
  {maxKeys: 3},
)
const selector = fc.record(
  {
    matchLabels: labels,
    matchExpressions: fc.array(
      fc.record({
        key: fc.constantFrom('app', 'x', 'role', 'all-namespaces'),
        operator: fc.constantFrom('In' as const, 'NotIn' as const, 'Exists' as const, 'DoesNotExist' as const),
        values: fc.array(fc.constantFrom('web', 'YMaaIZ', 'has space'), {minLength: 1, maxLength: 2}),
      }),
      {maxLength: 2},
    ),
  },
  {requiredKeys: []},
)

const pod: fc.Arbitrary<Pod> = fc.record({
  metadata: fc.record({name: fc.constantFrom('p', 'q', 'r'), namespace: namespaceName, labels}),
  spec: fc.record(
    {
      nodeName: fc.constantFrom('here', 'there'),
      hostNetwork: fc.boolean(),
      containers: fc.array(
        fc.record({
          ports: fc.array(
            fc.record({
              name: fc.constantFrom('http', 'dns'),
              containerPort: fc.constantFrom(80, 53),
              protocol: fc.constantFrom('TCP', 'UDP'),
            }),
            {maxLength: 2},
          ),
        }),
        {maxLength: 2},
      ),
    },
    {requiredKeys: []},
  ),
  status: fc.record({phase: fc.constantFrom('Running', 'Running', 'Succeeded'), podIP: address}),
})

const namespace: fc.Arbitrary<Namespace> = fc.tuple(namespaceName, labels, fc.boolean()).map(([name, its, isEnding]) => ({
  metadata: {name, labels: its, ...(isEnding && {deletionTimestamp: '2026-01-01T00:00:00Z'})},
}))

const peer = fc.oneof(
  fc.record({podSelector: selector}),
  fc.record({namespaceSelector: selector}),
  fc.record({podSelector: selector, namespaceSelector: selector}),
  fc.record({
    ipBlock: fc.record({
      cidr: fc.constantFrom('10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '10.0.0.1/33'),
      except: fc.array(fc.constantFrom('10.1.0.0/16', '10.0.0.0/8', 'fd00::/8'), {maxLength: 2}),
    }),
  }),
)
const ports = fc.array(fc.constantFrom({port: 80}, {port: 'http'}, {protocol: 'UDP'}, {port: 90, endPort: 80}), {maxLength: 2})

const policy: fc.Arbitrary<NetworkPolicy> = fc.record({
  // The first two have one chain under decimal names, and so do names that run into namespaces.
  metadata: fc.oneof(
    fc.constant({name: 'default-deny-ingress', namespace: 'cache-staging'}),
    fc.constant({name: 'allow-cart-to-product', namespace: 'report'}),
    fc.constant({name: 'a-in-ns-b', namespace: 'c'}),
    fc.constant({name: 'a', namespace: 'b-in-ns-c'}),
    fc.record({name: fc.constantFrom('p', 'q'), namespace: namespaceName}),
  ),
  spec: fc.record(
    {
      podSelector: selector,
      policyTypes: fc.subarray(['Ingress', 'Egress']),
      ingress: fc.array(fc.record({from: fc.array(peer, {maxLength: 2}), ports}), {maxLength: 2}),
      egress: fc.array(fc.record({to: fc.array(peer, {maxLength: 2}), ports}), {maxLength: 1}),
    },
    {requiredKeys: ['podSelector']},
  ),
})

const type = fc.constantFrom('added' as const, 'modified' as const, 'deleted' as const)
const event: fc.Arbitrary<ObjectEvent> = fc.oneof(
  fc.record({type, kind: fc.constant('Pod' as const), object: pod}),
  fc.record({type, kind: fc.constant('Namespace' as const), object: namespace}),
  fc.record({type, kind: fc.constant('NetworkPolicy' as const), object: policy}),
)

const options: fc.Arbitrary<CompileOptions> = fc.record({
  scheme: fc.constantFrom('sha256' as const, 'fnv32a' as const),
  semantics: fc.constantFrom('npm' as const, 'kubernetes' as const),
  isOnNeed: fc.boolean(),
  isLite: fc.boolean(),
  node: fc.constant('here'),
})

/** A program with all orders that mean nothing put into one. */
const canonical = ({sets, policies, baseChains, refusals}: Program) => ({
  sets: [...sets.entries()]
    .map(([key, set]) => ({key, ...set, members: set.members.toSorted()}))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  policies: policies.map(each => ({...each, sets: each.sets.toSorted()})),
  baseChains: Object.fromEntries(baseChains),
  refusals,
})

/** The objects that are left after events, in the order in which a watch keeps them. */
class Cluster {
  private readonly kinds = {Pod: new Map<string, Pod>(), Namespace: new Map<string, Namespace>()}
  private readonly policies = new Map<string, NetworkPolicy>()

  apply({type, kind, object}: ObjectEvent): void {
    const kept: Map<string, unknown> = kind === 'NetworkPolicy' ? this.policies : this.kinds[kind as 'Pod' | 'Namespace']
    const key = kind === 'Namespace' ? object.metadata.name : objectKey(object)
    if (type === 'deleted') kept.delete(key)
    else kept.set(key, object)
  }

  get objects(): ClusterObjects {
    const {Pod, Namespace} = this.kinds
    return {pods: [...Pod.values()], namespaces: [...Namespace.values()], policies: [...this.policies.values()], nodes: []}
  }
}

describe('a program that follows events', () => {
  test.prop([fc.array(event, {maxLength: 40}), options, fc.nat(5)], {numRuns: 600})(
    'is what compiling all objects gives, whenever it is looked at',
    (events, option, every) => {
      const program = new IncrementalProgram(option)
      const cluster = new Cluster()
      for (const [index, each] of events.entries()) {
        program.apply(each)
        cluster.apply(each)
        // Not after each event: what several of them did has to come out together too.
        if (index % (every + 1) === 0) program.program()
      }
      expect(canonical(program.program())).toEqual(canonical(compile(cluster.objects, option)))
    },
  )

  test.prop([fc.array(event, {maxLength: 20}), options], {numRuns: 200})(
    'is empty again when all has been deleted',
    (events, option) => {
      const program = new IncrementalProgram(option)
      const cluster = new Cluster()
      for (const each of events) {
        program.apply(each)
        cluster.apply(each)
      }
      const {pods, namespaces, policies} = cluster.objects
      for (const object of pods) program.apply({type: 'deleted', kind: 'Pod', object})
      for (const object of policies) program.apply({type: 'deleted', kind: 'NetworkPolicy', object})
      for (const object of namespaces) program.apply({type: 'deleted', kind: 'Namespace', object})
      const {sets, policies: left, refusals} = program.program()
      expect({sets: [...sets.keys()], left, refusals}).toEqual({sets: [], left: [], refusals: []})
    },
  )
})

describe('one change', () => {
  const objects = objectsOf('real-npm/shop-sha256/cluster.json')
  const open = (): IncrementalProgram => {
    const program = new IncrementalProgram({scheme: 'sha256', semantics: 'npm'})
    program.applyAll(objects)
    return program
  }

  plainTest('of a label makes only the sets of that label anew', () => {
    const program = open()
    const before = program.program()
    const [object] = objects.pods.filter(({status, spec}) => status?.podIP !== undefined && !spec?.hostNetwork) as [Pod]
    const changed: Pod = {...object, metadata: {...object.metadata, labels: {...object.metadata.labels, mood: 'new'}}}
    program.apply({type: 'modified', kind: 'Pod', object: changed})
    const after = program.program()
    const names = [...after.sets.values()].filter(set => before.sets.get(set.kernelName) !== set).map(({name}) => name)
    expect(names.toSorted()).toEqual(['podlabel-mood', 'podlabel-mood:new'])
    expect(after.policies).toBe(before.policies)
    expect(after.baseChains).toBe(before.baseChains)
  })

  plainTest('does not change a program that was given out', () => {
    const program = open()
    const before = program.program()
    const copy = canonical(before)
    for (const object of objects.pods) program.apply({type: 'deleted', kind: 'Pod', object})
    program.program()
    expect(canonical(before)).toEqual(copy)
  })
})
