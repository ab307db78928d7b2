import {fc, test} from '@fast-check/vitest'
import {describe, expect, test as plainTest} from 'vitest'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {compareNode} from '../../core/drift/compare-node.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {matrixEnds, probes} from '../../core/matrix/matrix.ts'
import type {Packet} from '../../core/net/packet.ts'
import {verifyNode} from '../../core/verify/verify-node.ts'
import {packetsOf} from '../support/arbitrary-cluster.ts'
import {expressibleCluster, LINUX, WIN} from '../support/mixed-cluster.ts'
import {type Mutation, mutation, mutations} from '../support/windows/mutations.ts'
import {nodeOfState, programmedState} from '../support/windows/programmed-node.ts'

/*
 * A Windows node with one thing wrong. What differs must be found by diff, with what it does, and verify must tell packets exactly when there are
 * such that are judged otherwise.
 */

const isOfNode = ({source, destination}: Packet) =>
  [source, destination].some(end => end === WIN.address || end === LINUX.address)

/** Packets that a broken node judges otherwise than the healthy one. */
function changed(broken: NodeState, healthy: NodeState, cluster: ClusterObjects) {
  const found = {opens: 0, closes: 0, unknown: 0}
  for (const packet of packetsOf(cluster)) {
    if (isOfNode(packet)) continue
    const [now, asked] = [broken.walk(packet).verdict, healthy.walk(packet).verdict]
    if (now === asked) continue
    if (now === 'unknown') found.unknown++
    else if (now === 'accept') found.opens++
    else found.closes++
  }
  return found
}

const packetOfText = (text: string): Packet => {
  const [source = '', , destination = '', service = ''] = text.split(' ')
  const [protocol = '', port] = service.split('/')
  return {source, destination, protocol: protocol as Packet['protocol'], ...(port !== undefined && {port: Number(port)})}
}

/** What is wrong with what is told of a broken node, in words. */
function complaints(cluster: ClusterObjects, broken: NodeState, healthy: NodeState, {isDifferent}: Mutation): string[] {
  const wrong: string[] = []
  const truth = changed(broken, healthy, cluster)
  const drift = compareNode(cluster, broken)
  const isTold = drift.causes.length + drift.incomplete.length > 0
  if (isDifferent !== 'if it shows' && isDifferent !== isTold)
    wrong.push(`diff ${isTold ? 'tells of' : 'overlooks'} a difference`)
  for (const {opens, closes, text} of drift.causes)
    for (const [packets, now] of [
      [opens, 'accept'],
      [closes, 'drop'],
    ] as const)
      for (const {packet: shown} of packets) {
        const packet = packetOfText(shown)
        if (broken.walk(packet).verdict !== now || healthy.walk(packet).verdict === now)
          wrong.push(`diff shows ${shown} for ${text}`)
      }
  const shown = {
    opens: drift.causes.some(({opens}) => opens.length > 0),
    closes: drift.causes.some(({closes}) => closes.length > 0),
  }
  if (truth.opens > 0 && !shown.opens) wrong.push('diff does not show what opens')
  if (truth.closes > 0 && !shown.closes) wrong.push('diff does not show what closes')
  const ends = matrixEnds(cluster.pods, {name: 'external', address: '203.0.113.254'})
  const addresses = new Map(ends.map(({name, address}) => [name, address]))
  const ports = [{protocol: 'tcp', port: 80}] as const
  for (const {source, destination, port, verdict} of probes({ends, ports, nodes: [broken], cluster})) {
    const [from = '', to = ''] = [addresses.get(source), addresses.get(destination)]
    const walked = broken.walk({source: from, destination: to, protocol: 'tcp', port}).verdict
    if (verdict !== walked) wrong.push(`matrix says ${verdict} of ${from} to ${to}, which is ${walked}`)
  }
  const {result, counterexamples} = verifyNode(broken, {against: 'program'}, [])
  if (truth.opens + truth.closes > 0 && result !== 'counterexamples') wrong.push(`verify says ${result}`)
  if (truth.unknown > 0 && result === 'proven') wrong.push('verify proves what is not known')
  for (const {
    effect,
    packet: {source, destination, protocol, port},
  } of counterexamples) {
    const packet = {source: source.address, destination: destination.address, protocol, ...(port !== null && {port})} as Packet
    const now = effect === 'open' ? 'accept' : 'drop'
    if (protocol !== 'other' && (broken.walk(packet).verdict !== now || healthy.walk(packet).verdict === now))
      wrong.push(`verify tells ${JSON.stringify(packet)}`)
  }
  return wrong
}

const cluster = expressibleCluster.filter(({policies}) => policies.length > 1)

describe('a Windows node with one thing wrong', () => {
  test.prop([cluster, mutation], {numRuns: 150})('is found by diff and verify, with its effect', (objects, change) => {
    const state = programmedState(objects, WIN.name, {}, {hasWireServer: true})
    const healthy = nodeOfState(programmedState(objects, WIN.name, {}, {hasWireServer: true}), objects, WIN.name)
    fc.pre(state.endpoints.length > 0)
    const done = change(state)
    fc.pre(done !== undefined)
    expect({what: done.what, wrong: complaints(objects, nodeOfState(state, objects, WIN.name), healthy, done)}).toEqual({
      what: done.what,
      wrong: [],
    })
  })

  plainTest.each(Object.keys(mutations))('%s changes verdicts of some', name => {
    const change = mutations[name as keyof typeof mutations]
    const [done, effective] = [[] as string[], [] as string[]]
    for (const objects of fc.sample(cluster, {numRuns: 60, seed: 20261130}))
      for (const pick of [1, 2, 3, 5, 9]) {
        if (effective.length > 2) break
        const [state, healthy] = [0, 1].map(() => programmedState(objects, WIN.name))
        const mutated = state && change(state, pick)
        if (!state || !healthy || !mutated) continue
        done.push(mutated.what)
        const {opens, closes, unknown} = changed(
          nodeOfState(state, objects, WIN.name),
          nodeOfState(healthy, objects, WIN.name),
          objects,
        )
        if (opens + closes + unknown > 0) effective.push(mutated.what)
      }
    expect(done).not.toEqual([])
    if (name.startsWith('unseen')) expect(effective).toEqual([])
    else expect(effective).not.toEqual([])
  })
})
