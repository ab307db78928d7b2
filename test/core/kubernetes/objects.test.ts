import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {type ClusterObjects, objectKey} from '../../../core/kubernetes/objects.ts'
import {policyTypes, v1Target} from '../../../core/kubernetes/policy-types.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {expectedNames} from '../../../core/names/expected-names.ts'
import {schemes} from '../../../core/names/hash.ts'
import {fixtureNodes} from '../../support/dump-fixture.ts'

const pod = (name: string, more: object = {}) => ({kind: 'Pod', metadata: {name, namespace: 'shop'}, ...more})
const withoutKind = ({metadata}: ReturnType<typeof pod>) => ({metadata})
const namespace = (name: string) => ({apiVersion: 'v1', kind: 'Namespace', metadata: {name}})
const node = (name: string) => ({kind: 'Node', metadata: {name}})
const policy = (spec: unknown) => ({kind: 'NetworkPolicy', metadata: {name: 'db', namespace: 'shop'}, spec})

/** What was found, as `Kind namespace/name`. */
const found = ({pods, namespaces, policies, nodes}: ClusterObjects): string[] => [
  ...namespaces.map(({metadata}) => `Namespace ${metadata.name}`),
  ...nodes.map(({metadata}) => `Node ${metadata.name}`),
  ...pods.map(each => `Pod ${objectKey(each)}`),
  ...policies.map(each => `NetworkPolicy ${objectKey(each)}`),
]

