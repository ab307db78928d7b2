import {join} from 'node:path'
import {expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {keptRulesOf} from '../../../agent/live/kept-rules.ts'
import {openLiveReader} from '../../../agent/live/open-live-reader.ts'
import {silentLog} from '../../../agent/log.ts'
import {CountedRules} from '../../../agent/metrics/counted-rules.ts'
import {MetricsPages} from '../../../agent/metrics/metrics-pages.ts'
import {generationOf} from '../../../agent/netlink/generation.ts'
import {documentReaders} from '../../../agent/node/documents.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {describePackets} from '../../support/kernel/packets/describe.ts'
import {openPacketNode} from '../../support/kernel/packets/packet-node.ts'
import {toolsInside} from '../../support/live/inside.ts'
import {shop, shopLines} from '../../support/shop-nodes.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const [web, db, job] = ['10.0.1.1', '10.0.2.1', '10.0.1.9'] as const
const allowed: Packet = {source: web, destination: db, protocol: 'tcp', port: 5432}
const denied: Packet = {source: job, destination: db, protocol: 'tcp', port: 5432}
const times = (count: number, packet: Packet): Packet[] => Array.from({length: count}, () => packet)

/** Scrapes of a node with real packets, and what reads it for those who watch: both in one agent. */
async function openScrapes() {
  await using stack = new AsyncDisposableStack()
  const pods = [
    {name: 'web', ip: web},
    {name: 'db', ip: db},
    {name: 'job', ip: job},
  ]
  const node = stack.use(await openPacketNode({pods, externals: []}))
  await node.load(shopLines.sets.join('\n'), shopLines.rules.join('\n'))
  const folder = stack.use(await temporaryFolder())
  const tools = await toolsInside(node.node)
  const live = openLiveReader({...tools, limits: {...limits, liveShare: 1e6}})
  stack.defer(() => live.stop())
  const {started, ...source} = await toolsInside(node.node)
  const counted = await CountedRules.open({path: join(folder.path, 'counted'), log: silentLog, saveMs: 60_000})
  const generation = async () => {
    using socket = (await tools.netlink())()
    return generationOf(socket)
  }
  const pages = new MetricsPages({
    node: 'n1',
    limits: {...limits, sharedScrapeMs: 0, scrapePauses: 0},
    log: silentLog,
    lite: false,
    comparison: undefined,
    counted,
    kept: keptRulesOf(live, generation),
    cluster: () => shop,
    readers: asked => documentReaders(asked, {...source, version: '', cluster: undefined, limits, npmPort: 1}),
    facts: () => ({version: '', backend: 'nft', knowledge: {state: 'live'}, clients: 0, subscriptions: 0}),
  })
  stack.defer(() => pages.stop())
  const held = stack.move()
  return {
    node,
    live,
    /** What is counted after a scrape, and how often the rules were read by their tool so far. */
    scrape: async () => {
      await pages.page('/node-metrics', false)
      const {totals} = counted
      const of = (verdict: string) =>
        totals?.policies.find(each => each.policy === 'shop/db-from-web' && each.verdict === verdict)?.packets
      const reads = started.filter(tool => tool === 'iptables-nft-save').length
      return {allowed: of('allow'), dropped: of('drop'), all: totals?.node.newConnections, reads}
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

describePackets('a scrape while somebody watches the node', () => {
  test('counts exactly, and does not read rules that are the same', async () => {
    await using scrapes = await openScrapes()
    const {node, live, scrape} = scrapes
    using viewer = live.watch(60_000)
    await viewer.due(new AbortController().signal)
    await node.probe([...times(7, allowed), ...times(5, denied)])
    expect(await scrape()).toEqual({allowed: 7, dropped: 5, all: 12, reads: 1})
    await node.probe([...times(2, allowed), ...times(1, denied)])
    expect(await scrape()).toEqual({allowed: 9, dropped: 6, all: 15, reads: 1})
    expect(await scrape()).toEqual({allowed: 9, dropped: 6, all: 15, reads: 1})
    // Rules of another table are rules of the node, too.
    await node.node.run('iptables-nft', ['-t', 'nat', '-A', 'POSTROUTING', '-j', 'RETURN'])
    await node.probe(times(3, allowed))
    expect(await scrape()).toEqual({allowed: 12, dropped: 6, all: 18, reads: 2})
    await node.node.run('iptables-nft', ['-Z'])
    await node.probe(times(4, allowed))
    expect(await scrape()).toMatchObject({allowed: 16, dropped: 6, all: 22})
    const reads = (await scrape()).reads
    await node.node.run('iptables-nft', ['-A', 'FORWARD', '-s', '192.0.2.1', '-j', 'DROP'])
    await node.probe(times(1, denied))
    expect(await scrape()).toEqual({allowed: 16, dropped: 7, all: 23, reads: reads + 1})
  })

  test('reads all itself while nobody does', async () => {
    await using scrapes = await openScrapes()
    const {node, live, scrape} = scrapes
    await node.probe(times(3, allowed))
    expect(await scrape()).toMatchObject({allowed: 3, reads: 1})
    await node.probe(times(1, allowed))
    expect(await scrape()).toMatchObject({allowed: 4, reads: 2})
    expect(live.isWatched).toBe(false)
  })
})
