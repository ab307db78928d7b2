import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import {
  type ClusterObjects,
  emptyCluster,
  type Namespace,
  type NetworkPolicy,
  objectKey,
  type Pod,
} from '../../../core/kubernetes/objects.ts'
import {compile, incrementalProgram, type LinuxIncrementalProgram} from '../../../core/linux/compile/compile.ts'
import type {LinuxProgram} from '../../../core/linux/npm/program.ts'
import type {ObjectEvent} from '../../../core/policy/incremental.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'
import {releaseLines} from '../../../core/policy/release.ts'
import {namespace, pod, policy} from '../../support/arbitrary-objects.ts'
import {objectsOf} from '../../support/linux/compare-programs.ts'
import {listedRules} from '../../support/linux/listed-rules.ts'

const type = fc.constantFrom('added' as const, 'modified' as const, 'deleted' as const)
const eventWith = (object: fc.Arbitrary<Pod>): fc.Arbitrary<ObjectEvent> =>
  fc.oneof(
    fc.record({type, kind: fc.constant('Pod' as const), object}),
    fc.record({type, kind: fc.constant('Namespace' as const), object: namespace}),
    fc.record({type, kind: fc.constant('NetworkPolicy' as const), object: policy}),
  )
const event = eventWith(pod)

/** A key from a file may hold a colon, and is the same set as `app=web` then. Which of the two the set is called after is open. */
const oddPod = pod.map(({metadata, ...rest}) => ({
  ...rest,
  metadata: {...metadata, labels: {...metadata.labels, 'app:web': 'x'}},
}))

const scheme = fc.constantFrom('sha256' as const, 'fnv32a' as const)
const options: fc.Arbitrary<CompileOptions> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      scheme,
      semantics: fc.constantFrom('npm' as const, 'kubernetes' as const),
      isOnNeed: fc.boolean(),
      isLite: fc.boolean(),
      node: fc.constant('here'),
    }),
  },
  fc.record({scheme, semantics: fc.constant('npm' as const), generation: fc.constant('v1' as const)}),
  fc.record({scheme, semantics: fc.constant('npm' as const), release: fc.constantFrom(...releaseLines)}),
)