describe('readClusterObjects', () => {
  test.each<{what: string; value: unknown; objects: string[]}>([
    {what: 'one object', value: namespace('shop'), objects: ['Namespace shop']},
    {
      what: 'a List of all kinds, others passed over',
      value: {
        apiVersion: 'v1',
        kind: 'List',
        items: [node('n1'), namespace('shop'), {kind: 'Service', metadata: {name: 's'}}, pod('web'), policy({podSelector: {}})],
      },
      objects: ['Namespace shop', 'Node n1', 'Pod shop/web', 'NetworkPolicy shop/db'],
    },
    {
      what: 'a typed list, whose items do not say their kind',
      value: {kind: 'PodList', items: [withoutKind(pod('a')), withoutKind(pod('b'))]},
      objects: ['Pod shop/a', 'Pod shop/b'],
    },
    {what: 'an array of objects', value: [namespace('a'), pod('b')], objects: ['Namespace a', 'Pod shop/b']},
    {
      what: 'an array of lists',
      value: [
        {kind: 'List', items: [pod('a')]},
        {kind: 'NamespaceList', items: [{metadata: {name: 'b'}}]},
      ],
      objects: ['Namespace b', 'Pod shop/a'],
    },
    {what: 'a List of Lists', value: {kind: 'List', items: [{kind: 'List', items: [pod('a')]}]}, objects: ['Pod shop/a']},
    {
      what: 'a map of arrays',
      value: {pods: [pod('a')], other: 1, more: [namespace('b')]},
      objects: ['Namespace b', 'Pod shop/a'],
    },
    {
      what: 'a map of lists',
      value: {
        pods: {kind: 'PodList', items: [{metadata: {name: 'a', namespace: 'shop'}}]},
        more: {kind: 'List', items: [namespace('b')]},
      },
      objects: ['Namespace b', 'Pod shop/a'],
    },
    {what: 'a List of maps', value: {kind: 'List', items: [{pods: [pod('a')]}]}, objects: ['Pod shop/a']},
    {what: 'a List without a kind', value: {items: [pod('a')]}, objects: ['Pod shop/a']},
    {
      what: 'a pod without a namespace, which is in default',
      value: {kind: 'Pod', metadata: {name: 'a'}},
      objects: ['Pod default/a'],
    },
    {what: 'what is nested deeper than lists are', value: [[[[[[[[[[pod('a')]]]]]]]]]], objects: []},
    {what: 'nothing', value: null, objects: []},
    {what: 'a text', value: 'kind: Pod', objects: []},
    {what: 'an empty List', value: {kind: 'List', items: []}, objects: []},
  ])('reads $what', ({value, objects}) => {
    const read = readClusterObjects(value)
    expect(found(read.objects)).toEqual(objects)
    expect(read.problems).toEqual([])
  })

  test('reads YAML that kubectl printed as the JSON it would have printed', () => {
    const text = `apiVersion: v1
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: db, namespace: shop}
  spec:
    podSelector: {}
    ingress:
    - ports: [{port: 80, protocol: TCP}]
kind: List
`
    const {objects, problems} = readClusterObjects(parse(text))
    expect(problems).toEqual([])
    expect(objects.policies[0]?.spec).toEqual({podSelector: {}, ingress: [{ports: [{port: 80, protocol: 'TCP'}]}]})
  })

  test('takes null in a policy as absent, as the API server does', () => {
    const expressions = {matchExpressions: [{key: 'app', operator: 'Exists', values: null}]}
    const spec = {
      podSelector: {matchLabels: null, ...expressions},
      policyTypes: null,
      egress: null,
      ingress: [{ports: null, from: [{podSelector: expressions, namespaceSelector: null, ipBlock: null}]}],
    }
    const {objects, problems} = readClusterObjects(policy(spec))
    expect(problems).toEqual([])
    expect(objects.policies[0]?.spec).toEqual({
      podSelector: {matchExpressions: [{key: 'app', operator: 'Exists'}]},
      ingress: [{from: [{podSelector: {matchExpressions: [{key: 'app', operator: 'Exists'}]}}]}],
    })
  })

  test('takes null in other objects as absent, too', () => {
    const metadata = {name: 'a', namespace: null, labels: null, deletionTimestamp: null}
    const value = [
      {kind: 'Pod', metadata, spec: {containers: null, nodeName: 'n'}, status: {podIP: null, phase: 'Pending'}},
      {kind: 'Pod', metadata, spec: null, status: null},
      {kind: 'Namespace', metadata},
    ]
    const {objects, problems} = readClusterObjects(value)
    expect(problems).toEqual([])
    expect(objects.pods).toEqual([
      {kind: 'Pod', metadata: {name: 'a'}, spec: {nodeName: 'n'}, status: {phase: 'Pending'}},
      {kind: 'Pod', metadata: {name: 'a'}},
    ])
    const labels = {'kubernetes.io/metadata.name': 'a'}
    expect(objects.namespaces).toEqual([{kind: 'Namespace', metadata: {name: 'a', labels}}])
  })

  describe.each(fixtureNodes)('$name', ({cluster}) => {
    test('is read whole', () => {
      const {objects, problems} = readClusterObjects(cluster)
      const {items} = cluster as {items: {kind: string}[]}
      expect(problems).toEqual([])
      expect(found(objects).length).toBe(items.length)
      expect(objects.pods.length).toBe(items.filter(({kind}) => kind === 'Pod').length)
    })
  })
})

const ingress = (rule: unknown) => policy({podSelector: {}, ingress: [{}, rule]})
const target = (expression: unknown) => policy({podSelector: {matchExpressions: [expression]}})

