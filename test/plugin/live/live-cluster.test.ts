import {describe, expect, test} from 'vitest'
import {CONTRACT} from '../../../core/contract/agent.ts'
import type {LiveEvent, SamplesInput} from '../../../core/contract/live.ts'
import {emptyView, type LiveView, reduceLive} from '../../../core/live/live-view.ts'
import {policyFigures} from '../../../core/live/policy-figures.ts'
import {openCluster} from '../../../plugin/agents/cluster.ts'
import {LiveCluster, type LivePauses} from '../../../plugin/live/live-cluster.ts'
import type {LiveRequest} from '../../../plugin/live/live-source.ts'
import {type FakeAgent, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {PlayedNode, startPlayedAgent} from '../../support/plugin/played-node.ts'
import {shopLines} from '../../support/shop-nodes.ts'

/** The view of nodes, kept while a test looks at it. */
class Watch {
  view: LiveView = emptyView
  readonly events: LiveEvent[] = []
  private readonly stream: AsyncIterator<LiveEvent>

  constructor(source: LiveCluster, signal: AbortSignal) {
    this.stream = source.events(signal)[Symbol.asyncIterator]()
  }

  async until(isTrue: (view: LiveView) => unknown): Promise<LiveView> {
    while (!isTrue(this.view)) {
      const {value, done} = await this.stream.next()
      if (done) throw new Error('the stream has ended')
      this.events.push(value)
      this.view = reduceLive(this.view, value)
    }
    return this.view
  }
}

async function watchCluster(agents: Record<string, number>, request: LiveRequest, pauses?: Pick<LivePauses, 'silentMs'>) {
  await using stack = new AsyncDisposableStack()
  const api = stack.use(await startFakeApiServer({agents}))
  const end = new AbortController()
  stack.defer(() => end.abort())
  const flags = {kubeconfig: api.env.KUBECONFIG, 'agent-namespace': 'kubectl-npm'}
  const cluster = stack.use(await openCluster(flags, end.signal, {anyEngine: true}))
  const source = new LiveCluster(cluster, {}, request, {againMs: 20, lookMs: 20, ...pauses})
  const watch = new Watch(source, end.signal)
  const held = stack.move()
  return {source, watch, [Symbol.asyncDispose]: () => held.disposeAsync()}
}

const countedOn = (view: LiveView, node: string) => {
  const found = view.nodes.get(node)
  const policy = found?.live?.policies.find(each => each.policy === 'shop/db-from-web')
  return found && policy ? policyFigures(found, policy).newConnections : undefined
}

describe('watching a cluster', () => {
  test('reads the objects of the cluster once for all nodes', async () => {
    const names = ['aks-1', 'aks-2', 'aks-3']
    await using stack = new AsyncDisposableStack()
    const agents: Record<string, FakeAgent> = {}
    for (const name of names) agents[name] = stack.use(await startPlayedAgent(name, new PlayedNode()))
    await using watched = await watchCluster(Object.fromEntries(Object.entries(agents).map(([name, {port}]) => [name, port])), {
      intervalMs: 1000,
      rulesOf: 'all',
    })
    await watched.watch.until(view => names.every(name => countedOn(view, name) === 0))
    const snapshots = Object.values(agents).flatMap(({calls}) => calls.filter(call => call === 'openSnapshot'))
    expect(snapshots).toHaveLength(names.length + 1)
  })

  test('counts policies of the nodes whose rules are asked for, and sums up the others', async () => {
    const [one, other] = [new PlayedNode(), new PlayedNode()]
    await using first = await startPlayedAgent('aks-1', one)
    await using second = await startPlayedAgent('aks-2', other)
    await using watched = await watchCluster(
      {'aks-1': first.port, 'aks-2': second.port},
      {intervalMs: 1000, rulesOf: new Set(['aks-1'])},
    )
    const {watch, source} = watched
    await watch.until(view => countedOn(view, 'aks-1') === 0 && view.nodes.get('aks-2')?.sample)
    one.hit(4)
    await watch.until(view => countedOn(view, 'aks-1') === 4)
    expect(watch.view.nodes.get('aks-1')?.rates?.node).toMatchObject({newConnections: 4})
    expect(watch.view.nodes.get('aks-2')).not.toHaveProperty('live')
    expect(other.asked).toEqual([{intervalMs: 1000, detail: 'summary'}])

    // On the same connections.
    source.request({intervalMs: 500, rulesOf: 'all'})
    await watch.until(view => countedOn(view, 'aks-2') === 0)
    expect(other.asked.at(-1)).toEqual({intervalMs: 500, detail: 'rules'})
    expect([first.tokens.length, second.tokens.length]).toEqual([1, 1])
  })

  test('asks for samples beside its greeting, and shows none before the agent is known to understand it', async () => {
    const played = new PlayedNode()
    const asked = Promise.withResolvers<void>()
    let contract: {major: number; minor: number} = {major: 9, minor: 0}
    await using agent = await startFakeAgent({
      node: 'aks-1',
      procedures: {
        // It answers when it has been asked for more.
        hello: async () => {
          await asked.promise
          const knowledge = {state: 'off', pods: 0, namespaces: 0, policies: 0}
          return {contract, version: '9.0.0', node: 'aks-1', procedures: ['samples'], knowledge}
        },
        samples: input => {
          asked.resolve()
          return played.samples(input as unknown as SamplesInput)
        },
      },
    })
    await using watched = await watchCluster({'aks-1': agent.port}, {intervalMs: 1000, rulesOf: new Set()})
    const {watch} = watched
    await watch.until(view => view.nodes.get('aks-1')?.failure)
    expect(watch.events).toEqual([expect.objectContaining({message: expect.stringContaining('the agent speaks contract 9')})])
    contract = CONTRACT
    await watch.until(view => view.nodes.get('aks-1')?.sample)
    expect(agent.calls.slice(0, 2)).toEqual(['hello', 'samples'])
  })

  test('says that an agent is too old, whatever it answers to what it does not know', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', hello: {version: '0.0.1', procedures: ['status']}})
    await using watched = await watchCluster({'aks-1': agent.port}, {intervalMs: 1000, rulesOf: new Set()})
    await watched.watch.until(view => view.nodes.get('aks-1')?.failure)
    expect(watched.watch.events).toEqual([
      expect.objectContaining({message: expect.stringContaining('agent 0.0.1 does not know "samples"')}),
    ])
  })

  test('brings the rules in words again when they have changed', async () => {
    const played = new PlayedNode()
    await using agent = await startPlayedAgent('aks-1', played)
    await using watched = await watchCluster({'aks-1': agent.port}, {intervalMs: 1000, rulesOf: 'all'})
    await watched.watch.until(view => countedOn(view, 'aks-1') === 0)
    played.hit(2)
    played.change(shopLines.rules.filter(line => !line.includes('web-to-db')))
    const hit = setInterval(() => played.hit(1), 200)
    try {
      await watched.watch.until(view => view.happenings.some(({kind}) => kind === 'policyRemoved'))
    } finally {
      clearInterval(hit)
    }
    expect(watched.watch.view.happenings).toContainEqual(
      expect.objectContaining({
        node: 'aks-1',
        policy: 'shop/web-to-db',
        text: 'Egress of shop/web-to-db is not in force any more',
      }),
    )
    expect(countedOn(watched.watch.view, 'aks-1')).toBeGreaterThan(2)
  })

  test('heals a connection that was lost, and says so', async () => {
    const played = new PlayedNode()
    await using agent = await startPlayedAgent('aks-1', played)
    await using watched = await watchCluster({'aks-1': agent.port}, {intervalMs: 1000, rulesOf: 'all'})
    await watched.watch.until(view => countedOn(view, 'aks-1') === 0)
    agent.cut()
    played.hit(3)
    await watched.watch.until(view => countedOn(view, 'aks-1') === 3)
    expect(watched.watch.view.happenings.map(({kind}) => kind)).toEqual(expect.arrayContaining(['nodeLost', 'nodeBack']))
    const failures = watched.watch.events.filter(({kind}) => kind === 'LiveFailure')
    expect(failures).toContainEqual(expect.objectContaining({next: 'It is asked again by itself.'}))
    expect(watched.watch.view.nodes.get('aks-1')).not.toHaveProperty('failure')
  })

  test('says so when a connection stays and nothing comes over it, and heals without a new one', async () => {
    const played = new PlayedNode()
    await using agent = await startPlayedAgent('aks-1', played)
    await using watched = await watchCluster({'aks-1': agent.port}, {intervalMs: 200, rulesOf: new Set()}, {silentMs: 20})
    const {watch} = watched
    const {failure} = (await watch.until(view => view.nodes.get('aks-1')?.failure)).nodes.get('aks-1') ?? {}
    expect(failure).toMatchObject({
      message: expect.stringContaining('node aks-1: nothing has come from its agent for'),
      next: expect.stringContaining('It is waited for'),
    })
    played.hit(1)
    await watch.until(view => !view.nodes.get('aks-1')?.failure)
    expect(watch.view.happenings).toEqual([
      expect.objectContaining({kind: 'nodeLost', text: expect.stringMatching(/^nothing has come/)}),
      expect.objectContaining({kind: 'nodeBack'}),
    ])
    expect(agent.tokens).toHaveLength(1)
  })
})
