import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {agreement, type Disagreement, examplePacket} from '../../../core/agreement/agreement.ts'
import type {VerifiedPackets} from '../../../core/agreement/verified-packets.ts'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../../core/kubernetes/objects.ts'
import {policyAddress} from '../../../core/kubernetes/pod-filter.ts'
import {compile} from '../../../core/linux/compile/compile.ts'
import {parseIpv4} from '../../../core/net/ipv4.ts'
import type {Packet} from '../../../core/net/packet.ts'
import type {EndClass} from '../../../core/packets/end-classes.ts'
import {serviceNumber} from '../../../core/packets/services.ts'
import {Evaluator} from '../../../core/policy/evaluate.ts'
import {cluster, packetsOf} from '../../support/arbitrary-cluster.ts'
import {linesOf, type NodeLines} from '../../support/node-of.ts'

const RUNS = Number(process.env['PACKET_SET_RUNS'] ?? 40)

/** A node with these rules and sets. */
async function nodeOf({rules, sets}: NodeLines, objects: ClusterObjects, name: string): Promise<NodeState> {
  const folder = `dump/nodes/${name}`
  const {nodes} = await readDump([
    {name: `${folder}/iptables-save.txt`, folder, text: [`*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n${rules.join('\n')}\n`]},
    {name: `${folder}/ipset-save.txt`, folder, text: [`${sets.join('\n')}\n`]},
  ])
  return (nodes[0] as NodeState).with({cluster: objects})
}

/** Whether a disagreement tells of a packet. */
function tells(
  {from, to, senders, product, receiver}: Disagreement,
  packet: Packet,
  classesAt: VerifiedPackets['classesAt'],
): boolean {
  const number = serviceNumber(packet.protocol, packet.port)
  const [sources, destinations] = [packet.source, packet.destination].map(text => classesAt(parseIpv4(text) ?? 0))
  if (number < from || number > to || !destinations?.includes(receiver)) return false
  return [...senders].some(index => sources?.includes(product.senders[index] as EndClass))
}

/** Packets that nodes forward: none within a pod, and none of a node itself. */
const forwarded = (objects: ClusterObjects): Packet[] => {
  const pods = new Set(objects.pods.map(pod => policyAddress(pod)))
  const own = new Set(objects.pods.filter(({spec}) => spec?.hostNetwork === true).map(({status}) => status?.podIP))
  return [...packetsOf(objects)].filter(
    ({source, destination}) =>
      !own.has(source) && !own.has(destination) && (pods.has(parseIpv4(source)) || pods.has(parseIpv4(destination))),
  )
}

/** What rules and policies say of each packet, and what the comparison of sets tells of it. */
function* told(
  node: NodeState,
  objects: ClusterObjects,
): Generator<{packet: Packet; walked: string; meant: string; told: string[]}> {
  const evaluator = new Evaluator(objects)
  const {packets, disagreements} = agreement(node, objects)
  const found = [...disagreements]
  for (const packet of forwarded(objects))
    yield {
      packet,
      walked: node.walk(packet).verdict,
      meant: evaluator.evaluate(packet).verdict,
      told: found.filter(each => tells(each, packet, packets.classesAt)).map(({effect}) => effect),
    }
}

const EFFECTS: Readonly<Record<string, string[]>> = {
  'accept drop': ['open'],
  'drop accept': ['closed'],
  'accept accept': [],
  'drop drop': [],
}

describe('rules and policies agree on all packets', () => {
  test.prop([cluster, fc.constantFrom('node', 'unknown')], {numRuns: RUNS})(
    'where the rules are made as the API means the policies',
    async (objects, name) => {
      const node = await nodeOf(linesOf(compile(objects, {scheme: 'sha256', semantics: 'kubernetes'})), objects, name)
      expect([...agreement(node, objects).disagreements]).toEqual([])
    },
  )

  test.prop([cluster, fc.constantFrom('node', 'unknown'), fc.array(fc.nat(), {minLength: 1, maxLength: 3}), fc.boolean()], {
    numRuns: RUNS,
  })('but for exactly those that a broken node judges otherwise', async (objects, name, broken, isOfRules) => {
    const lines = linesOf(compile(objects, {scheme: 'sha256', semantics: 'npm'}))
    const without = (all: readonly string[], what: RegExp) => {
      const able = all.filter(line => what.test(line))
      const gone = new Set(broken.map(number => able[number % Math.max(1, able.length)]))
      return all.filter(line => !gone.has(line))
    }
    const left = isOfRules
      ? {rules: without(lines.rules, /^-A AZURE-NPM/), sets: lines.sets}
      : {rules: lines.rules, sets: without(lines.sets, /^add /)}
    const node = await nodeOf(left, objects, name)
    for (const {packet, walked, meant, told: effects} of told(node, objects))
      expect([packet, ...effects]).toEqual([packet, ...(EFFECTS[`${walked} ${meant}`] ?? ['unknown'])])
  })

  test.prop([cluster, fc.nat()], {numRuns: RUNS})(
    'and each that is told has a packet that a walk confirms',
    async (objects, number) => {
      const {rules, sets} = linesOf(compile(objects, {scheme: 'sha256', semantics: 'npm'}))
      const able = sets.filter(line => line.startsWith('add '))
      const node = await nodeOf(
        {rules, sets: sets.filter(line => line !== able[number % Math.max(1, able.length)])},
        objects,
        'node',
      )
      const evaluator = new Evaluator(objects)
      for (const each of agreement(node, objects).disagreements) {
        const packet = examplePacket(each)
        const verdicts: string[] = [node.walk(packet).verdict, evaluator.evaluate(packet).verdict]
        const wanted = {open: 'accept', closed: 'drop', unknown: 'unknown'}[each.effect]
        expect([each.effect, each.effect === 'unknown' ? verdicts.includes(wanted) : verdicts[0] === wanted]).toEqual([
          each.effect,
          true,
        ])
      }
    },
  )
})