describe('an object that would make an answer wrong is left out, with the reason', () => {
  test.each<{value: unknown; reason: string}>([
    {value: {kind: 'Pod'}, reason: 'Pod at .: it has no metadata.name'},
    {value: {kind: 'Namespace', metadata: {name: 7}}, reason: 'Namespace at .: it has no metadata.name'},
    {value: {kind: 'Node', metadata: []}, reason: 'Node at .: it has no metadata.name'},
    {value: [pod('a'), pod('b', {metadata: {name: 'b', namespace: 1}})], reason: 'Pod at [1]: metadata.namespace is not text'},
    {
      value: {kind: 'List', items: [{kind: 'Namespace', metadata: {name: 'a', labels: {team: 1}}}]},
      reason: 'Namespace at .items[0]: metadata.labels is not a map of texts',
    },
    {
      value: {pods: [pod('a', {metadata: {name: 'a', labels: []}})]},
      reason: 'Pod at .pods[0]: metadata.labels is not a map of texts',
    },
    {value: pod('a', {spec: 'x'}), reason: 'Pod at .: spec is not a map'},
    {value: pod('a', {status: []}), reason: 'Pod at .: status is not a map'},
    {value: pod('a', {status: {podIP: 7}}), reason: 'Pod at .: status.podIP is not text'},
    {value: pod('a', {spec: {containers: {}}}), reason: 'Pod at .: spec.containers is not a list of containers'},
    {value: pod('a', {spec: {containers: [null]}}), reason: 'Pod at .: spec.containers is not a list of containers'},
    {
      value: pod('a', {spec: {containers: [{ports: [80]}]}}),
      reason: 'Pod at .: the ports of a container are not a list of ports',
    },
    {
      value: pod('a', {spec: {containers: [{ports: [{name: 'web', containerPort: 80, protocol: 7}]}]}}),
      reason: 'Pod at .: the ports of a container are not a list of ports',
    },
    {
      value: pod('a', {spec: {containers: [{ports: [{name: 80, containerPort: 80}]}]}}),
      reason: 'Pod at .: the ports of a container are not a list of ports',
    },
    {value: policy([]), reason: 'NetworkPolicy at .: spec is not a map'},
    {value: policy({podSelector: 'app'}), reason: 'NetworkPolicy at .: spec.podSelector is not a label selector'},
    {value: policy({podSelector: {matchLabels: ['a']}}), reason: 'NetworkPolicy at .: spec.podSelector is not a label selector'},
    {
      value: policy({podSelector: {matchLabels: {a: null}}}),
      reason: 'NetworkPolicy at .: spec.podSelector is not a label selector',
    },
    {value: pod('a', {metadata: {name: 'a', labels: {a: null}}}), reason: 'Pod at .: metadata.labels is not a map of texts'},
    {value: target({operator: 'Exists'}), reason: 'NetworkPolicy at .: spec.podSelector is not a label selector'},
    {value: target({key: 'a', operator: 'Equals'}), reason: 'NetworkPolicy at .: spec.podSelector is not a label selector'},
    {
      value: target({key: 'a', operator: 'In', values: 'x'}),
      reason: 'NetworkPolicy at .: spec.podSelector is not a label selector',
    },
    {
      value: target({key: 'a', operator: 'In', values: [null]}),
      reason: 'NetworkPolicy at .: spec.podSelector is not a label selector',
    },
    {value: policy({policyTypes: 'Ingress'}), reason: 'NetworkPolicy at .: spec.policyTypes is not a list of texts'},
    {value: policy({policyTypes: {length: 1}}), reason: 'NetworkPolicy at .: spec.policyTypes is not a list of texts'},
    {value: policy({ingress: {}}), reason: 'NetworkPolicy at .: spec.ingress is not a list of rules'},
    {value: policy({egress: [null]}), reason: 'NetworkPolicy at .: spec.egress is not a list of rules'},
    {value: ingress({ports: 80}), reason: 'NetworkPolicy at .: spec.ingress[1].ports is not a list of ports'},
    {value: ingress({ports: [80]}), reason: 'NetworkPolicy at .: spec.ingress[1].ports is not a list of ports'},
    {value: ingress({ports: [{port: {}}]}), reason: 'NetworkPolicy at .: spec.ingress[1].ports is not a list of ports'},
    {value: ingress({ports: [{protocol: 6}]}), reason: 'NetworkPolicy at .: spec.ingress[1].ports is not a list of ports'},
    {
      value: ingress({ports: [{port: 1, endPort: '2'}]}),
      reason: 'NetworkPolicy at .: spec.ingress[1].ports is not a list of ports',
    },
    {value: ingress({from: 'all'}), reason: 'NetworkPolicy at .: spec.ingress[1].from is not a list of peers'},
    {
      value: ingress({from: [{ipBlock: '10.0.0.0/8'}]}),
      reason: 'NetworkPolicy at .: spec.ingress[1].from is not a list of peers',
    },
    {value: ingress({from: [{ipBlock: {}}]}), reason: 'NetworkPolicy at .: spec.ingress[1].from is not a list of peers'},
    {
      value: ingress({from: [{ipBlock: {cidr: '10.0.0.0/8', except: '10.1.0.0/16'}}]}),
      reason: 'NetworkPolicy at .: spec.ingress[1].from is not a list of peers',
    },
    {
      value: ingress({from: [{namespaceSelector: []}]}),
      reason: 'NetworkPolicy at .: spec.ingress[1].from is not a list of peers',
    },
    {
      value: policy({egress: [{to: [{podSelector: {matchLabels: {a: 1}}}]}]}),
      reason: 'NetworkPolicy at .: spec.egress[0].to is not a list of peers',
    },
  ])('$reason', ({value, reason}) => {
    const {objects, problems} = readClusterObjects([value, namespace('other')], 'cluster.json')
    const alone = readClusterObjects(value, 'cluster.json')
    expect(alone.problems).toEqual([
      {
        code: 'BAD_OBJECT',
        file: 'cluster.json',
        message: `${reason}; it is left out`,
        next: 'Take the objects again with kubectl get -o json.',
      },
    ])
    expect(problems.length).toBe(1)
    expect(objects.namespaces.map(({metadata}) => metadata.name)).toContain('other')
  })
})

