import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import {incompleteObjects} from '../../../core/kubernetes/completeness.ts'
import {objectKinds} from '../../../core/kubernetes/given-objects.ts'
import type {ClusterObjects, Namespace, Node, Pod} from '../../../core/kubernetes/objects.ts'
import {printObjects} from '../../../core/kubernetes/print-objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {goodPolicy, namespace, pod} from '../../support/arbitrary-objects.ts'

const keyOf = ({metadata}: {readonly metadata: {readonly namespace?: string; readonly name: string}}): string =>
  `${metadata.namespace}/${metadata.name}`
const namespaceOf = ({metadata}: {readonly metadata: {readonly namespace?: string}}): string => metadata.namespace ?? 'default'

const nodes: Node[] = ['here', 'there'].map((name, index) => ({
  metadata: {name},
  status: {addresses: [{type: 'InternalIP', address: `10.224.0.${index + 1}`}]},
}))

/** Whole clusters: every namespace has its object, every pod an address of its own and a node. */
const cluster: fc.Arbitrary<ClusterObjects> = fc
  .record({
    namespaces: fc.uniqueArray(namespace, {selector: ({metadata}) => metadata.name}),
    pods: fc.uniqueArray(pod, {selector: keyOf, minLength: 2, maxLength: 6}),
    policies: fc.uniqueArray(goodPolicy, {selector: keyOf, maxLength: 4}),
  })
  .map(({namespaces, pods, policies}) => {
    const known = new Set(namespaces.map(({metadata}) => metadata.name))
    const others = new Set([...pods, ...policies].map(namespaceOf).filter(name => !known.has(name)))
    return {
      namespaces: [...namespaces, ...[...others].map((name): Namespace => ({metadata: {name, labels: {app: 'web'}}}))],
      policies,
      nodes,
      pods: pods.map(
        (each, index): Pod => ({
          ...each,
          spec: {...each.spec, nodeName: each.spec?.nodeName ?? 'here'},
          status: {...each.status, podIP: `10.0.0.${index + 1}`},
        }),
      ),
    }
  })

const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.224.0.1', '10.224.0.2', '10.9.9.9', '203.0.113.7']
const packets: readonly Packet[] = addresses.flatMap(source =>
  addresses.flatMap(destination => [
    {source, destination, protocol: 'tcp' as const, port: 80},
    {source, destination, protocol: 'udp' as const, port: 53},
  ]),
)

/** The objects as a file of `kubectl get` holds them. */
const given = (objects: ClusterObjects): ClusterObjects =>
  readClusterObjects(JSON.parse([...printObjects(objects)].join(''))).objects

/** Packets that half of the objects judge otherwise than all of them, and say so. */
function wrong(whole: ClusterObjects, half: ClusterObjects): string[] {
  const [all, some] = [new Evaluator(whole), new Evaluator(half)]
  return packets.flatMap(packet => {
    const [truth, {verdict}] = [all.evaluate(packet).verdict, some.evaluate(packet)]
    return verdict === truth || verdict === 'unknown' ? [] : [`${JSON.stringify(packet)} ${verdict}, ${truth} by all objects`]
  })
}

describe('half of the objects never gives another verdict than all of them', () => {
  test.prop([cluster, fc.subarray([...objectKinds], {minLength: 1})], {numRuns: 500})('without kinds', (whole, without) => {
    const half = given({...whole, ...Object.fromEntries(without.map(kind => [kind, []]))})
    expect(wrong(whole, half)).toEqual([])
  })

  test.prop([cluster, fc.nat()], {numRuns: 300})('without one Namespace', (whole, number) => {
    const namespaces = whole.namespaces.toSpliced(number % whole.namespaces.length, 1)
    expect(wrong(whole, given({...whole, namespaces}))).toEqual([])
  })

  test.prop([cluster, fc.boolean()], {numRuns: 300})('of one namespace only', (whole, hasNamespaces) => {
    fc.pre(new Set(whole.pods.map(namespaceOf)).size > 1)
    const only = namespaceOf(whole.pods[0] as Pod)
    const isOnly = (each: Pod | ClusterObjects['policies'][number]) => namespaceOf(each) === only
    const half = {...whole, pods: whole.pods.filter(isOnly), policies: whole.policies.filter(isOnly)}
    expect(wrong(whole, given(hasNamespaces ? half : {...half, namespaces: []}))).toEqual([])
  })
})

test.prop([cluster], {numRuns: 200})(
  'with objects of all kinds and several namespaces every verdict is that of the whole cluster',
  whole => {
    fc.pre(whole.policies.length > 0)
    const evaluator = new Evaluator(given({...whole, pods: [...whole.pods, {metadata: {name: 'x', namespace: 'elsewhere'}}]}))
    const known = new Evaluator(whole)
    for (const packet of packets) expect(evaluator.evaluate(packet).verdict).toBe(known.evaluate(packet).verdict)
  },
)

describe('what an input says of its objects', () => {
  const read = (...items: object[]) => incompleteObjects(readClusterObjects(items).objects)
  const states = (...items: object[]) => read(...items).map(({part, state}) => `${part} ${state}`)
  const v1 = 'v1'
  const aPod = {apiVersion: v1, kind: 'Pod', metadata: {name: 'p', namespace: 'a'}}
  const list = (kind: string, apiVersion = v1, metadata = {}) => ({apiVersion, kind, metadata, items: []})

  plainTest('a List without items says nothing of any kind', () => {
    expect(states(aPod, list('List'))).toEqual(['Pods cut', 'Namespaces absent', 'NetworkPolicies absent', 'Nodes absent'])
  })

  plainTest('a list that names its kind says that there is none', () => {
    const policies = list('NetworkPolicyList', 'networking.k8s.io/v1')
    expect(states(policies, list('PodList'), list('NamespaceList'), list('NodeList'))).toEqual([])
    // The same words of another API group are another kind.
    expect(states(aPod, list('NetworkPolicyList', 'crd.projectcalico.org/v1'))).toContain('NetworkPolicies absent')
  })

  plainTest('a page of a list is not all of it', () => {
    const page = {...list('PodList', v1, {continue: 'abc'}), items: [aPod, {...aPod, metadata: {name: 'q', namespace: 'b'}}]}
    expect(states(page)).toContain('Pods cut')
  })

  plainTest('an object that cannot be read concerns its namespace', () => {
    const bad = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {name: 'n', namespace: 'a'},
      spec: {podSelector: 3},
    }
    expect(read(aPod, bad)).toContainEqual(
      expect.objectContaining({
        part: 'NetworkPolicies',
        state: 'cut',
        reason: 'NetworkPolicy a/n could not be read',
        inside: 'a',
      }),
    )
  })

  plainTest('what a file lacks is still lacking when it was put into a dump', () => {
    const half = readClusterObjects([aPod]).objects
    const again = readClusterObjects(JSON.parse([...printObjects(half)].join('')), 'cluster.json', true).objects
    expect(incompleteObjects(again)).toEqual(incompleteObjects(half))
    const whole = readClusterObjects([aPod], 'cluster.json', true).objects
    expect(incompleteObjects(whole)).toEqual([])
  })
})
