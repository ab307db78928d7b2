import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import {objectKey} from '../../../core/kubernetes/objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import {type NpmCache, readNpmCache} from '../../../core/names/npm-cache.ts'
import {readMetricNames} from '../../../core/names/npm-metrics.ts'
import {fixtureNodes} from '../../support/dump-fixture.ts'

type Names = {kernelName: string; name: string}[]
const sorted = (names: NpmCache['names']) => names.toSorted((one, other) => (one.kernelName < other.kernelName ? -1 : 1))

const withCache = fixtureNodes.filter(node => node.file('manager.json') !== undefined)
const explained = (sets: string | undefined): Names =>
  Object.entries(JSON.parse(sets ?? '{}') as Record<string, {name: string}>).map(([kernelName, {name}]) => ({kernelName, name}))

describe.each(withCache)('the debug cache of $name', ({file, cluster}) => {
  const cache = readNpmCache(JSON.parse(file('manager.json') ?? ''))

  test('tells the node, and every set by its name', () => {
    expect(cache.node).toBe('aks-system-1')
    expect(cache.isV1).toBe(false)
    expect(sorted(cache.names)).toEqual(sorted(explained(file('sets.json'))))
  })

  test('holds the namespaces of the cluster with their labels, and pods that are in the cluster with theirs', () => {
    const {objects} = readClusterObjects(cluster)
    const labelsOf = (all: readonly {metadata: {name: string; namespace?: string; labels?: object}}[]) =>
      Object.fromEntries(all.map(({metadata}) => [`${metadata.namespace ?? ''}/${metadata.name}`, metadata.labels ?? {}]))
    expect(labelsOf(cache.objects.namespaces)).toEqual(labelsOf(objects.namespaces))
    expect(labelsOf(objects.pods)).toMatchObject(labelsOf(cache.objects.pods))
    expect(cache.objects.pods.length).toBeGreaterThan(3)
    const address = new Map(objects.pods.map(pod => [objectKey(pod), pod.status?.podIP]))
    for (const pod of cache.objects.pods) expect(pod.status?.podIP).toBe(address.get(objectKey(pod)))
  })
})

const nothing: NpmCache = {names: [], isV1: false, objects: {namespaces: [], pods: [], policies: [], nodes: []}}

test.each<{what: string; value: unknown; cache: Partial<NpmCache>}>([
  {what: 'an empty object', value: {}, cache: {}},
  {what: 'no object', value: null, cache: {}},
  {what: 'an empty node name, as when HOSTNAME is not set', value: {NodeName: ''}, cache: {}},
  {
    what: 'v1 since v1.4.28: lists named like sets',
    value: {
      NodeName: 'n',
      SetMap: {'azure-npm-527074092': 'app'},
      ListMap: {'azure-npm-527074092': 'app'},
      NsMap: {'ns-shop': {Name: 'ns-shop', LabelsMap: {team: 'a', odd: 1}}},
    },
    cache: {
      node: 'n',
      isV1: true,
      names: [
        {kernelName: 'azure-npm-527074092', name: 'app'},
        {kernelName: 'azure-npm-527074092', name: 'app'},
      ],
      objects: {...nothing.objects, namespaces: [{metadata: {name: 'shop', labels: {team: 'a'}}}]},
    },
  },
  {
    what: 'v1 before: maps from names, whose hashes are known',
    value: {SetMap: {app: {}}, ListMap: {'all-namespaces': {}}},
    cache: {
      isV1: true,
      names: [
        {kernelName: setKernelName('app', 'fnv32a'), name: 'app'},
        {kernelName: setKernelName('all-namespaces', 'fnv32a'), name: 'all-namespaces'},
      ],
    },
  },
  {
    what: 'a v2 namespace whose name begins like a v1 one',
    value: {NsMap: {'ns-shop': {}}},
    cache: {objects: {...nothing.objects, namespaces: [{metadata: {name: 'ns-shop', labels: {}}}]}},
  },
  {what: 'sets that Azure NPM cannot have made', value: {SetMap: {'KUBE-IP': 'x', 'azure-npm-1': 7}}, cache: {}},
  {
    what: 'a pod with what it has, and others without a name or of another shape',
    value: {
      PodMap: {
        'shop/web': {
          Name: 'web',
          Namespace: 'shop',
          PodIP: '10.0.0.1',
          Phase: 'Running',
          Labels: {app: 'web'},
          ContainerPorts: [{name: 'http', containerPort: 80, protocol: 'TCP'}, {containerPort: 81}, {name: 'x'}, null],
        },
        'shop/bare': {Name: 'bare', Namespace: 'shop'},
        'shop/lost': {Name: 'lost'},
        'shop/odd': 'x',
      },
    },
    cache: {
      objects: {
        ...nothing.objects,
        pods: [
          {
            metadata: {name: 'web', namespace: 'shop', labels: {app: 'web'}},
            spec: {containers: [{ports: [{containerPort: 80, name: 'http', protocol: 'TCP'}, {containerPort: 81}]}]},
            status: {phase: 'Running', podIP: '10.0.0.1'},
          },
          {metadata: {name: 'bare', namespace: 'shop', labels: {}}, spec: {containers: [{ports: []}]}, status: {}},
        ],
      },
    },
  },
])('a cache with $what', ({value, cache}) => {
  expect(readNpmCache(value)).toEqual({...nothing, ...cache})
})