/** Whatever is asked of objects that were taken. */
function useAll(objects: ClusterObjects): number {
  const names = (['v1', 'v2'] as const).flatMap(generation =>
    schemes.flatMap(scheme => expectedNames(objects, generation, scheme).map(({name}) => name)),
  )
  const targets = objects.policies.flatMap(each => [...v1Target(each), ...policyTypes(each), objectKey(each)])
  for (const text of [...names, ...targets]) expect(typeof text).toBe('string')
  return names.length
}

/** Objects of the API with anything at some of their places. */
const fields = [
  'kind',
  'items',
  'metadata',
  'name',
  'namespace',
  'labels',
  'spec',
  'status',
  'podIP',
  'containers',
  'ports',
] as const
const policyFields = [
  'podSelector',
  'matchLabels',
  'matchExpressions',
  'ingress',
  'from',
  'ipBlock',
  'cidr',
  'except',
  'policyTypes',
] as const
const kind = fc.constantFrom('Pod', 'Namespace', 'NetworkPolicy', 'Node', 'List', 'PodList', 'Secret')
const almost = fc.letrec(tie => ({
  value: fc.oneof(
    {maxDepth: 5, withCrossShrink: true},
    fc.constantFrom<unknown>(null, 0, '', 'a', true, '__proto__', 'In'),
    fc.array(tie('value'), {maxLength: 3}),
    fc.dictionary(fc.constantFrom(...fields, ...policyFields, 'key', 'operator', 'values', 'port', '__proto__'), tie('value'), {
      maxKeys: 6,
    }),
    tie('object'),
  ),
  object: fc.record({kind, metadata: fc.oneof(fc.constant({name: 'a'}), tie('value')), spec: tie('value'), status: tie('value')}),
})).value

propertyTest.prop([fc.oneof(almost, fc.jsonValue(), fc.anything())])(
  'no value makes reading fail, and what is read can be used',
  value => {
    const {objects, problems} = readClusterObjects(value, 'cluster.json')
    expect(useAll(objects)).toBeGreaterThan(0)
    expect(
      problems.filter(({code, message, file}) => code !== 'BAD_OBJECT' || message === '' || file !== 'cluster.json'),
    ).toEqual([])
  },
)

propertyTest.prop([fc.json({maxDepth: 8})])('no JSON text makes reading fail', text => {
  const {objects} = readClusterObjects(JSON.parse(text))
  expect(useAll(objects)).toBeGreaterThan(0)
})

test('many bad objects make few problems', () => {
  const {problems} = readClusterObjects(Array.from({length: 1_000}, () => ({kind: 'Pod'})))
  expect(problems.length).toBe(21)
})

test('a policy without a spec is one with an empty spec, as the API server takes it', () => {
  const {objects, problems} = readClusterObjects(policy(undefined))
  expect(problems).toEqual([])
  expect(objects.policies.map(({spec}) => spec)).toEqual([{}])
})
