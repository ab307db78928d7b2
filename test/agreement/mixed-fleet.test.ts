import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {objectKey} from '../../core/kubernetes/objects.ts'
import {hasPolicyAddress} from '../../core/kubernetes/pod-filter.ts'
import {Evaluator} from '../../core/policy/evaluate.ts'
import {tracePacket} from '../../core/trace/trace-packet.ts'
import {verifyEach} from '../../core/verify/verify-node.ts'
import {expressibleCluster, LINUX, WIN} from '../support/mixed-cluster.ts'
import {mixedNodes} from '../support/mixed-nodes.ts'

const NAMES = {linux: LINUX.name, windows: WIN.name}

/** Objects of one namespace would be taken for those of one alone. */
const cluster = expressibleCluster.filter(
  ({policies, pods}) => policies.length > 0 && new Set(pods.map(({metadata}) => metadata.namespace)).size > 1,
)

describe('a cluster with nodes of both systems, as Azure NPM programs them', () => {
  propertyTest.prop([cluster], {numRuns: 60})(
    'is walked over both nodes: each packet between pods is judged as the policies mean',
    async objects => {
      const nodes = await mixedNodes(objects, NAMES, {semantics: 'kubernetes'})
      const pods = objects.pods.filter(hasPolicyAddress)
      fc.pre(pods.some(({spec}) => spec?.nodeName === WIN.name))
      expect(nodes.map(({dataPlane, node}) => `${node} ${dataPlane.name}`).toSorted()).toEqual(['linux linux', 'win windows'])
      const evaluator = new Evaluator(objects)
      const wrong: string[] = []
      for (const from of pods)
        for (const to of pods) {
          if (from === to) continue
          const [source, destination] = [objectKey(from), objectKey(to)]
          for (const port of ['80', '9999']) {
            const {verdict, disagreements, trail} = tracePacket(nodes, {source, destination, protocol: 'tcp', port}, [])
            const meant = evaluator.evaluate(
              {
                source: from.status?.podIP ?? '',
                destination: to.status?.podIP ?? '',
                protocol: 'tcp',
                port: Number(port),
              },
              {source: from, destination: to},
            )
            if (verdict !== meant.verdict || disagreements.length > 0)
              wrong.push(`${source} to ${destination} ${port}: ${verdict}, meant ${meant.verdict}; ${disagreements.join()}`)
            // Both nodes of an allowed packet are walked.
            const passed = new Set([from.spec?.nodeName, to.spec?.nodeName])
            const walked = new Set(trail.map(({node}) => node))
            if (verdict === 'accept' && passed.has(WIN.name) && !walked.has(WIN.name))
              wrong.push('the Windows node was not walked')
          }
        }
      expect(wrong).toEqual([])
      const {items, failures} = verifyEach(nodes, {against: 'policies'})
      const {result, undecided, incomplete} = items.find(({node}) => node === WIN.name) ?? {}
      expect({result, undecided, incomplete, failures}).toEqual({result: 'proven', undecided: [], incomplete: [], failures: []})
    },
  )
})
