import {describe, expect, test} from 'vitest'
import {type ClusterObjects, emptyCluster, type Namespace, type Pod} from '../../../core/kubernetes/objects.ts'
import {compile, incrementalProgram} from '../../../core/linux/compile/compile.ts'
import {setKernelName} from '../../../core/names/kernel-name.ts'
import type {CompileOptions} from '../../../core/policy/program.ts'

const npm: CompileOptions = {scheme: 'sha256', semantics: 'npm'}
const kubernetes: CompileOptions = {scheme: 'sha256', semantics: 'kubernetes'}

const pod = (name: string, podIP: string, more: Partial<Pod['metadata']> = {}, nodeName = 'here'): Pod => ({
  metadata: {name, namespace: 'shop', ...more},
  spec: {nodeName},
  status: {phase: 'Running', podIP},
})
const namespace = (name: string, labels: Record<string, string>, isEnding = false): Namespace => ({
  metadata: {name, labels, ...(isEnding && {deletionTimestamp: '2026-01-01T00:00:00Z'})},
})

/** Readable names of sets with their members; those of lists readable too. */
function members(objects: Partial<ClusterObjects>, options: CompileOptions): Record<string, string[]> {
  const {sets} = compile({...emptyCluster(), ...objects}, options)
  const readable = (member: string): string => sets.get(member)?.name ?? member
  return Object.fromEntries([...sets.values()].map(set => [set.name, set.members.map(readable).toSorted()]))
}