/** A program with all orders that mean nothing put into one. */
const canonical = ({sets, policies, baseChains, refusals}: LinuxProgram) => ({
  sets: [...sets.entries()]
    .map(([key, set]) => ({key, ...set, members: set.members.toSorted()}))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  policies: listedRules(policies).map(each => ({...each, sets: each.sets.toSorted()})),
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
      const program = incrementalProgram(option)
      const cluster = new Cluster()
      for (const [index, each] of events.entries()) {
        program.apply(each)
        cluster.apply(each)
        // Not after each event: what several of them did has to come out together too.
        if (index % (every + 1) !== 0) continue
        if (every % 2 === 0) program.program()
        else program.sets()
      }
      const {sets, refusals} = program.sets()
      expect({...program.program(), sets, refusals}).toEqual(program.program())
      expect(canonical(program.program())).toEqual(canonical(compile(cluster.objects, option)))
      for (const {members} of sets.values()) expect(new Set(members).size).toBe(members.length)
    },
  )

  plainTest('reports a collision that a list gets with a member', () => {
    // As decimal names, podlabel-role:mongo-gateway and ns-price-west-prod are one set.
    const isDeleted = {deletionTimestamp: '2026-01-01T00:00:00Z'}
    const ending = {metadata: {name: 'price-west-prod', ...isDeleted}}
    const program = incrementalProgram({scheme: 'fnv32a', semantics: 'npm', release: 'v1.2.8'})
    const gateway = {
      metadata: {name: 'p', namespace: 'a', labels: {role: 'mongo-gateway'}},
      spec: {},
      status: {phase: 'Running', podIP: '10.0.0.1'},
    }
    const policy = {metadata: {name: 'a', namespace: 'b'}, spec: {podSelector: {}, egress: [{to: [{namespaceSelector: {}}]}]}}
    program.apply({type: 'added', kind: 'Pod', object: {...gateway, metadata: {name: 'p', namespace: 'price-west-prod'}}})
    program.apply({type: 'added', kind: 'Pod', object: gateway})
    program.apply({type: 'added', kind: 'Namespace', object: ending})
    program.apply({type: 'added', kind: 'NetworkPolicy', object: policy})
    expect(program.program().refusals).toEqual([])
    program.apply({type: 'modified', kind: 'Namespace', object: {metadata: {name: 'price-west-prod'}}})
    expect(program.program().refusals.map(({policy, code}) => `${policy} ${code}`)).toEqual(['b/a SET_COLLISION'])
  })

  test.prop([fc.array(eventWith(fc.oneof(pod, oddPod)), {maxLength: 20}), options], {numRuns: 200})(
    'is empty again when all has been deleted',
    (events, option) => {
      const program = incrementalProgram(option)
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
  const open = (): LinuxIncrementalProgram => {
    const program = incrementalProgram({scheme: 'sha256', semantics: 'npm'})
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

  plainTest('that brings a set back after nothing wanted it brings a new one', () => {
    const option: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
    const object: Pod = {
      metadata: {name: 'p', namespace: 'a', labels: {app: 'web'}},
      spec: {containers: [{ports: [{name: 'http', containerPort: 80, protocol: 'TCP'}]}]},
      status: {phase: 'Running', podIP: '10.0.0.1'},
    }
    const user: NetworkPolicy = {
      metadata: {name: 'p', namespace: 'a'},
      spec: {
        podSelector: {matchLabels: {app: 'web'}, matchExpressions: [{key: 'app', operator: 'Exists'}]},
        ingress: [{ports: [{port: 'http'}]}],
      },
    }
    const program = incrementalProgram(option)
    // The policy outlives the pod, so the sets go when no pod goes with them.
    program.apply({type: 'added', kind: 'Pod', object})
    program.apply({type: 'added', kind: 'NetworkPolicy', object: user})
    program.apply({type: 'deleted', kind: 'Pod', object})
    program.apply({type: 'deleted', kind: 'NetworkPolicy', object: user})
    program.apply({type: 'added', kind: 'Pod', object})
    const expected = compile({pods: [object], namespaces: [], policies: [], nodes: []}, option)
    expect(canonical(program.program())).toEqual(canonical(expected))
  })

  plainTest('of what shares a decimal name renames sets in lists and rules, and back again', () => {
    const option: CompileOptions = {scheme: 'fnv32a', semantics: 'kubernetes'}
    const own: NetworkPolicy = {
      metadata: {name: 'p', namespace: 'a'},
      spec: {podSelector: {matchExpressions: [{key: 'x', operator: 'In', values: ['web', 'YMaaIZ']}]}},
    }
    const plain: NetworkPolicy = {
      ...own,
      metadata: {name: 'q', namespace: 'a'},
      spec: {podSelector: {matchLabels: {x: 'YMaaIZ'}}},
    }
    const rival: Namespace = {metadata: {name: 'msobb-target'}}
    const program = incrementalProgram(option)
    const cluster = new Cluster()
    const steps: ObjectEvent[] = [
      {type: 'added', kind: 'NetworkPolicy', object: own},
      {type: 'added', kind: 'NetworkPolicy', object: plain},
      {type: 'added', kind: 'Namespace', object: rival},
      {type: 'deleted', kind: 'Namespace', object: rival},
    ]
    const names = steps.map(step => {
      program.apply(step)
      cluster.apply(step)
      // Rules learn of new names, too, when only the sets were looked at before.
      program.sets()
      expect(canonical(program.program())).toEqual(canonical(compile(cluster.objects, option)))
      return [...program.program().sets.values()].find(({name}) => name.startsWith('podlabel-x:YMaaIZ'))?.name
    })
    expect(names).toEqual(['podlabel-x:YMaaIZ', 'podlabel-x:YMaaIZ', 'podlabel-x:YMaaIZ=1', 'podlabel-x:YMaaIZ'])
  })

  plainTest('of a policy renames the chains of another with the same hash, and back again', () => {
    const option: CompileOptions = {scheme: 'fnv32a', semantics: 'kubernetes'}
    const named = (namespace: string, name: string): NetworkPolicy => ({metadata: {namespace, name}, spec: {podSelector: {}}})
    const [first, second] = [named('cache-staging', 'default-deny-ingress'), named('report', 'allow-cart-to-product')]
    const program = incrementalProgram(option)
    const chains = (): string[] =>
      program.program().policies.flatMap(({policy, chains}) => chains.map(({chain, jump}) => `${policy} ${chain} ${jump.chain}`))
    program.apply({type: 'added', kind: 'NetworkPolicy', object: second})
    const alone = chains()
    program.apply({type: 'added', kind: 'NetworkPolicy', object: first})
    expect(new Set(chains().map(text => text.split(' ')[1])).size).toBe(2)
    const {policies} = compile({...emptyCluster(), policies: [second, first]}, option)
    expect(listedRules(program.program().policies)).toEqual(listedRules(policies))
    program.apply({type: 'deleted', kind: 'NetworkPolicy', object: first})
    expect(chains()).toEqual(alone)
  })
})
