import {describe, expect, test} from 'vitest'
import {type FileObjects, mergeObjects} from '../../../core/dump/merge-objects.ts'
import {readClusterObjects} from '../../../core/kubernetes/read-objects.ts'

const pod = (app: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {name: 'wheel', namespace: 'mill', labels: {app}, ...more},
  spec: {containers: []},
})
const policy = (spec: object, more: object = {}) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: {name: 'gate', namespace: 'mill', ...more},
  spec,
})
const of = (file: string, ...items: unknown[]): FileObjects => ({file, objects: readClusterObjects(items).objects})
const appOf = (...files: FileObjects[]) => {
  const {cluster, problems} = mergeObjects(files)
  return {apps: cluster?.pods.map(({metadata}) => metadata.labels?.['app']), codes: problems.map(({code}) => code)}
}

describe('an object that is there twice', () => {
  test.each([
    {what: 'the same', second: pod('a')},
    {
      what: 'the same but for what no answer rests on',
      second: pod('a', {managedFields: [], annotations: {x: 'y'}, resourceVersion: '9'}),
    },
  ])('$what, is one, and nothing is said', ({second}) => {
    expect(appOf(of('1.json', pod('a')), of('2.json', second))).toEqual({apps: ['a'], codes: []})
    expect(appOf(of('1.json', pod('a'), second))).toEqual({apps: ['a'], codes: []})
  })

  test.each([
    {what: 'in the first file', files: [of('1', pod('a')), of('2', pod('b'))], app: 'a'},
    {what: 'later in a file', files: [of('1', pod('a'), pod('b'))], app: 'b'},
    {
      what: 'of the newer version',
      files: [of('1', pod('a', {resourceVersion: '99'})), of('2', pod('b', {resourceVersion: '100'}))],
      app: 'b',
    },
    {
      what: 'of the newer version in one file',
      files: [of('1', pod('a', {resourceVersion: '100'}), pod('b', {resourceVersion: '99'}))],
      app: 'a',
    },
  ])('and not the same: the one $what counts, and that is said', ({files, app}) => {
    expect(appOf(...files)).toEqual({apps: [app], codes: ['DUPLICATE_OBJECT']})
  })

  test('is said with both files and the one that counts', () => {
    const [problem] = mergeObjects([of('1.json', pod('a')), of('2.json', pod('b'))]).problems
    expect(problem?.message).toBe(
      'Pod mill/wheel is there twice, and not the same: in 1.json and 2.json; that of 1.json counts, its file is the first one',
    )
    expect(problem?.next).toContain('To ask what the other one would do, give its file first.')
  })

  test('a policy with and without the defaults of the API server is the same, also of an older version', () => {
    const short = policy({ingress: [{ports: [{port: 80}]}]})
    const long = policy({podSelector: {}, policyTypes: ['Ingress'], ingress: [{ports: [{protocol: 'TCP', port: 80}]}]})
    const {cluster, problems} = mergeObjects([
      of('1', short),
      of('2', long),
      of('3', {...long, apiVersion: 'extensions/v1beta1'}),
    ])
    expect(cluster?.policies).toHaveLength(1)
    expect(problems).toEqual([])
    expect(mergeObjects([of('1', short), of('2', policy({ingress: []}))]).problems).toHaveLength(1)
  })
})

test('a workload that is there twice makes its pods once', () => {
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name: 'wheel', namespace: 'mill'},
    spec: {replicas: 1, selector: {matchLabels: {app: 'a'}}, template: {metadata: {labels: {app: 'a'}}, spec: {containers: []}}},
  }
  expect(mergeObjects([of('1', deployment), of('2', deployment)]).cluster?.workloads).toHaveLength(1)
})

test('what was deleted in events of a watch is not there', () => {
  const events = [
    {type: 'ADDED', object: pod('a')},
    {type: 'MODIFIED', object: pod('b')},
    {type: 'BOOKMARK', object: {apiVersion: 'v1', kind: 'Pod', metadata: {resourceVersion: '7'}}},
    {type: 'DELETED', object: pod('b')},
  ]
  expect(readClusterObjects(events)).toMatchObject({objects: {pods: []}, problems: []})
  expect(appOf(of('1', ...events, {type: 'ADDED', object: pod('c')}))).toEqual({apps: ['c'], codes: []})
})