describe('sets of pods and namespaces', () => {
  test('a namespace has its set and is in the lists of its labels and of all', () => {
    expect(members({namespaces: [namespace('shop', {team: 'a', empty: ''})]}, npm)).toEqual({
      'ns-shop': [],
      'nslabel-team': ['ns-shop'],
      'nslabel-team:a': ['ns-shop'],
      'nslabel-empty': ['ns-shop'],
      'nslabel-empty:': ['ns-shop'],
      'nslabel-all-namespaces': ['ns-shop'],
    })
  })

  test('a namespace that only its pods tell of is in the list of all', () => {
    expect(members({pods: [pod('a', '10.0.0.1')]}, npm)).toEqual({
      'ns-shop': ['10.0.0.1'],
      'nslabel-all-namespaces': ['ns-shop'],
    })
  })

  test('a namespace that is being deleted is in no list to Azure NPM, though its pods are in its set', () => {
    const objects = {namespaces: [namespace('shop', {team: 'a'}, true)], pods: [pod('a', '10.0.0.1')]}
    expect(members(objects, npm)).toEqual({'ns-shop': ['10.0.0.1']})
    expect(members(objects, kubernetes)).toMatchObject({'nslabel-team:a': ['ns-shop'], 'nslabel-all-namespaces': ['ns-shop']})
  })

  test('a label all-namespaces is the list of all to Azure NPM, and a list of its own to the API', () => {
    const namespaces = [namespace('shop', {'all-namespaces': 'x'}), namespace('other', {})]
    const all = ['ns-other', 'ns-shop']
    expect(members({namespaces}, npm)['nslabel-all-namespaces']).toEqual(all)
    const apart = members({namespaces}, kubernetes)
    expect(apart['nslabel-all-namespaces']).toEqual(all)
    expect(apart['nslabel-all-namespaces=1']).toEqual(['ns-shop'])
    const {sets} = compile({...emptyCluster(), namespaces}, kubernetes)
    expect(sets.get(setKernelName('nslabel-all-namespaces', 'sha256'))?.members).toHaveLength(2)
  })

  test('an address that two pods have is one member', () => {
    const pods = [pod('a', '10.0.0.1', {labels: {app: 'x'}}), pod('b', '10.0.0.1', {labels: {app: 'x'}})]
    expect(members({pods}, npm)['podlabel-app:x']).toEqual(['10.0.0.1'])
  })

  test('an address stays while one of two pods has it, and is one member again when another takes it over', () => {
    const program = incrementalProgram(npm)
    const ofSet = () => program.program().sets.get(setKernelName('podlabel-app:x', 'sha256'))?.members
    const [a, b] = [pod('a', '10.0.0.1', {labels: {app: 'x'}}), pod('b', '10.0.0.1', {labels: {app: 'x'}})]
    for (const object of [a, b]) program.apply({type: 'added', kind: 'Pod', object})
    expect(ofSet()).toEqual(['10.0.0.1'])
    program.apply({type: 'deleted', kind: 'Pod', object: a})
    expect(ofSet()).toEqual(['10.0.0.1'])
    program.apply({type: 'added', kind: 'Pod', object: pod('c', '10.0.0.2', {labels: {app: 'x'}})})
    program.apply({type: 'modified', kind: 'Pod', object: pod('c', '10.0.0.1', {labels: {app: 'x'}})})
    expect(ofSet()).toEqual(['10.0.0.1'])
    program.apply({type: 'deleted', kind: 'Pod', object: b})
    expect(ofSet()).toEqual(['10.0.0.1'])
    program.apply({type: 'deleted', kind: 'Pod', object: pod('c', '10.0.0.1', {labels: {app: 'x'}})})
    expect(ofSet()).toBeUndefined()
  })

  test('a key with a colon is the same set as a key and its value, and a pod with both is in it once', () => {
    const pods = [pod('a', '10.0.0.1', {labels: {'app:x': 'y', app: 'x'}})]
    expect(members({pods}, npm)).toMatchObject({'podlabel-app:x': ['10.0.0.1'], 'podlabel-app:x:y': ['10.0.0.1']})
    const program = incrementalProgram(npm)
    for (const type of ['added', 'deleted'] as const) program.apply({type, kind: 'Pod', object: pods[0] as Pod})
    expect([...program.program().sets.values()].map(({name}) => name)).toEqual([])
  })

  test('a port that two containers of a pod have is one member', () => {
    const container = {ports: [{name: 'web', containerPort: 80}]}
    const pods = [{...pod('a', '10.0.0.1'), spec: {containers: [container, container]}}]
    expect(members({pods}, npm)['namedport:web']).toEqual(['10.0.0.1,tcp:80'])
  })

  test('of objects with one name the first counts', () => {
    const pods = [pod('a', '10.0.0.1', {labels: {app: 'x'}}), pod('a', '10.0.0.2', {labels: {app: 'y'}})]
    expect(members({pods}, npm)).toMatchObject({'podlabel-app': ['10.0.0.1'], 'ns-shop': ['10.0.0.1']})
    expect(members({pods}, npm)).not.toHaveProperty(['podlabel-app:y'])
    const namespaces = ['a', 'b'].map(team => ({metadata: {name: 'shop', labels: {team}}}))
    expect(Object.keys(members({namespaces}, npm))).toEqual(expect.arrayContaining(['nslabel-team:a']))
    expect(members({namespaces}, npm)).not.toHaveProperty(['nslabel-team:b'])
    const policies = ['x', 'y'].map(app => ({
      metadata: {name: 'p', namespace: 'shop'},
      spec: {podSelector: {matchLabels: {app}}},
    }))
    expect(members({policies}, npm)).not.toHaveProperty(['podlabel-app:y'])
  })

  test('NPM Lite knows the pods of its node, and of no node when that is not known', () => {
    const pods = [pod('a', '10.0.0.1'), pod('b', '10.0.0.2', {}, 'there')]
    expect(members({pods}, {...npm, isLite: true, node: 'there'})['ns-shop']).toEqual(['10.0.0.2'])
    expect(members({pods}, {...npm, isLite: true})).toEqual({})
    expect(members({pods}, {...kubernetes, isLite: true, node: 'there'})['ns-shop']).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  test('ports that no set can hold are left out', () => {
    const ports = [
      {name: 'a', containerPort: 0, protocol: 'TCP'},
      {name: 'b', containerPort: 70_000, protocol: 'TCP'},
      {name: 'c', containerPort: 80, protocol: 'ICMP'},
      {name: 'd', containerPort: 80},
    ]
    const pods = [{...pod('a', '10.0.0.1'), spec: {containers: [{ports}]}}]
    expect(Object.keys(members({pods}, npm)).filter(name => name.startsWith('namedport:'))).toEqual(['namedport:d'])
    expect(members({pods}, npm)['namedport:d']).toEqual(['10.0.0.1,tcp:80'])
  })
})
