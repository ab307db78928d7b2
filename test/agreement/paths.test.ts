import {describe, expect, test} from 'vitest'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {readDump} from '../../core/dump/read-dump.ts'
import {emptyCluster} from '../../core/kubernetes/objects.ts'
import {type PathCase, pathCases} from '../support/agreement/path-cases.ts'
import {loadRules, saveRules} from '../support/kernel/load.ts'
import {describePackets} from '../support/kernel/packets/describe.ts'
import {openPacketNode, type PacketNode} from '../support/kernel/packets/packet-node.ts'
import {parseProbe} from '../support/kernel/packets/probe-line.ts'
import {type Backend, backends} from '../support/kernel/tools.ts'

/*
 * Where packets go that meet more than FORWARD: what the real kernel does with rules, and what a walk over its saves says.
 */

const pods = [
  {name: 'web', ip: '10.60.0.1'},
  {name: 'one', ip: '10.60.0.2'},
  {name: 'two', ip: '10.60.0.3'},
]
const outside = '203.0.113.9'
const nodeAddress = '10.77.0.1'
const addresses = new Map([...pods.map(({name, ip}) => [name, ip] as const), ['world', outside], ['node', nodeAddress]])
const nameOf = new Map([...addresses, ['node', '127.0.0.1'] as const].map(([name, address]) => [address, name]))

const open = (backend: Backend): Promise<PacketNode> =>
  openPacketNode({pods, externals: [outside], nodeAddress, backend, base: ''})

/** What a case's lines say, without their ends. */
const probesOf = ({expected}: PathCase) =>
  expected.map(line => parseProbe(`${line.slice(0, line.lastIndexOf(':'))}: accept`, addresses))

/** Where each packet comes out, and from whom the receiver takes it to be. */
async function sent(node: PacketNode, each: PathCase): Promise<string[]> {
  const lines: string[] = []
  for (const {text, packet} of probesOf(each)) {
    const [place] = await node.arrivals([packet])
    const source = place === undefined ? '' : await translatedSource(node)
    lines.push(`${text}: ${place === undefined ? 'dropped' : `${place === 'outside' ? 'world' : place}${source}`}`)
  }
  return lines
}

/** The only connection of the node: its answers go to whom the receiver sees. */
async function translatedSource(node: PacketNode): Promise<string> {
  const {stdout} = await node.node.run('conntrack', ['--dump'])
  const [line = ''] = stdout.split('\n').filter(each => !each.includes('unknown'))
  const [source, answersTo] = [/src=(\S+)/.exec(line)?.[1], /src=\S+ dst=\S+ .*src=\S+ dst=(\S+)/.exec(line)?.[1]]
  return source === undefined || source === answersTo ? '' : ` from ${nameOf.get(answersTo ?? '') ?? answersTo}`
}

async function opened(node: PacketNode, each: PathCase): Promise<NodeState> {
  const texts = [await saveRules(node.node, node.backend)]
  if (each.beside !== undefined) texts.push(await saveRules(node.node, other(node.backend)))
  const files = texts.map((text, index) => ({name: `save-${index}`, folder: '', text: [text], kind: 'iptables-save' as const}))
  const sets = {name: 'sets', folder: '', text: [each.sets ?? ''], kind: 'ipset-save' as const}
  const {nodes} = await readDump(each.sets === undefined ? files : [...files, sets])
  const [read] = nodes
  if (!read) throw new Error('the saved rules were not recognised')
  const status = {addresses: [{type: 'InternalIP', address: nodeAddress}]}
  return read.with({node: 'n1', cluster: {...emptyCluster(), nodes: [{metadata: {name: 'n1'}, status}]}})
}

const other = (backend: Backend): Backend => (backend === 'nft' ? 'legacy' : 'nft')

function walked(state: NodeState, each: PathCase): string[] {
  return probesOf(each).map(({text, packet}) => {
    const {verdict, translated} = state.walk(packet)
    if (verdict !== 'accept') return `${text}: ${verdict === 'drop' ? 'dropped' : verdict}`
    const place = nameOf.get(translated?.destination ?? packet.destination) ?? 'world'
    const source = translated?.source
    return `${text}: ${place}${source === undefined ? '' : ` from ${nameOf.get(source ?? '') ?? source}`}`
  })
}

describePackets('ways through the hooks, walked and by packets', () => {
  describe.each(backends)('%s', backend => {
    test.each(pathCases)('$name', async each => {
      await using node = await open(backend)
      await node.load(each.sets ?? '', each.rules)
      if (each.beside !== undefined) await loadRules(node.node, other(backend), each.beside)
      expect(await sent(node, each)).toEqual(each.expected)
      expect(walked(await opened(node, each), each)).toEqual(each.walked ?? each.expected)
    })
  })
})
