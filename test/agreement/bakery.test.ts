import {describe, expect, test} from 'vitest'
import {walkOfSaved} from '../support/agreement/agree.ts'
import {nodeAddress, openBakery, packets, probes} from '../support/kernel/packets/bakery.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {backends} from '../support/kernel/tools.ts'
import {program, variants} from '../support/programs/program.ts'

describePackets('the walk over the bakery and real packets agree', () => {
  describe.each(backends)('%s', backend => {
    test.each(variants)('%s', async variant => {
      await using node = await openBakery('', backend)
      const {sets, rules} = program(variant)
      await node.load(sets, rules)
      const walked = await walkOfSaved(node, nodeAddress)
      const sent = await node.probe(packets)
      const bySending = probes.map(({text}, index) => `${text}: ${sent[index]}`)
      expect(probes.map(({text, packet}) => `${text}: ${walked(packet)}`)).toEqual(bySending)
    })
  })
})
