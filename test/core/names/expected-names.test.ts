import {describe, expect, test} from 'vitest'
import type {NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {policyTypes, v1Target} from '../../../core/kubernetes/policy-types.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {parseIpsetSave} from '../../../core/linux/ipset/parse-save.ts'
import {expectedNames} from '../../../core/names/expected-names.ts'
import {type Scheme, schemes} from '../../../core/names/hash.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {Generation} from '../../../core/names/name-index.ts'
import {fixtureNodes, nodeNamed} from '../../support/dump-fixture.ts'
import {program, type Variant} from '../../support/programs/program.ts'

const namesOf = (cluster: unknown, generation: Generation, scheme: Scheme): string[] =>
  expectedNames(readClusterObjects(cluster).objects, generation, scheme).map(({name}) => name)

describe.each(fixtureNodes.filter(node => node.file('sets.json') !== undefined))('$name', node => {
  const sets = JSON.parse(node.file('sets.json') ?? '') as Record<string, {name: string}>
  const expected = schemes.flatMap(scheme =>
    namesOf(node.cluster, 'v2', scheme).map(name => ({name, set: setKernelName(name, scheme)})),
  )

  test('every set on the node is among the names that its cluster can give rise to', () => {
    const onNode = Object.entries(sets).map(([set, {name}]) => ({set, name}))
    // Names of the state before the changes stay on the node for a while, and belong to objects that are gone.
    const gone =
      node.name === 'real-npm/school-changed' ? namesOf(nodeNamed('real-npm/school-before').cluster, 'v2', 'sha256') : []
    const missing = onNode.filter(({set, name}) => !expected.some(each => each.set === set && each.name === name))
    expect(onNode.length).toBeGreaterThan(30)
    expect(missing.filter(({name}) => !gone.includes(name))).toEqual([])
    if (gone.length === 0) expect(missing).toEqual([])
  })

  test('its own dump has the sets that are explained', () => {
    const dumped = parseIpsetSave([node.sets]).sets.map(({name}) => name)
    expect(dumped.filter(name => name.startsWith('azure-npm-')).toSorted()).toEqual(Object.keys(sets).toSorted())
  })
})

describe.each<{variant: Variant; generation: Generation; scheme: Scheme}>([
  {variant: 'v2-base36', generation: 'v2', scheme: 'sha256'},
  {variant: 'v2-decimal', generation: 'v2', scheme: 'fnv32a'},
  {variant: 'v1', generation: 'v1', scheme: 'fnv32a'},
])('the bakery as $variant', ({variant, generation, scheme}) => {
  test('every set that Azure NPM would make is expected, by its name', () => {
    const expected = new Set(namesOf(nodeNamed(`captures/${variant}-nft`).cluster, generation, scheme))
    const {setNames} = program(variant)
    expect(setNames.size).toBeGreaterThan(50)
    expect([...setNames.values()].filter(name => !expected.has(name))).toEqual([])
  })
})

const cluster = [
  {kind: 'Namespace', metadata: {name: 'shop', labels: {team: 'a', empty: ''}}},
  {
    kind: 'Pod',
    metadata: {name: 'web', namespace: 'shop', labels: {app: 'web'}},
    spec: {containers: [{ports: [{name: 'http', containerPort: 80}, {containerPort: 81}]}, {}]},
  },
  {kind: 'Pod', metadata: {name: 'lost'}},
  {
    kind: 'NetworkPolicy',
    metadata: {name: 'db', namespace: 'shop'},
    spec: {
      podSelector: {
        matchLabels: {tier: 'db'},
        matchExpressions: [
          {key: 'app', operator: 'In', values: ['x', 'y']},
          {key: 'old', operator: 'DoesNotExist'},
          {key: 'one', operator: 'NotIn', values: ['v']},
        ],
      },
      ingress: [
        {},
        {
          from: [
            {podSelector: {matchExpressions: [{key: 'p', operator: 'NotIn', values: ['1', '2']}]}},
            {ipBlock: {cidr: '10.0.0.0/8'}},
            {namespaceSelector: {matchExpressions: [{key: 'n', operator: 'In', values: ['1', '2']}]}},
          ],
          ports: [{port: 'pg'}, {port: 80}],
        },
      ],
      egress: [{to: [{ipBlock: {cidr: '0.0.0.0/0'}}], ports: [{port: 'dns', protocol: 'UDP'}]}],
    },
  },
]

test.each<{generation: Generation; scheme: Scheme; names: string[]}>([
  {
    generation: 'v2',
    scheme: 'sha256',
    names: [
      'nslabel-all-namespaces',
      'ns-shop',
      'nslabel-team',
      'nslabel-team:a',
      'nslabel-empty',
      'nslabel-empty:',
      // The API server gives it to every namespace.
      'nslabel-kubernetes.io/metadata.name',
      'nslabel-kubernetes.io/metadata.name:shop',
      'podlabel-app',
      'podlabel-app:web',
      'namedport:http',
      'ns-default',
      'podlabel-tier:db',
      'podlabel-app:x',
      'podlabel-app:y',
      'nestedlabel-shop/db:app:x:y',
      'podlabel-old',
      'podlabel-one:v',
      'namedport:pg',
      'podlabel-p:1',
      'podlabel-p:2',
      'nestedlabel-shop/db:p:1:2',
      'cidr-db:in-ns:shop-1-1IN',
      'nslabel-n:1',
      'nslabel-n:2',
      'namedport:dns',
      'cidr-db:in-ns:shop-0-0OUT',
    ],
  },
  {
    generation: 'v2',
    scheme: 'fnv32a',
    names: [
      'nslabel-all-namespaces',
      'ns-shop',
      'nslabel-team',
      'nslabel-team:a',
      'nslabel-empty',
      'nslabel-empty:',
      // The API server gives it to every namespace.
      'nslabel-kubernetes.io/metadata.name',
      'nslabel-kubernetes.io/metadata.name:shop',
      'podlabel-app',
      'podlabel-app:web',
      'namedport:http',
      'ns-default',
      'podlabel-tier:db',
      'podlabel-app:x',
      'podlabel-app:y',
      'nestedlabel-shop/db-app:x:y',
      'nestedlabel-app:x:y',
      'podlabel-old',
      'podlabel-one:v',
      'namedport:pg',
      'podlabel-p:1',
      'podlabel-p:2',
      'nestedlabel-shop/db-p:1:2',
      'nestedlabel-p:1:2',
      'cidr-db-in-ns-shop-1-1IN',
      'cidr-db-in-ns-shop-1IN',
      'nslabel-n:1',
      'nslabel-n:2',
      'namedport:dns',
      'cidr-db-in-ns-shop-0-0OUT',
      'cidr-db-in-ns-shop-0OUT',
    ],
  },
  {
    generation: 'v1',
    scheme: 'fnv32a',
    names: [
      'all-namespaces',
      'kube-system',
      'ns-shop',
      'ns-team',
      'ns-team:a',
      'ns-empty',
      'ns-empty:',
      'ns-kubernetes.io/metadata.name',
      'ns-kubernetes.io/metadata.name:shop',
      'app',
      'app:web',
      'namedport:http',
      'ns-default',
      'tier:db',
      'app:x',
      'app:y',
      'app:x:y',
      'old',
      'one:v',
      'namedport:pg',
      'db-in-ns-shop-1in',
      'p:1',
      'p:2',
      'p:1:2',
      'ns-n:1',
      'ns-n:2',
      'namedport:dns',
      'db-in-ns-shop-0out',
    ],
  },
])('$generation under $scheme expects exactly the names that these objects give rise to', ({generation, scheme, names}) => {
  expect(namesOf(cluster, generation, scheme)).toEqual(names)
})

test('names of one policy bear it, others do not', () => {
  const names = expectedNames(readClusterObjects(cluster).objects, 'v2', 'sha256')
  expect(names.filter(({policy}) => policy !== undefined).map(({name, policy}) => `${name} ${policy}`)).toEqual([
    'nestedlabel-shop/db:app:x:y shop/db',
    'nestedlabel-shop/db:p:1:2 shop/db',
    'cidr-db:in-ns:shop-1-1IN shop/db',
    'cidr-db:in-ns:shop-0-0OUT shop/db',
  ])
  expect(new Set(names.map(({generation}) => generation))).toEqual(new Set(['v2']))
})

test('an empty cluster still has the set of all namespaces', () => {
  expect(namesOf([], 'v2', 'sha256')).toEqual(['nslabel-all-namespaces'])
  expect(namesOf([], 'v1', 'sha256')).toEqual(['all-namespaces', 'kube-system'])
})

const policy = (spec: NetworkPolicy['spec'], namespace?: string): NetworkPolicy => ({
  metadata: {name: 'p', ...(namespace !== undefined && {namespace})},
  spec,
})

test.each<{what: string; policy: NetworkPolicy; target: string[]}>([
  {what: 'no selector', policy: policy({}, 'shop'), target: ['ns-shop']},
  {what: 'no namespace', policy: policy({podSelector: {}}), target: ['ns-default']},
  {
    what: 'labels and expressions of every kind, sorted, each once',
    policy: policy(
      {
        podSelector: {
          matchLabels: {tier: 'db', app: 'x'},
          matchExpressions: [
            {key: 'app', operator: 'In', values: ['x']},
            {key: 'line', operator: 'In', values: ['rye', 'wheat']},
            {key: 'grade', operator: 'NotIn', values: ['burnt', 'stale']},
            {key: 'a', operator: 'Exists'},
            {key: 'z', operator: 'DoesNotExist', values: []},
          ],
        },
      },
      'shop',
    ),
    target: ['!grade:burnt:stale', '!z', 'a', 'app:x', 'line:rye:wheat', 'ns-shop', 'tier:db'],
  },
])('NPM v1 selects the pods of a policy with $what by $target', ({policy: each, target}) => {
  expect(v1Target(each)).toEqual(target)
})

test.each<{what: string; spec: NetworkPolicy['spec']; types: string[]}>([
  {what: 'says', spec: {policyTypes: ['Egress']}, types: ['Egress']},
  {what: 'says, though it has rules of the other', spec: {policyTypes: ['Ingress'], egress: [{}]}, types: ['Ingress']},
  {what: 'is about by default', spec: {}, types: ['Ingress']},
  {what: 'is about by default when the list is empty', spec: {policyTypes: [], egress: []}, types: ['Ingress']},
  {what: 'is about by default when it has egress rules', spec: {egress: [{}]}, types: ['Ingress', 'Egress']},
])('the directions that a policy $what: $types', ({spec, types}) => {
  expect(policyTypes(policy(spec))).toEqual(types)
})
