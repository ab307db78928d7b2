import {test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import {linux} from '../../../core/dataplanes.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {foretell} from '../../../core/matrix/foretell.ts'
import {alikeEnds, groupedMatrix} from '../../../core/matrix/groups.ts'
import {Matrix, matrixEnds} from '../../../core/matrix/matrix.ts'
import {namedPorts} from '../../../core/matrix/ports.ts'
import {cluster} from '../../support/arbitrary-cluster.ts'

const outside = {name: 'external', address: '203.0.113.254'}

function matrixOf(objects: ClusterObjects): Matrix {
  const {node, usedSets} = foretell(objects, linux, {scheme: 'sha256', semantics: 'npm'})
  return new Matrix({
    ends: matrixEnds(objects.pods, outside),
    ports: namedPorts([objects]),
    nodes: [node],
    usedSets,
    cluster: objects,
  })
}

describe('ends that behave alike', () => {
  test.prop([cluster], {numRuns: 150})('are each in one group, and a group does what each of its ends does', objects => {
    const matrix = matrixOf(objects)
    const groups = alikeEnds(matrix)
    expect(groups.flat().toSorted((a, b) => a - b)).toEqual([...matrix.ends.keys()])
    const {names, probes} = groupedMatrix(matrix, groups)
    const grouped = new Map(
      [...probes].map(({source, destination, protocol, port, ...cell}) => [
        `${source} ${destination} ${protocol}/${port}`,
        JSON.stringify(cell),
      ]),
    )
    const nameOf = (end: number) => names[groups.findIndex(group => group.includes(end))]
    const wrong: string[] = []
    for (const from of matrix.ends.keys())
      for (const to of matrix.ends.keys())
        for (const [index, {protocol, port}] of matrix.ports.entries()) {
          const key = `${nameOf(from)} ${nameOf(to)} ${protocol}/${port}`
          if (from !== to && grouped.get(key) !== JSON.stringify(matrix.cell(from, to, index))) wrong.push(key)
        }
    expect(wrong).toEqual([])
  })

  const pod = (namespace: string, name: string, podIP: string, labels: Record<string, string>) => ({
    metadata: {namespace, name, labels},
    spec: {},
    status: {phase: 'Running', podIP},
  })
  const mill = (policies: ClusterObjects['policies']): ClusterObjects => ({
    namespaces: [{metadata: {name: 'mill', labels: {'kubernetes.io/metadata.name': 'mill'}}}],
    pods: [
      ...[0, 1, 2].map(index =>
        pod('mill', `wheel-${index}`, `10.0.0.${index + 1}`, {
          app: 'wheel',
          'statefulset.kubernetes.io/pod-name': `wheel-${index}`,
        }),
      ),
      pod('mill', 'sack', '10.0.0.9', {app: 'sack'}),
    ],
    policies,
    nodes: [],
  })
  const onlyFrom = (labels: Record<string, string>) => ({
    metadata: {namespace: 'mill', name: 'wheel'},
    spec: {podSelector: {matchLabels: {app: 'wheel'}}, ingress: [{from: [{podSelector: {matchLabels: labels}}]}]},
  })

  plainTest('are the pods of one workload, though each has a label of its own', () => {
    const {names, probes} = groupedMatrix(matrixOf(mill([onlyFrom({app: 'sack'})])))
    expect(names).toEqual(['mill/sack', 'mill/wheel-0 and 2 more', 'external'])
    const itself = [...probes].filter(({source, destination}) => source === destination)
    expect(itself.map(({source, verdict}) => `${source} ${verdict}`)).toEqual(['mill/wheel-0 and 2 more drop'])
  })

  plainTest('are not pods that a policy tells apart', () => {
    const {names} = groupedMatrix(matrixOf(mill([onlyFrom({'statefulset.kubernetes.io/pod-name': 'wheel-1'})])))
    expect(names).toEqual(['mill/sack', 'mill/wheel-0 and 1 more', 'mill/wheel-1', 'external'])
  })

  plainTest('are all pods where there is no policy, and never a pod and the outside', () => {
    expect(groupedMatrix(matrixOf(mill([]))).names).toEqual(['mill/sack and 3 more', 'external'])
  })
})
