import {fc} from '@fast-check/vitest'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {verifyNode} from '../../core/verify/verify-node.ts'
import {breakage, breakNode} from '../support/agreement/breakages.ts'
import {
  type Claim,
  contradictions,
  diffClaims,
  forwardedPackets,
  isOtherwise,
  loadProgram,
  matrixClaims,
  NODE,
  readBack,
  SERVICE,
  sendEach,
  textOf,
  traceClaims,
  verifyClaims,
} from '../support/agreement/verified-node.ts'
import {cluster} from '../support/arbitrary-cluster.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {kubeProxyRules} from '../support/kernel/packets/kube-proxy.ts'
import {openPacketNode, type PacketNode} from '../support/kernel/packets/packet-node.ts'
import {backends} from '../support/kernel/tools.ts'

/*
 * Random clusters on a real kernel. Where verify calls the node proven, real packets of all kinds are judged as the policies say;
 * where the node is broken, exactly the packets are told that real ones show, and all verbs say the same of them. As many nodes are
 * tried, on each back end, as VERIFIED_NODES says.
 */

const NODES = Number(process.env['VERIFIED_NODES'] ?? 12)

const broken = fc.record({
  // Of few policies little can break.
  programmed: cluster.filter(({policies}) => policies.length > 2),
  /** A policy that was deleted and is left over, or one that was added and is not programmed. */
  lost: fc.constantFrom('nothing', 'left over', 'missing'),
  breakages: fc.array(breakage, {minLength: 1, maxLength: 2}),
})

const without = (objects: ClusterObjects): ClusterObjects => ({...objects, policies: objects.policies.slice(1)})

describePackets('what verify, diff, trace and matrix say of a node is what real packets meet', () => {
  describe.each(backends)('%s', backend => {
    let node: PacketNode
    const scheme = backend === 'nft' ? 'sha256' : 'fnv32a'

    beforeAll(async () => {
      node = await openPacketNode({
        pods: [0, 1, 2, 3, 4, 5].map(index => ({name: `pod-${index}`, ip: `10.1.0.${index + 1}`})),
        externals: 'any',
        nodeAddress: NODE.address,
        backend,
        base: kubeProxyRules([SERVICE]),
      })
    })

    afterAll(() => node[Symbol.asyncDispose]())

    /** What somebody says of packets and real ones do not confirm. */
    async function refuted(claims: readonly Claim[]): Promise<string[]> {
      const real = await sendEach(
        node,
        claims.map(({packet}) => packet),
      )
      return claims.flatMap(({by, packet, verdict}, index) =>
        verdict === real[index] ? [] : [`${by}: ${textOf(packet)} ${verdict}, packet ${real[index]}`],
      )
    }

    test.each(['policies', 'program'] as const)(`${NODES} nodes that verify proves against the %s`, async against => {
      const seen = {accept: 0, drop: 0, unknown: 0}
      for (const objects of fc.sample(cluster, {numRuns: NODES, seed: 20261201})) {
        await loadProgram(node, objects, {scheme, semantics: against === 'policies' ? 'kubernetes' : 'npm'})
        const state = await readBack(node, objects)
        const {result, undecided, counterexamples} = verifyNode(state, {against}, [])
        expect({result, undecided, counterexamples}).toEqual({result: 'proven', undecided: [], counterexamples: []})
        const packets = forwardedPackets(objects)
        const real = await sendEach(node, packets)
        for (const verdict of real) seen[verdict]++
        expect(contradictions(state, packets, real)).toEqual([])
      }
      expect(Math.min(seen.accept, seen.drop)).toBeGreaterThan(NODES * 20)
    })

    test(`${NODES} broken nodes`, async () => {
      let told = 0
      for (const {programmed, lost, breakages} of fc.sample(broken, {numRuns: NODES, seed: 20261202})) {
        const [loaded, asked] = lost === 'missing' ? [without(programmed), programmed] : [programmed, programmed]
        const objects = lost === 'left over' ? without(programmed) : asked
        await loadProgram(node, loaded, {scheme, semantics: 'npm'})
        await breakNode(node, breakages)
        const state = await readBack(node, objects)
        const packets = forwardedPackets(objects)
        const real = await sendEach(node, packets)
        const where = JSON.stringify({lost, breakages, objects})
        expect(contradictions(state, packets, real), where).toEqual([])
        const [byPolicies, byProgram] = (['policies', 'program'] as const).map(against => verifyNode(state, {against}, []))
        const diff = diffClaims(state)
        if (isOtherwise(state, packets, real))
          expect({clean: diff.clean, result: byPolicies?.result}, where).toEqual({clean: false, result: 'counterexamples'})
        const claims = [...[byPolicies, byProgram].flatMap(each => (each ? verifyClaims(each) : [])), ...diff.claims]
        told += claims.length
        expect(await refuted([...claims, ...traceClaims(state, claims), ...matrixClaims(state)]), where).toEqual([])
      }
      expect(told).toBeGreaterThan(NODES)
    })
  })
})
