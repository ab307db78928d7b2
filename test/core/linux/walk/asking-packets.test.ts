import {test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {parseIpv4} from '../../../../core/net/ipv4.ts'
import type {JudgedPackets} from '../../../../core/packets/packet-domain.ts'
import {allServices} from '../../../../core/packets/services.ts'
import {movedNode, SERVICE} from '../../../support/linux/moved-node.ts'

/** What is judged of the packets of one sender: services by verdict and way, wherever they were divided. */
function ofSender(judged: readonly JudgedPackets[], sender: number): unknown {
  const own = judged.filter(({senders}) => senders.has(sender)).toSorted((a, b) => a.from - b.from)
  const byWay = Map.groupBy(own, ({verdict, translated}) => JSON.stringify([verdict, translated]))
  return new Map(
    [...byWay].map(([way, parts]) => {
      const joined: [number, number][] = []
      for (const {from, to} of parts) {
        const last = joined.at(-1)
        if (last?.[1] === from - 1) last[1] = to
        else joined.push([from, to])
      }
      return [way, joined]
    }),
  )
}

test.prop([movedNode], {numRuns: 300})('packets that meet no rule which asks a changed set are judged as before', given => {
  const ends = [...given.pods, '203.0.113.9', SERVICE].flatMap(address => parseIpv4(address) ?? [])
  const domain = {senders: ends, receivers: ends, services: [allServices]}
  const then = given.before.walkSets(domain)
  const now = given.after.walkSets(domain, then)
  const {rules, sentOn} = now.asking?.() ?? expect.fail('it is not known')
  for (const receiver of ends.keys()) {
    const [was, is] = [then.judge(receiver), now.judge(receiver)]
    const isMet = (sender: number) =>
      rules.some(({senders, receivers}) => senders.has(sender) && (receivers.has(receiver) || sentOn.has(receiver)))
    for (const sender of ends.keys()) if (!isMet(sender)) expect(ofSender(is, sender)).toEqual(ofSender(was, sender))
  }
})
