import {describe, expect, test} from 'vitest'
import {linux} from '../../../core/dataplanes.ts'
import type {ClusterObjects, Namespace, NetworkPolicy} from '../../../core/kubernetes/objects.ts'
import {changedCluster} from '../../../core/matrix/change.ts'
import {compareProbes} from '../../../core/matrix/compare-probes.ts'

const namespace = (name: string, labels: Record<string, string>, last?: Record<string, string>): Namespace => {
  const annotations = last && {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({metadata: {name, labels: last}}),
  }
  return {metadata: {name, labels: {'kubernetes.io/metadata.name': name, ...labels}, ...(annotations && {annotations})}}
}
const pod = (name: string, podIP: string, app: string) => ({
  metadata: {namespace: 'mill', name, labels: {app}},
  spec: {},
  status: {phase: 'Running', podIP},
})
const allow = (name: string, from: string, more: object[] = []): NetworkPolicy => ({
  metadata: {namespace: 'mill', name},
  spec: {
    podSelector: {matchLabels: {app: 'wheel'}},
    policyTypes: ['Ingress'],
    ingress: [{from: [{podSelector: {matchLabels: {app: from}}}, ...more]}],
  },
})
const mill: ClusterObjects = {
  namespaces: [namespace('mill', {})],
  pods: [pod('wheel', '10.0.0.1', 'wheel'), pod('sack', '10.0.0.2', 'sack'), pod('cart', '10.0.0.3', 'cart')],
  policies: [allow('wheel', 'sack')],
  nodes: [],
}
const objects = (given: Partial<ClusterObjects>): ClusterObjects => ({
  namespaces: [],
  pods: [],
  policies: [],
  nodes: [],
  ...given,
})
const nodeOf = (cluster: ClusterObjects) => linux.open({node: 'unknown', metricNames: [], problems: [], cluster}, [])
const labelsOf = ({cluster}: ReturnType<typeof changedCluster>, name: string) =>
  cluster.namespaces.find(({metadata}) => metadata.name === name)?.metadata.labels

describe('a cluster after a change', () => {
  test('has new policies, changed ones in the place of the old, and not those that are deleted', () => {
    const applied = objects({policies: [allow('wheel', 'cart'), allow('other', 'sack')]})
    expect(changedCluster(mill, {applied, without: []}).cluster.policies).toEqual(applied.policies)
    expect(changedCluster(mill, {applied, without: ['mill/wheel']}).cluster.policies).toEqual([applied.policies[1]])
    expect(changedCluster(mill, {without: ['mill/wheel']}).cluster.policies).toEqual([])
  })

  test.each(['wheel', 'policy/wheel', 'policy/mill/wheel', 'mill/policy/wheel'])('%s is one policy to delete', name => {
    const {cluster} = changedCluster(mill, {without: [name]})
    expect(cluster.policies.map(({metadata}) => metadata.name)).not.toContain('wheel')
  })

  test.each(['mill/whell', 'whell'])('has no policy %s to delete', name => {
    expect(() => changedCluster(mill, {without: [name]})).toThrow(`--without ${name}: there is no such policy`)
  })

  test('has the labels of a namespace as kubectl apply leaves them', () => {
    const before = objects({namespaces: [namespace('mill', {team: 'a', zone: 'x', old: 'y'}, {team: 'a', old: 'y'})]})
    const after = changedCluster(before, {
      applied: objects({namespaces: [{metadata: {name: 'mill', labels: {team: 'b'}}}]}),
      without: [],
    })
    expect(labelsOf(after, 'mill')).toEqual({'kubernetes.io/metadata.name': 'mill', zone: 'x', team: 'b'})
    expect(after.problems).toEqual([])
  })

  test('keeps labels of which nobody knows who set them, and says so', () => {
    const before = objects({namespaces: [namespace('mill', {team: 'a', zone: 'x'})]})
    const after = changedCluster(before, {
      applied: objects({namespaces: [{metadata: {name: 'mill', labels: {team: 'b'}}}, {metadata: {name: 'barn'}}]}),
      without: [],
    })
    expect(labelsOf(after, 'mill')).toEqual({'kubernetes.io/metadata.name': 'mill', zone: 'x', team: 'b'})
    expect(after.cluster.namespaces.map(({metadata}) => metadata.name)).toEqual(['mill', 'barn'])
    expect(after.problems.map(({message}) => message)).toEqual([
      'namespace mill keeps labels that the file does not have: zone=x',
    ])
  })
})

describe('what Azure NPM will do with a change', () => {
  const none = {before: [], after: []}
  const changes = (applied: Partial<ClusterObjects>, without: string[] = []) => {
    const diff = compareProbes([nodeOf(mill)], {changed: [nodeOf(objects(applied))], without}, {}, none)
    const text = (list: readonly {source: string; destination: string}[] = []) =>
      list.map(({source, destination}) => `${source} -> ${destination}`)
    return {
      opens: text(diff.opens),
      closes: text(diff.closes),
      withoutEffect: text(diff.withoutEffect),
      problems: diff.problems.map(({message}) => message),
    }
  }
  const ipv6 = [{ipBlock: {cidr: '2001:db8::/32'}}]

  test('is what the policies mean, where it programs them', () => {
    expect(changes({policies: [allow('wheel', 'cart')]})).toEqual({
      opens: ['mill/cart -> mill/wheel'],
      closes: ['mill/sack -> mill/wheel'],
      withoutEffect: [],
      problems: [],
    })
  })

  test('is nothing, where it refuses an update: the version before stays in force', () => {
    const found = changes({policies: [allow('wheel', 'cart', ipv6)]})
    expect(found).toMatchObject({
      opens: [],
      closes: [],
      withoutEffect: ['mill/cart -> mill/wheel', 'mill/sack -> mill/wheel'],
    })
    expect(found.problems).toHaveLength(1)
    expect(found.problems[0]).toContain('Azure NPM refuses the update, and the version before stays in force')
  })

  test('is nothing, where it refuses a new policy: its pods stay open', () => {
    const closed = {metadata: {namespace: 'mill', name: 'sack'}, spec: {podSelector: {}, ingress: [{from: ipv6}]}}
    const {opens, closes, withoutEffect} = changes({policies: [closed]})
    expect([opens, closes]).toEqual([[], []])
    expect(withoutEffect).toContain('external -> mill/sack')
  })

  test('opens what a policy closed that is deleted', () => {
    expect(changes({}, ['mill/wheel'])).toMatchObject({
      opens: ['mill/cart -> mill/wheel', 'external -> mill/wheel'],
      closes: [],
      withoutEffect: [],
    })
  })
})
