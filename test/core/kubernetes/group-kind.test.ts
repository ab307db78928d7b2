import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {objectKey} from '../../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'

const metadata = {name: 'wall', namespace: 'mill'}
const policySpec = {podSelector: {}, policyTypes: ['Ingress']}

/** Objects of other groups that share a kind with ours. Each would be read as one of ours if its group did not count. */
const foreign = [
  {
    apiVersion: 'crd.projectcalico.org/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: {selector: 'all()', ingress: [{action: 'Deny'}]},
  },
  {apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata, spec: {order: 1, types: ['Ingress']}},
  {apiVersion: 'crd.antrea.io/v1beta1', kind: 'NetworkPolicy', metadata, spec: {priority: 5, appliedTo: [{podSelector: {}}]}},
  {apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'NetworkPolicy', metadata, spec: policySpec},
  {apiVersion: 'networking.k8s.io.example.com/v1', kind: 'NetworkPolicy', metadata, spec: policySpec},
  {apiVersion: 'v1', kind: 'NetworkPolicy', metadata, spec: policySpec},
  {apiVersion: 'config.openshift.io/v1', kind: 'Node', metadata: {name: 'cluster'}, spec: {cgroupMode: 'v2'}},
  {apiVersion: 'management.cattle.io/v3', kind: 'Node', metadata, spec: {}},
  {apiVersion: 'example.com/v1', kind: 'Pod', metadata},
  {apiVersion: 'example.com/v1', kind: 'Namespace', metadata: {name: 'mill'}},
]

const count = (value: unknown) => {
  const {pods, namespaces, policies, nodes} = readClusterObjects(value).objects
  return pods.length + namespaces.length + policies.length + nodes.length
}

describe('an object of another API group', () => {
  test.each(foreign)('$apiVersion $kind is passed over, and said so', object => {
    const {problems} = readClusterObjects(object, 'x.yaml')
    expect(count(object)).toBe(0)
    expect(problems).toMatchObject([
      {code: 'FOREIGN_OBJECT', file: 'x.yaml', message: expect.stringContaining(`${object.kind} of ${object.apiVersion}`)},
    ])
  })

  test('is passed over in a typed list, whose items do not name it', () => {
    const list = {apiVersion: 'crd.projectcalico.org/v1', kind: 'NetworkPolicyList', items: [{metadata, spec: policySpec}]}
    expect(count(list)).toBe(0)
    expect(readClusterObjects(list).problems.map(({code}) => code)).toEqual(['FOREIGN_OBJECT'])
  })

  test('is told by its fields where it names no group', () => {
    const object = {kind: 'NetworkPolicy', metadata, spec: {selector: 'all()', types: ['Ingress'], ingress: [{action: 'Deny'}]}}
    expect(count(object)).toBe(0)
    expect(readClusterObjects(object).problems.map(({code}) => code)).toEqual(['FOREIGN_OBJECT'])
  })

  test('is said once for all that are alike', () => {
    expect(readClusterObjects(Array.from({length: 50}, () => foreign[0])).problems).toHaveLength(1)
  })

  const own = [
    {apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: policySpec},
    {apiVersion: 'v1', kind: 'Pod', metadata, spec: {containers: []}},
    {apiVersion: 'v1', kind: 'Namespace', metadata: {name: 'mill'}},
    {apiVersion: 'v1', kind: 'Node', metadata: {name: 'n1'}},
  ]
  propertyTest.prop([fc.array(fc.constantFrom(...foreign)), fc.array(fc.boolean())])(
    'changes nothing in what is read beside it',
    (others, turns) => {
      const rest = [...others]
      const mixed = own.flatMap((object, index) =>
        turns[index] ? [object, ...rest.splice(0, 2)] : [...rest.splice(0, 1), object],
      )
      const shuffled = {apiVersion: 'v1', kind: 'List', items: [...mixed, ...rest]}
      expect(readClusterObjects(shuffled).objects).toEqual(readClusterObjects({kind: 'List', items: own}).objects)
    },
  )
})

test('a policy of extensions/v1beta1 is read, with a word on its age', () => {
  const read = readClusterObjects({apiVersion: 'extensions/v1beta1', kind: 'NetworkPolicy', metadata, spec: policySpec})
  expect(read.objects.policies.map(objectKey)).toEqual(['mill/wall'])
  expect(read.problems).toMatchObject([{code: 'OLD_VERSION', message: expect.stringContaining('extensions/v1beta1')}])
})

describe('an object that names no kind', () => {
  test.each([
    {kind: 'policies', object: {metadata, spec: policySpec}},
    {kind: 'pods', object: {metadata, spec: {containers: [{name: 'c'}]}}},
    {kind: 'pods', object: {metadata, status: {podIP: '10.0.0.1'}}},
    {kind: 'namespaces', object: {metadata: {name: 'mill', labels: {'kubernetes.io/metadata.name': 'mill'}}}},
    {kind: 'namespaces', object: {metadata: {name: 'mill'}, status: {phase: 'Active'}}},
    {kind: 'nodes', object: {metadata: {name: 'n1'}, status: {addresses: []}}},
    {kind: 'nodes', object: {metadata: {name: 'n1'}, spec: {podCIDR: '10.0.0.0/24'}}},
  ] as const)('is one of the $kind by its fields', ({kind, object}) => {
    for (const value of [
      object,
      [object],
      {items: [object]},
      {metadata: {resourceVersion: '1'}, items: [object]},
      {some: [object]},
    ]) {
      const {objects, problems} = readClusterObjects(value)
      expect(objects[kind].map(each => each.metadata.name)).toEqual([object.metadata.name])
      expect(problems).toEqual([])
    }
  })

  test('and whose fields do not show it is told, with how many there are', () => {
    const {problems} = readClusterObjects({items: [{metadata: {name: 'a'}}, {metadata: {name: 'b'}}]}, 'odd.json')
    expect(problems).toMatchObject([
      {code: 'BAD_OBJECT', file: 'odd.json', message: expect.stringContaining('2 objects have no kind')},
    ])
  })

  test('is none of ours when its kind is no text', () => {
    expect(count({kind: 7, metadata: {name: 'a'}})).toBe(0)
  })
})

test.each(['Networkpolicy', 'networkpolicy', 'NetworkPolicies', 'netpol'])(
  'a kind that is written %s is told, and left out',
  kind => {
    const {objects, problems} = readClusterObjects({apiVersion: 'networking.k8s.io/v1', kind, metadata, spec: policySpec})
    expect(objects.policies).toEqual([])
    expect(problems).toMatchObject([{code: 'BAD_OBJECT', message: expect.stringContaining(`its kind is written ${kind}`)}])
    expect(objects.given?.gaps.map(gap => gap.kind)).toEqual(['policies'])
  },
)

test('a list of Go without items is an empty one, and says so of its kind', () => {
  const {objects, problems} = readClusterObjects({apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicyList', items: null})
  expect(problems).toEqual([])
  expect(objects.given).toMatchObject({kinds: ['policies'], gaps: []})
})
