import {createHash} from 'node:crypto'
import {expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import type {KernelTools} from '../../../agent/live/kernel-counters.ts'
import {openLiveReader} from '../../../agent/live/open-live-reader.ts'
import {samples} from '../../../agent/live/samples.ts'
import type {LiveSample} from '../../../core/contract/live.ts'
import {API_VERSION} from '../../../core/contract/version.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {readRuleCounters} from '../../../core/linux/counters/read-counters.ts'
import {Increments, ruleOwners, type SavedIncrements} from '../../../core/live/increments.ts'
import {liveNode} from '../../../core/live/live-node.ts'
import {emptyView, type LiveView, reduceLive} from '../../../core/live/live-view.ts'
import {policyFigures} from '../../../core/live/policy-figures.ts'
import type {Packet} from '../../../core/net/packet.ts'
import {describePackets} from '../../support/kernel/packets/describe.ts'
import {openPacketNode, type PacketNode} from '../../support/kernel/packets/packet-node.ts'
import {toolsInside} from '../../support/live/inside.ts'
import {shop, shopLines} from '../../support/shop-nodes.ts'

const [web, db, job] = ['10.0.1.1', '10.0.2.1', '10.0.1.9'] as const
const {sets, rules} = shopLines
const times = (count: number, packet: Packet): Packet[] => Array.from({length: count}, () => packet)
const allowed: Packet = {source: web, destination: db, protocol: 'tcp', port: 5432}
const denied: Packet = {source: job, destination: db, protocol: 'tcp', port: 5432}
const unjudged: Packet = {source: db, destination: job, protocol: 'tcp', port: 80}
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A reader of the node's counters, as an agent in its network namespace has it, and the view of who watches. */
class Watched {
  readonly node: PacketNode
  view: LiveView = emptyView
  private readonly ending = new AbortController()
  private readonly reader
  private readonly stream

  private constructor(node: PacketNode, tools: KernelTools) {
    this.node = node
    this.reader = openLiveReader({...tools, limits: {...limits, liveSetsMs: 0, liveShare: 1}})
    this.stream = samples(this.reader, {intervalMs: 200, detail: 'rules'}, this.ending.signal)
  }

  static async open(node: PacketNode): Promise<Watched> {
    return new Watched(node, await toolsInside(node.node, node.backend))
  }

  async look(): Promise<void> {
    const {value} = await this.stream.next()
    if (!value) throw new Error('no sample')
    const sample: LiveSample = {apiVersion: API_VERSION, kind: 'LiveSample', node: 'n1', ...value}
    if (this.view.nodes.get('n1')?.live?.structure !== sample.structure) {
      const saved = await this.node.save()
      const [state] = (
        await readDump([
          {name: 'iptables-save.txt', folder: 'n1', text: [saved.rules]},
          {name: 'ipset-save.txt', folder: 'n1', text: [saved.sets]},
        ])
      ).nodes
      if (!state) throw new Error('no node')
      this.view = reduceLive(this.view, liveNode(state.with({node: 'n1', cluster: shop}), {at: sample.at, sha256}))
    }
    this.view = reduceLive(this.view, sample)
  }

  /** Looks until all packets are counted that were sent before. */
  async figures() {
    // One may wait that was read before they were sent, and another read may have begun.
    for (let looks = 0; looks < 3; looks++) await this.look()
    const view = this.view.nodes.get('n1')
    const policy = view?.live?.policies.find(each => each.policy === 'shop/db-from-web' && each.direction === 'Ingress')
    if (!view?.sample || !policy) throw new Error('nothing is known')
    const {newConnections, drops} = policyFigures(view, policy)
    const {summary} = view.sample
    return {newConnections, drops, node: {newConnections: summary.newConnections, drops: summary.drops}}
  }

  stop(): void {
    this.ending.abort()
    this.reader.stop()
  }
}

/** What a metrics endpoint adds up of what the kernel has now. */
async function addUp(node: PacketNode, watched: Watched, saved?: SavedIncrements) {
  const increments = new Increments(saved)
  const live = watched.view.nodes.get('n1')?.live
  const {rules} = await node.save()
  increments.add(readRuleCounters([rules]), live ? ruleOwners(live) : () => undefined, 0)
  const of = (verdict: string) =>
    increments.totals().find(each => each.policy === 'shop/db-from-web' && each.verdict === verdict)?.packets
  return {
    allowed: of('allow'),
    dropped: of('drop'),
    node: increments.node,
    state: JSON.parse(JSON.stringify(increments.save())) as SavedIncrements,
  }
}

describePackets('a known number of connections', () => {
  test.each(['nft', 'legacy'] as const)(
    '%s: is what rules, policy and node count, across a policy written again, counters reset and a restart',
    async backend => {
      await using node = await openPacketNode({
        pods: [
          {name: 'web', ip: web},
          {name: 'db', ip: db},
          {name: 'job', ip: job},
        ],
        externals: [],
        backend,
      })
      await node.load(sets.join('\n'), `${rules.join('\n')}\n`)
      const watched = await Watched.open(node)
      try {
        expect(await watched.figures()).toEqual({newConnections: 0, drops: 0, node: {newConnections: 0, drops: 0}})

        await node.probe([...times(7, allowed), ...times(5, denied), ...times(2, {...allowed, port: 80}), ...times(3, unjudged)])
        expect(await watched.figures()).toEqual({newConnections: 7, drops: 7, node: {newConnections: 17, drops: 7}})
        let sum = await addUp(node, watched)
        expect(sum).toMatchObject({allowed: 7, dropped: 7, node: {newConnections: 17, drops: 7}})
        const view = watched.view.nodes.get('n1')
        expect(view?.history.length).toBeGreaterThanOrEqual(2)
        expect(view?.live?.policies.map(({policy, pods}) => ({policy, pods}))).toEqual([
          {policy: 'shop/db-from-web', pods: []},
          {policy: 'shop/web-to-db', pods: ['shop/web']},
        ])

        // As Azure NPM does it when a policy has changed: its chain is emptied and written again.
        const chain =
          rules
            .find(rule => /^:AZURE-NPM-INGRESS-(?!ALLOW)/.test(rule))
            ?.split(' ')[0]
            ?.slice(1) ?? ''
        const own = rules.filter(rule => rule.startsWith(`-A ${chain} `))
        await node.node.run(`iptables-${backend}-restore`, ['--noflush'], {
          stdin: `*filter\n:${chain} - [0:0]\n${own.join('\n')}\nCOMMIT\n`,
        })
        await node.probe([...times(3, allowed), ...times(2, denied)])
        expect(await watched.figures()).toEqual({newConnections: 3, drops: 2, node: {newConnections: 22, drops: 9}})
        sum = await addUp(node, watched, sum.state)
        expect(sum).toMatchObject({allowed: 10, dropped: 9, node: {newConnections: 22, drops: 9}})
        expect(watched.view.happenings).toContainEqual(
          expect.objectContaining({kind: 'countersReset', policy: 'shop/db-from-web'}),
        )

        await node.node.run(`iptables-${backend}`, ['-Z'])
        await node.probe([...times(1, allowed), ...times(1, denied)])
        expect(await watched.figures()).toEqual({newConnections: 1, drops: 1, node: {newConnections: 2, drops: 1}})
        sum = await addUp(node, watched, sum.state)
        expect(sum).toMatchObject({allowed: 11, dropped: 10, node: {newConnections: 24, drops: 10}})

        // Another rule, and so other numbers. What the kernel counts while nobody reads is there for who comes next.
        await node.node.run(`iptables-${backend}`, ['-I', 'AZURE-NPM', '1', '-p', 'sctp', '-j', 'RETURN'])
        await node.probe(times(4, allowed))
        const next = await Watched.open(node)
        try {
          expect(await next.figures()).toEqual({newConnections: 5, drops: 1, node: {newConnections: 6, drops: 1}})
          sum = await addUp(node, next, sum.state)
          expect(sum).toMatchObject({allowed: 15, dropped: 10, node: {newConnections: 28, drops: 10}})
        } finally {
          next.stop()
        }
      } finally {
        watched.stop()
      }
    },
  )
})
