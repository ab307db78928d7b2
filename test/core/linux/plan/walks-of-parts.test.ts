import {fc, test} from '@fast-check/vitest'
import {expect} from 'vitest'
import {compile} from '../../../../core/linux/compile/compile.ts'
import {nodeWith} from '../../../../core/linux/plan/node-with.ts'
import {wholePartOf} from '../../../../core/linux/plan/read-part.ts'
import {parseIpv4} from '../../../../core/net/ipv4.ts'
import {allServices} from '../../../../core/packets/services.ts'
import {cluster} from '../../../support/arbitrary-cluster.ts'
import {azureNpm, damage} from '../../../support/linux/arbitrary-node.ts'
import {nodeOfLines} from '../../../support/linux/written-node.ts'
import {linesOf} from '../../../support/node-of.ts'

/** A node with what its sets should hold, and what they do. */
const nodes = fc.tuple(cluster, azureNpm, fc.array(damage, {minLength: 1, maxLength: 3})).map(([objects, options, damages]) => {
  const lines = linesOf(compile(objects, {...options, semantics: 'npm'}))
  return {objects, lines, broken: damages.reduce((each, change) => change(each), lines)}
})

test.prop([nodes], {numRuns: 150})('a walk that takes what is the same from another one judges as one alone', given => {
  const before = nodeOfLines(given.broken).with({cluster: given.objects})
  const {sets} = wholePartOf(nodeOfLines(given.lines))
  const after = nodeWith(before, {...wholePartOf(before), sets})
  const addresses = new Set([...given.objects.pods.map(({status}) => status?.podIP ?? ''), '203.0.113.9'])
  const ends = [...addresses].flatMap(address => parseIpv4(address) ?? [])
  const domain = {senders: ends, receivers: ends, services: [allServices]}
  const first = before.walkSets(domain)
  const [shared, alone] = [after.walkSets(domain, first), after.walkSets(domain)]
  for (const receiver of ends.keys()) {
    first.judge(receiver)
    expect(shared.judge(receiver)).toEqual(alone.judge(receiver))
  }
})
