import {readdirSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {schemas} from '../../../core/contract/index.ts'
import type {AgentStatusChange} from '../../../core/contract/status.ts'
import {openCluster} from '../../../plugin/agents/cluster.ts'
import {followStatus} from '../../../plugin/agents/follow-status.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {describeWhere} from '../../support/describe-where.ts'
import {type FakeAgent, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {type FakeApiServer, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {missingTmux, openTerminal} from '../../support/plugin/tmux.ts'
import {Watching} from '../../support/plugin/watching.ts'

/** `status --watch`, over real kubectl and the way to agents that are stand-ins. */

const statusOf = (pods: number, state = 'live', more: object = {}) => ({
  node: '?',
  version: '0.1.0',
  startedAt: '2026-11-27T08:00:00.000Z',
  knowledge: {state, asOf: '2026-11-27T08:00:00.000Z', pods, namespaces: 1, policies: 2},
  connections: 1,
  subscriptions: 1,
  memoryBytes: 80_000_000,
  backend: 'nft',
  ...more,
})

/** A status that changes when the test says so. */
class Status {
  private newest: {status: object; skipped: number}
  private wakes = new Set<() => void>()

  constructor(status: object = statusOf(1)) {
    this.newest = {status, skipped: 0}
  }

  set(status: object, skipped = 0): void {
    this.newest = {status, skipped}
    const wakes = [...this.wakes]
    this.wakes.clear()
    for (const wake of wakes) wake()
  }

  readonly procedures = {
    statusChanges: async function* (this: Status) {
      for (;;) {
        yield this.newest
        await new Promise<void>(resolve => this.wakes.add(resolve))
      }
    }.bind(this),
  }
}

/** `status --watch` of a cluster. */
class WatchedStatus extends Watching {
  constructor(api: FakeApiServer, args: readonly string[] = []) {
    super(['status', '--watch', ...args], api.env)
  }

  get documents(): AgentStatusChange[] {
    return this.lines.map(line => JSON.parse(line))
  }
}

const cells = (line = ''): string[] => line.split(/ {2,}/)

describe('status --watch in a pipe', () => {
  test('prints a line for each change, below one header', async () => {
    const status = new Status()
    await using agent = await startFakeAgent({node: 'aks-1', procedures: status.procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new WatchedStatus(api)
    await watching.until(() => watching.lines.length === 2)
    status.set(statusOf(7))
    await watching.until(() => watching.lines.length === 3)
    status.set(statusOf(7, 'stale'))
    await watching.until(() => watching.lines.length === 4)
    expect(watching.lines.map(line => [cells(line)[0], cells(line)[4], cells(line)[6]])).toEqual([
      ['NODE', 'CLUSTER', 'PODS'],
      ['aks-1', 'live', '1'],
      ['aks-1', 'live', '7'],
      ['aks-1', 'stale', '7'],
    ])
    // One connection, one subscription.
    expect(agent.calls).toEqual(['hello', 'statusChanges'])
    expect(watching.stderr).toBe('')
  })

  test('-o json prints one document to a line, as the schema says, with what was skipped', async () => {
    const status = new Status()
    await using agent = await startFakeAgent({node: 'aks-1', procedures: status.procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new WatchedStatus(api, ['-o', 'json'])
    await watching.until(() => watching.lines.length === 1)
    status.set({...statusOf(3), novelty: ['of a newer agent']}, 41)
    await watching.until(() => watching.lines.length === 2)
    for (const document of watching.documents) expect(schemas.AgentStatusChange.parse(document)).toEqual(document)
    expect(watching.documents).toMatchObject([
      {kind: 'AgentStatusChange', node: 'aks-1', status: {node: 'aks-1', knowledge: {pods: 1}}, skipped: 0},
      {kind: 'AgentStatusChange', node: 'aks-1', status: {knowledge: {pods: 3}}, skipped: 41},
    ])
  })

  test('-o yaml prints one document behind each ---', async () => {
    const status = new Status()
    await using agent = await startFakeAgent({node: 'aks-1', procedures: status.procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new WatchedStatus(api, ['-o', 'yaml'])
    await watching.until(() => watching.stdout.includes('skipped: 0'))
    expect(watching.stdout).toMatch(/^---\napiVersion: kubectl-npm\/v1\nkind: AgentStatusChange\nnode: aks-1\n/)
  })

  test('ends when nobody reads any more', async () => {
    const status = new Status()
    await using agent = await startFakeAgent({node: 'aks-1', procedures: status.procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new WatchedStatus(api, ['-o', 'json'])
    await watching.until(() => watching.lines.length === 1)
    const exitCode = watching.closeOutput()
    // Nothing is noticed before there is something to say.
    const changes = setInterval(() => status.set(statusOf(2)), 50)
    expect(await exitCode).toBe(0)
    clearInterval(changes)
    expect(readdirSync(api.env.TMPDIR)).toEqual(['.kubeconfig'])
  })

  test('follows more nodes than anybody has hands, without a warning', async () => {
    await using stack = new AsyncDisposableStack()
    const agents: Record<string, number> = {}
    for (let index = 10; index < 40; index++) {
      const {procedures} = new Status()
      agents[`aks-${index}`] = stack.use(await startFakeAgent({node: `aks-${index}`, procedures})).port
    }
    await using api = await startFakeApiServer({agents})
    await using watching = new WatchedStatus(api, ['-o', 'json'])
    await watching.until(() => watching.lines.length === 30)
    expect(new Set(watching.documents.map(({node}) => node))).toEqual(new Set(Object.keys(agents)))
    expect(watching.stderr).toBe('')
  })
})

describe('an agent that goes away', () => {
  test('is shown as away, and asked again in the pod that it has then', async () => {
    const agents: Record<string, number | undefined> = {}
    await using api = await startFakeApiServer({agents})
    const start = async (pods: number): Promise<FakeAgent> => {
      const agent = await startFakeAgent({node: 'aks-1', procedures: new Status(statusOf(pods)).procedures})
      agents['aks-1'] = agent.port
      return agent
    }
    const first = await start(1)
    await using watching = new WatchedStatus(api)
    await watching.until(() => watching.lines.length === 2)
    await first[Symbol.asyncDispose]()
    await watching.until(() => watching.lines.length === 3)
    await using _second = await start(5)
    await watching.until(() => watching.lines.length === 4)
    expect(watching.lines.slice(1).map(line => [cells(line)[4], cells(line)[6]])).toEqual([
      ['live', '1'],
      ['away', '-'],
      ['live', '5'],
    ])
    expect(watching.stderr).toMatch(/^error: node aks-1: .+\n {2}.+\n$/)
  })

  test('leaves the others as they are', async () => {
    const [one, other] = [new Status(), new Status()]
    await using first = await startFakeAgent({node: 'aks-1', procedures: one.procedures})
    await using second = await startFakeAgent({node: 'aks-2', procedures: other.procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': first.port, 'aks-2': second.port}})
    await using watching = new WatchedStatus(api, ['-o', 'json'])
    await watching.until(() => watching.lines.length === 2)
    await first[Symbol.asyncDispose]()
    await watching.until(() => watching.lines.length === 3)
    other.set(statusOf(9))
    await watching.until(() => watching.lines.length === 4)
    expect(watching.documents.slice(2)).toMatchObject([
      {node: 'aks-1', failure: {message: expect.stringContaining('node aks-1: ')}},
      {node: 'aks-2', status: {knowledge: {pods: 9}}},
    ])
    expect(watching.documents[2]).not.toHaveProperty('status')
    expect(await watching.interrupt()).toBe(130)
  })

  test('is not away when only the time of its token is over', async () => {
    let times = 0
    await using agent = await startFakeAgent({
      node: 'aks-1',
      procedures: {
        statusChanges: async function* (_input, socket) {
          yield {status: statusOf(++times), skipped: 0}
          if (times === 1) socket.close(4401, 'the time of the token is over')
          await new Promise(() => {})
        },
      },
    })
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new WatchedStatus(api, ['-o', 'json'])
    await watching.until(() => watching.documents.some(({status}) => status?.knowledge.pods === 2))
    expect(watching.documents.filter(({failure}) => failure)).toEqual([])
    expect(agent.tokens).toHaveLength(2)
    expect(await watching.interrupt()).toBe(130)
  })

  test('an agent that comes later is followed too', async () => {
    const status = new Status()
    await using first = await startFakeAgent({node: 'aks-1', procedures: status.procedures})
    await using second = await startFakeAgent({node: 'aks-2', procedures: status.procedures})
    const agents: Record<string, number> = {'aks-1': first.port}
    await using api = await startFakeApiServer({agents})
    const end = new AbortController()
    const flags = {kubeconfig: api.env.KUBECONFIG, 'agent-namespace': 'kubectl-npm'}
    await using cluster = await openCluster(flags, end.signal, {anyEngine: true})
    const news: string[] = []
    await followStatus(
      cluster,
      {},
      end.signal,
      node => {
        news.push(node)
        agents['aks-2'] = second.port
        if (node === 'aks-2') end.abort()
      },
      {againMs: 10, lookMs: 10},
    )
    expect(news).toEqual(['aks-1', 'aks-2'])
  })
})

describe('Ctrl-C', () => {
  test.each([
    {name: 'the last state is well', status: statusOf(1)},
    {name: 'an agent did not follow the cluster', status: statusOf(1, 'stale')},
    {name: 'the state was one that this version does not know', status: statusOf(1, 'dreaming', {backend: 'bpf'})},
  ])('ends with 130 when $name, and leaves nothing', async ({status}) => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: new Status(status).procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new WatchedStatus(api)
    await watching.until(() => watching.lines.length === 2)
    expect(await watching.interrupt()).toBe(130)
    expect(watching.stderr).toBe('')
    expect(readdirSync(api.env.TMPDIR)).toEqual(['.kubeconfig'])
  })

  test('ends before any agent has answered', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: {hello: () => new Promise(() => {})}})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using watching = new WatchedStatus(api)
    while (!agent.calls.includes('hello')) await new Promise(resolve => setTimeout(resolve, 20))
    expect(await watching.interrupt()).toBe(130)
    expect(watching.stdout).toBe('')
  })
})

describeWhere(missingTmux(), 'status --watch on a terminal', () => {
  test('writes the table over, and leaves it and the terminal behind', async () => {
    const status = new Status()
    await using agent = await startFakeAgent({node: 'aks-1', procedures: status.procedures})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await using terminal = await openTerminal({columns: 100, env: api.env})
    await terminal.type(`echo before; ${process.execPath} ${kubectlNpm} status --watch; echo ended-$?`)
    await terminal.until(/^aks-1 .* live .* 1 /m)
    status.set(statusOf(8, 'live', {version: '\u001b[31mred'}))
    await terminal.until(/^aks-1 .*x1b\[31mred .* live .* 8 /m)
    await terminal.press('C-c')
    const screen = await terminal.until(/ended-130$/m)
    expect(screen.match(/^NODE/gm)).toHaveLength(1)
    expect(screen).toMatch(/^before\nNODE.*\naks-1 .* 8 /m)
    expect(await terminal.state()).toEqual({isAlternate: false, hasCursor: true, hasMouse: false})
    expect(readdirSync(api.env.TMPDIR)).toEqual(['.kubeconfig'])
  })
})
