import {describe, expect, test} from 'vitest'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {type FixtureNode, fixtureNodes} from '../../support/dump-fixture.ts'
import {halvesOf, nodeOf, spread} from '../../support/half-inputs.ts'

const MOST_PODS = 5

function packetsOf({rules, sets}: FixtureNode, cluster: ClusterObjects | undefined): Packet[] {
  const pods = (cluster?.pods ?? []).flatMap(({status}) => status?.podIP ?? []).filter(address => /^[\d.]+$/.test(address))
  const services = [...rules.matchAll(/-A KUBE-SERVICES -d ([\d.]+)\/32/g)].map(([, address = '']) => address)
  const blocks = [...sets.matchAll(/^add \S+ ([\d.]+)\/\d+$/gm)].map(([, address = '']) => address)
  const ends = [...spread(pods, MOST_PODS), ...spread(services, 1), ...spread(blocks, 1), '203.0.113.254']
  const ports = [...new Set([...rules.matchAll(/--dport (\d+)/g)].map(([, port]) => Number(port)))]
  return ends.flatMap(source =>
    ends.flatMap(destination =>
      source === destination
        ? []
        : spread([...ports, 80], 3).map(port => ({source, destination, protocol: 'tcp' as const, port})),
    ),
  )
}

/** Lines broken after so many characters, as a terminal does it. */
const wrapped = (text: string, width: number): string =>
  text
    .split('\n')
    .map(line => line.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\n') ?? '')
    .join('\n')

/** Every so many lines two that have become one. */
const joined = (text: string, every: number): string =>
  text
    .split('\n')
    .map((line, at) => line + (at % every === every - 1 ? ' ' : '\n'))
    .join('')

describe.each(fixtureNodes.map(node => [node.name, node] as const))('of half the input of %s', (_, node) => {
  test.each([true, false])('every verdict is that of all of it, or unknown; with objects: %s', async hasCluster => {
    const whole = await nodeOf(node, node.rules, node.sets, hasCluster)
    const packets = packetsOf(node, (await nodeOf(node, node.rules, node.sets)).cluster)
    const right = packets.map(packet => whole.walk(packet).verdict)
    const wrong: string[] = []
    let known = 0
    for (const {what, rules, sets} of halvesOf(node)) {
      const half = await nodeOf(node, rules, sets, hasCluster)
      for (const [at, packet] of packets.entries()) {
        const {verdict, incomplete = []} = half.walk(packet)
        if (verdict !== 'unknown') known++
        if (verdict !== 'unknown' && verdict !== right[at] && right[at] !== 'unknown')
          wrong.push(`${what}: ${packet.source} -> ${packet.destination} ${packet.port}: ${verdict}, not ${right[at]}`)
        if (verdict === 'unknown' && right[at] !== 'unknown' && incomplete.length === 0)
          wrong.push(`${what}: ${packet.source} -> ${packet.destination} ${packet.port}: unknown, and no part is named`)
      }
    }
    expect(wrong.slice(0, 20)).toEqual([])
    expect(known).toBeGreaterThan(0)
  })

  test('line breaks that were lost or added change no verdict', async () => {
    const whole = await nodeOf(node, node.rules, node.sets)
    const packets = packetsOf(node, whole.cluster)
    const wrong: string[] = []
    for (const {what, rules, sets} of [
      {what: 'wrapped rules', rules: wrapped(node.rules, 80), sets: node.sets},
      {what: 'joined rules', rules: joined(node.rules, 10), sets: node.sets},
      {what: 'wrapped sets', rules: node.rules, sets: wrapped(node.sets, 40)},
      {what: 'joined sets', rules: node.rules, sets: joined(node.sets, 7)},
    ]) {
      const half = await nodeOf(node, rules, sets)
      for (const packet of packets) {
        const [now, right] = [half.walk(packet).verdict, whole.walk(packet).verdict]
        if (now !== 'unknown' && right !== 'unknown' && now !== right) wrong.push(`${what}: ${JSON.stringify(packet)}: ${now}`)
      }
    }
    expect(wrong.slice(0, 20)).toEqual([])
  })
})
