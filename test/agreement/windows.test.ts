import {fc, test as propertyTest} from '@fast-check/vitest'
import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {diffNode} from '../../core/drift/diff-node.ts'
import {type ClusterObjects, objectKey} from '../../core/kubernetes/objects.ts'
import type {Packet} from '../../core/net/packet.ts'
import {Evaluator} from '../../core/policy/evaluate.ts'
import {verifyNode} from '../../core/verify/verify-node.ts'
import {compile} from '../../core/windows/compile/compile.ts'
import {packetsOf} from '../support/arbitrary-cluster.ts'
import {expressibleCluster, LINUX, mixedCluster, WIN} from '../support/mixed-cluster.ts'
import {nodeOfState, programmedState, windowsNode} from '../support/windows/programmed-node.ts'

/** Azure NPM on Windows refuses many policies. What it programs of the others must be what they mean. */
const someCluster = fc.oneof(mixedCluster, expressibleCluster)
const programmable = (objects: ClusterObjects): ClusterObjects => {
  const {refusals} = compile(objects, {scheme: 'sha256', semantics: 'kubernetes'})
  const refused = new Set(refusals.map(({policy}) => policy))
  return {...objects, policies: objects.policies.filter(policy => !refused.has(objectKey(policy)))}
}

const scheme = fc.constantFrom('fnv32a' as const, 'sha256' as const)
const isOnNeed = fc.boolean()
const nodeAddresses: readonly string[] = [WIN.address, LINUX.address]
const isOfNode = ({source, destination}: Packet) => nodeAddresses.includes(source) || nodeAddresses.includes(destination)

/** Packets that the node judges otherwise than the policies of its own pods mean. Those of nodes are not forwarded. */
function otherwise(node: NodeState, objects: ClusterObjects) {
  const evaluator = new Evaluator(objects, address => node.judges?.(address) === true)
  return [...packetsOf(objects)].flatMap(packet => {
    if (isOfNode(packet)) return []
    const meant = evaluator.evaluate(packet)
    const walked = node.walk(packet).verdict
    return meant.verdict === walked ? [] : [{packet, meant: meant.verdict, because: meant.reason, walked}]
  })
}

/** Holds verify to packets: to those that tell pods apart, of which it misses none, and to its own, which may be of any address. */
function expectNamedDepartures(objects: ClusterObjects): {found: number; told: number} {
  const state = programmedState(objects, WIN.name)
  fc.pre(state.endpoints.length > 0)
  const node = nodeOfState(state, objects, WIN.name)
  const wrong = otherwise(node, objects)
  const {result, counterexamples, undecided} = verifyNode(node, {against: 'policies'}, [])
  if (wrong.length > 0) expect(result).toBe('counterexamples')
  else expect(['counterexamples', 'proven']).toContain(result)
  expect(undecided).toEqual([])
  expect(result === 'counterexamples').toBe(counterexamples.length > 0)
  const evaluator = new Evaluator(objects, address => node.judges?.(address) === true)
  for (const {effect, packet: shown} of counterexamples) {
    if (shown.protocol === 'other') continue
    const ends = {source: shown.source.address, destination: shown.destination.address}
    const packet = {...ends, protocol: shown.protocol, ...(shown.port !== null && {port: shown.port})} as Packet
    const [now, meant] = effect === 'open' ? ['accept', 'drop'] : ['drop', 'accept']
    expect({packet, walked: node.walk(packet).verdict, meant: evaluator.evaluate(packet).verdict}).toEqual({
      packet,
      walked: now,
      meant,
    })
  }
  const causes = counterexamples.map(({cause}) => cause)
  expect(causes.filter(cause => cause.startsWith('node ') || cause.startsWith('the node is as'))).toEqual([])
  expect(
    causes.length === 0 || causes.some(cause => /^(?:Azure NPM on Windows and policy|a known fault of Azure NPM) /.test(cause)),
  ).toBe(true)
  expect(verifyNode(node, {against: 'program'}, []).result).toBe('proven')
  expect(diffNode(node, {isLite: false}, []).causes).toEqual([])
  return {found: wrong.length, told: counterexamples.length}
}

describe('for any cluster, a Windows node as Azure NPM programs it', () => {
  propertyTest.prop([someCluster, scheme, isOnNeed], {numRuns: 150})(
    'judges each packet at its own pods as the policies mean',
    (given, hashing, onNeed) => {
      const objects = programmable(given)
      const state = programmedState(objects, WIN.name, {scheme: hashing, isOnNeed: onNeed})
      fc.pre(state.endpoints.length > 0)
      expect(otherwise(nodeOfState(state, objects, WIN.name), objects)).toEqual([])
    },
  )

  propertyTest.prop([someCluster, scheme, isOnNeed], {numRuns: 150})(
    'is proven against what the policies mean, and against the program',
    (given, hashing, onNeed) => {
      const objects = programmable(given)
      const state = programmedState(objects, WIN.name, {scheme: hashing, isOnNeed: onNeed}, {hasWireServer: true})
      const node = nodeOfState(state, objects, WIN.name)
      fc.pre(state.endpoints.length > 0)
      for (const against of ['policies', 'program'] as const) {
        const {result, counterexamples, undecided, problems} = verifyNode(node, {against}, [])
        expect({against, result, counterexamples, undecided, problems}).toEqual({
          against,
          result: 'proven',
          counterexamples: [],
          undecided: [],
          problems: [],
        })
      }
    },
  )

  propertyTest.prop([mixedCluster], {numRuns: 100})(
    'departs from what the policies mean by nothing but what has a name, and verify tells exactly then',
    objects => void expectNamedDepartures(objects),
  )

  test('an address that only an exception holds, and that no pod has, is told, too', () => {
    const departures = expectNamedDepartures({
      namespaces: [{metadata: {name: 'red', labels: {}}}],
      pods: [
        {metadata: {name: 'pod', namespace: 'red'}, spec: {nodeName: WIN.name}, status: {phase: 'Running', podIP: '10.1.0.1'}},
      ],
      policies: [
        {
          metadata: {name: 'policy', namespace: 'red'},
          spec: {
            podSelector: {},
            ingress: [{from: [{ipBlock: {cidr: '0.0.0.0/0', except: ['10.0.0.0/8']}}, {ipBlock: {cidr: '10.1.0.0/16'}}]}],
          },
        },
      ],
      nodes: [windowsNode(WIN.name, WIN.address)],
    })
    expect(departures).toEqual({found: 0, told: 1})
  })

  test('the clusters are telling: packets pass, are dropped, and meet what Azure NPM does otherwise', () => {
    const seen = {accept: 0, drop: 0, unknown: 0, departing: 0}
    for (const objects of fc.sample(mixedCluster, {numRuns: 100, seed: 20261130})) {
      const all = nodeOfState(programmedState(objects, WIN.name), objects, WIN.name)
      seen.departing += otherwise(all, objects).length
    }
    for (const objects of fc.sample(expressibleCluster, {numRuns: 100, seed: 20261130})) {
      const node = nodeOfState(programmedState(objects, WIN.name), objects, WIN.name)
      for (const packet of packetsOf(objects)) seen[node.walk(packet).verdict]++
    }
    expect(Math.min(seen.drop, seen.accept)).toBeGreaterThan(1000)
    expect(seen.departing).toBeGreaterThan(50)
  })
})