propertyTest.prop([
  fc.oneof(
    fc.anything(),
    fc.dictionary(fc.constantFrom('NodeName', 'SetMap', 'ListMap', 'NsMap', 'PodMap'), fc.object({maxDepth: 3})),
    fc.record({
      PodMap: fc.dictionary(
        fc.string(),
        fc.dictionary(fc.constantFrom('Name', 'Namespace', 'Labels', 'ContainerPorts'), fc.anything()),
      ),
    }),
  ),
])('no value makes reading a cache fail', value => {
  const {objects, names} = readNpmCache(value)
  expect(objects.pods.filter(({metadata}) => typeof metadata.name !== 'string')).toEqual([])
  expect(names.filter(({kernelName}) => !/^azure-npm-[0-9a-z]{1,20}$/.test(kernelName))).toEqual([])
})

describe.each(fixtureNodes.filter(node => node.file('cluster-metrics.txt') !== undefined))('the metrics of $name', ({file}) => {
  test('name the sets that are not empty', () => {
    const sets = JSON.parse(file('sets.json') ?? '') as Record<string, {name: string; members: string[]}>
    const filled = explained(file('sets.json')).filter(({kernelName}) => (sets[kernelName]?.members.length ?? 0) > 0)
    const names = readMetricNames([file('cluster-metrics.txt') ?? ''])
    expect(filled.length).toBeGreaterThan(20)
    expect(sorted(names)).toEqual(sorted(filled))
    expect(readMetricNames([file('node-metrics.txt') ?? ''])).toEqual([])
  })
})

test.each<{line: string; names: Names}>([
  {line: 'npm_ipset_counts{set_hash="azure-npm-1",set_name="ns-a"} 3', names: [{kernelName: 'azure-npm-1', name: 'ns-a'}]},
  {
    line: 'npm_ipset_counts{set_name="ns-a",other="x",set_hash="azure-npm-1"} 3',
    names: [{kernelName: 'azure-npm-1', name: 'ns-a'}],
  },
  {
    line: 'npm_ipset_counts{set_hash="azure-npm-1",set_name="a\\"}b\\\\"} 3',
    names: [{kernelName: 'azure-npm-1', name: 'a"}b\\'}],
  },
  {line: 'npm_ipset_counts{set_hash="azure-npm-1"} 3', names: []},
  {line: 'npm_ipset_counts{set_name="ns-a"} 3', names: []},
  {line: 'npm_ipset_counts{set_hash="KUBE-IP",set_name="ns-a"} 3', names: []},
  {line: 'npm_ipset_counts{set_hash="azure-npm-1",set_na', names: []},
  {line: '# npm_ipset_counts{set_hash="azure-npm-1",set_name="ns-a"} 3', names: []},
  {line: 'npm_num_ipsets 3', names: []},
])('the metric line $line', ({line, names}) => {
  expect(readMetricNames(['npm_num_policies 1\n', `${line}\nnpm_x 1\n`])).toEqual(names)
})
