import {describe, expect, test} from 'vitest'
import {walkOfSaved} from '../support/agreement/agree.ts'
import {openBakery, probes} from '../support/kernel/packets/bakery.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {backends} from '../support/kernel/tools.ts'
import {program, variants} from '../support/programs/program.ts'

// The walk goes over FORWARD; what the node itself sends or gets does not pass there.
const forwarded = probes.filter(({text}) => !/\bnode\b/.test(text))

describePackets('the walk over the bakery and real packets agree', () => {
  describe.each(backends)('%s', backend => {
    test.each(variants)('%s', async variant => {
      await using node = await openBakery('', backend)
      const {sets, rules} = program(variant)
      await node.load(sets, rules)
      const walked = await walkOfSaved(node)
      const packets = await node.probe(forwarded.map(({packet}) => packet))
      const bySending = forwarded.map(({text}, index) => `${text}: ${packets[index]}`)
      expect(forwarded.map(({text, packet}) => `${text}: ${walked(packet)}`)).toEqual(bySending)
    })
  })
})
