import {afterAll, beforeAll, expect, test} from 'vitest'
import type {Semantics} from '../../../core/policy/program.ts'
import {loadCases} from '../cases/load.ts'
import {describePackets} from '../kernel/packets/describe.ts'
import {openPacketNode, type PacketNode} from '../kernel/packets/packet-node.ts'
import {backends} from '../kernel/tools.ts'
import {disagreements, externalsOf, podsOf} from './agree.ts'

/**
 * One test for each case. Both back ends take turns, the other way round for the other meaning, so that every case meets
 * both; the legacy one takes the legacy names.
 */
export function describeAgreement(semantics: Semantics): void {
  const cases = loadCases()

  describePackets(`${semantics} programs, their walk and real packets agree`, () => {
    const nodes: PacketNode[] = []

    beforeAll(async () => {
      const options = {pods: podsOf(cases), externals: externalsOf(cases)}
      for (const backend of backends) nodes.push(await openPacketNode({...options, backend}))
    })

    afterAll(async () => {
      for (const node of nodes) await node[Symbol.asyncDispose]()
    })

    for (const [index, each] of cases.entries()) {
      if (!each.semantics.includes(semantics)) continue
      test(each.name, async () => {
        const node = nodes[(index + (semantics === 'npm' ? 0 : 1)) % nodes.length]
        if (!node) throw new Error('no node')
        for (const step of each.steps)
          expect(await disagreements(node, each, step, semantics), `${each.name} (${node.backend}) ${step.after}`).toEqual([])
      })
    }
  })
}
