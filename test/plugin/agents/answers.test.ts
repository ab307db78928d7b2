import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {documentProcedures, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

/** What verbs print for nodes of a cluster. API server and agents are stand-ins, kubectl and the way between are real. */

const dump = (name: string) => (file: string) => readFileSync(fixture(`captures/${name}/${file}`), 'utf8')
const bakery = dump('v2-base36-nft')
const documents = {
  'iptables-nft-save.txt': bakery('iptables-save.txt'),
  'ipset-save.txt': bakery('ipset-save.txt'),
  'cluster.json': JSON.stringify({kind: 'List', items: []}),
}
const drift = (node: string, items: object[] = []) => ({
  apiVersion: 'kubectl-npm/v1',
  kind: 'Drift',
  node,
  clean: items.length === 0,
  items,
  notes: [],
  problems: [],
})
const missingMember = {
  kind: 'member',
  change: 'missing',
  name: 'podlabel-app:oven',
  expected: '10.60.0.10',
  effect: 'closed',
}

describe('translate and sets of a node of a cluster', () => {
  test('say what a dump of the same node says', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', documents, 1000)})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    const live = await runCli(['translate', '-o', 'wide'], {env: api.env})
    const files = ['iptables-save.txt', 'ipset-save.txt'].flatMap(file => ['--from', fixture(`captures/v2-base36-nft/${file}`)])
    const kept = await runCli(['translate', '-o', 'wide', ...files])
    expect(live.stdout).toContain('node aks-1, Azure NPM v2')
    expect(live.stdout.replace('node aks-1', '')).toBe(kept.stdout.replace('node unknown', ''))
    expect(live.exitCode).toBe(0)
    expect(agent.calls.slice(0, 2)).toEqual(['hello', 'openSnapshot'])
    expect(agent.calls.at(-1)).toBe('closeSnapshot')
    const sets = await runCli(['sets', '-o', 'name', '--node', 'aks-1'], {env: api.env})
    expect(sets.stdout).toContain('azure-npm-5iu1htjq9hd97m4vb2r9\n')
  })

  test('ask for a token of the viewer, for the key that is seen, for ten minutes, bound to the node', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', documents)})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    await runCli(['sets'], {env: api.env})
    expect(api.requests).toContain('POST /api/v1/namespaces/kubectl-npm/serviceaccounts/npm-viewer/token')
    expect(api.tokenRequests.map(({spec}) => spec)).toEqual([
      {audiences: [agent.audience], expirationSeconds: 600, boundObjectRef: {apiVersion: 'v1', kind: 'Node', name: 'aks-1'}},
    ])
  })

  test('bind the token to nothing where the API server cannot bind it to a node', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', documents)})
    let asked = 0
    await using api = await startFakeApiServer({
      agents: {'aks-1': agent.port},
      answer: (_method, path) =>
        path.endsWith('/token') && asked++ === 0
          ? {status: 400, body: {kind: 'Status', message: 'cannot bind token for object of type /v1, Kind=Node'}}
          : undefined,
    })
    const {exitCode} = await runCli(['sets'], {env: api.env})
    expect(exitCode).toBe(0)
    expect(api.tokenRequests.map(({spec}) => spec.boundObjectRef?.name)).toEqual(['aks-1', undefined])
  })

  test('survive that the agent was replaced by one with another key in between', async () => {
    const agents: Record<string, number> = {}
    await using api = await startFakeApiServer({agents})
    const run = async () => {
      await using agent = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', documents)})
      agents['aks-1'] = agent.port
      return (await runCli(['sets'], {env: api.env})).exitCode
    }
    expect([await run(), await run()]).toEqual([0, 0])
    expect(new Set(api.tokenRequests.map(({spec}) => spec.audiences[0])).size).toBe(2)
  })

  test('answer for each node that can be asked, when there are several', async () => {
    await using first = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', documents)})
    await using second = await startFakeAgent({node: 'aks-2', procedures: documentProcedures('aks-2', documents)})
    await using api = await startFakeApiServer({agents: {'aks-2': second.port, 'aks-1': first.port}})
    const {stdout, exitCode} = await runCli(['translate'], {env: api.env})
    expect(stdout.match(/^node \S+,/gm)).toEqual(['node aks-1,', 'node aks-2,'])
    expect(stdout).toMatch(/\n2 nodes, \d+ policies\n$/)
    expect(exitCode).toBe(0)
    const lists = JSON.parse((await runCli(['sets', '-o', 'json'], {env: api.env})).stdout)
    expect(lists.items.map(({node}: {node: string}) => node)).toEqual(['aks-1', 'aks-2'])
  })

  test('say which node could not be asked, beside the others', async () => {
    await using first = await startFakeAgent({node: 'aks-1', procedures: documentProcedures('aks-1', documents)})
    await using api = await startFakeApiServer({agents: {'aks-1': first.port, 'aks-2': 1}})
    const {stdout, stderr, exitCode} = await runCli(['sets', 'app=oven'], {env: api.env})
    expect(stdout).toContain('node aks-1: 1 set')
    expect(stderr).toContain('error: node aks-2: ')
    expect(exitCode).toBe(2)
  })
})

const shop = (file: string) => readFileSync(fixture(`two-nodes/${file}`), 'utf8')
const shopDocuments = (node: string) => ({
  'iptables-nft-save.txt': shop(`${node}/iptables-save.txt`),
  'ipset-save.txt': shop(`${node}/ipset-save.txt`),
  'cluster.json': JSON.stringify(parse(shop('cluster.yaml'))),
})

test('verify is about each node of a cluster', async () => {
  const of = (node: string) => startFakeAgent({node, procedures: documentProcedures(node, shopDocuments(node))})
  await using one = await of('aks-oven-0')
  await using other = await of('aks-oven-1')
  await using api = await startFakeApiServer({agents: {'aks-oven-0': one.port, 'aks-oven-1': other.port}})
  const {stdout, exitCode} = await runCli(['verify', '-o', 'json'], {env: api.env})
  const {kind, items} = JSON.parse(stdout) as {kind: string; items: {node: string; result: string}[]}
  const told = items.map(({node, result}) => `${node} ${result}`)
  expect({kind, told}).toEqual({kind: 'VerificationList', told: ['aks-oven-0 counterexamples', 'aks-oven-1 counterexamples']})
  expect(exitCode).toBe(1)
  const only = await runCli(['verify', '--node', 'aks-oven-1', '-o', 'json'], {env: api.env})
  expect(JSON.parse(only.stdout)).toMatchObject({kind: 'Verification', node: 'aks-oven-1'})
})

test('describe looks at all nodes of a cluster, and at those that are named', async () => {
  const of = (node: string) => startFakeAgent({node, procedures: documentProcedures(node, shopDocuments(node))})
  await using one = await of('aks-oven-0')
  await using other = await of('aks-oven-1')
  await using api = await startFakeApiServer({agents: {'aks-oven-0': one.port, 'aks-oven-1': other.port}})
  const pod = await runCli(['describe', 'bakery/oven-1'], {env: api.env})
  const kept = await runCli(['describe', 'bakery/oven-1', '--from', fixture('two-nodes')])
  expect(pod.stdout).toContain('aks-oven-1: pod bakery/oven-1 (10.60.1.10) is missing in podlabel-app:oven')
  expect(pod.stdout).toBe(kept.stdout)
  const set = await runCli(['describe', 'app=oven', '--node', 'aks-oven-0', '-o', 'json'], {env: api.env})
  expect(JSON.parse(set.stdout)).toMatchObject({kind: 'Description', type: 'set', differences: [], nodes: [{node: 'aks-oven-0'}]})
})

describe('verify of a cluster', () => {
  const cannot = {
    openSnapshot: () => {
      throw new Error('the rules could not be read')
    },
  }
  const {'cluster.json': objects} = shopDocuments('aks-oven-1')

  async function verify(procedures: Record<string, Parameters<typeof startFakeAgent>[0]['procedures'] | 'away'>, args: string[]) {
    await using stack = new AsyncDisposableStack()
    const agents: Record<string, number> = {}
    for (const [node, each] of Object.entries(procedures))
      agents[node] = each === 'away' ? 1 : stack.use(await startFakeAgent({node, ...(each && {procedures: each})})).port
    const api = stack.use(await startFakeApiServer({agents}))
    return await runCli(['verify', ...args], {env: api.env})
  }
  const readable = documentProcedures('aks-oven-1', shopDocuments('aks-oven-1'))

  test.each([
    {name: 'its agent fails', procedures: cannot, message: 'the rules could not be read'},
    {name: 'its agent cannot be reached', procedures: 'away' as const, message: 'aks-0'},
    {
      name: 'its agent has nothing of it but objects',
      procedures: documentProcedures('aks-0', {'cluster.json': objects}),
      message: 'neither its rules nor its sets are in the input',
    },
    {
      name: 'its agent has only sets of it',
      procedures: documentProcedures('aks-0', {'ipset-save.txt': shop('aks-oven-1/ipset-save.txt'), 'cluster.json': objects}),
      message: 'no rules of node aks-0 are in the input',
    },
  ])('answers for all nodes but the one of which $name', async ({procedures, message}) => {
    const {stdout, exitCode} = await verify({'aks-0': procedures, 'aks-oven-1': readable}, ['-o', 'json'])
    const {items, failures} = JSON.parse(stdout) as {items: {node: string}[]; failures: {node: string; message: string}[]}
    expect([items.map(({node}) => node), failures.map(({node}) => node)]).toEqual([['aks-oven-1'], ['aks-0']])
    expect(failures[0]?.message).toContain(message)
    expect(exitCode).toBe(1)
    const table = await verify({'aks-0': procedures, 'aks-oven-1': readable}, [])
    expect(table.stdout).toContain('node aks-0: unknown: ')
    expect(table.stdout).toContain('2 nodes: 0 proven, 1 with counterexamples, 1 not known')
  })

  test('knows no answer where no node can be read', async () => {
    const {stdout, stderr, exitCode} = await verify({'aks-0': cannot, 'aks-1': cannot}, [])
    expect([stdout, exitCode]).toEqual(['', 2])
    expect(stderr).toContain('error: node aks-0: the rules could not be read')
  })
})

describe('diff of nodes of a cluster', () => {
  const clean = {diff: () => drift('?')}
  const drifted = {diff: () => drift('?', [missingMember])}
  const broken = {
    diff: () => {
      throw new Error('the rules could not be read')
    },
  }

  async function diff(procedures: Record<string, {diff: () => unknown}>, args: string[] = []) {
    await using stack = new AsyncDisposableStack()
    const agents: Record<string, number> = {}
    for (const [node, each] of Object.entries(procedures))
      agents[node] = stack.use(await startFakeAgent({node, procedures: each})).port
    const api = stack.use(await startFakeApiServer({agents}))
    return await runCli(['diff', ...args], {env: api.env})
  }

  test('of one node is its Drift alone', async () => {
    const {stdout, exitCode} = await diff({'aks-1': drifted, 'aks-2': clean}, ['--node', 'aks-1', '-o', 'json'])
    const told = {incomplete: [], causes: [], departures: [], judged: 'none'}
    expect(JSON.parse(stdout)).toEqual({...drift('aks-1', [missingMember]), ...told})
    expect(exitCode).toBe(1)
  })

  test.each([
    {name: 'all are clean', nodes: {a: clean, b: clean}, exit: 0},
    {name: 'one differs', nodes: {a: clean, b: drifted}, exit: 1},
    {name: 'one cannot be asked', nodes: {a: clean, b: broken}, exit: 2},
    {name: 'one differs and another cannot be asked', nodes: {a: drifted, b: broken}, exit: 1},
  ])('exits with $exit when $name', async ({nodes, exit}) => {
    const {exitCode} = await diff(nodes)
    expect(exitCode).toBe(exit)
  })

  test('prints what some answered, and what failed on others and why', async () => {
    const all = {'aks-1': clean, 'aks-2': drifted, 'aks-3': broken}
    const {stdout, stderr} = await diff(all)
    expect(stdout).toContain('node aks-1: clean')
    expect(stdout).toContain('node aks-2: 1 difference\n      - member missing: podlabel-app:oven\n')
    expect(stdout).toContain('3 nodes: 1 clean, 1 with differences, 1 could not be asked')
    expect(stderr).toContain('error: node aks-3: the rules could not be read')
    const {stdout: json} = await diff(all, ['-o', 'json'])
    expect(JSON.parse(json)).toMatchObject({
      kind: 'DriftList',
      items: [{node: 'aks-1'}, {node: 'aks-2'}],
      failures: [{node: 'aks-3', message: 'node aks-3: the rules could not be read'}],
    })
  })

  test('a problem that this version does not know is told all the same', async () => {
    const newer = {
      diff: () => ({...drift('?'), problems: [{code: 'FROM_THE_FUTURE', message: 'the flux is low', next: 'Wait.'}]}),
    }
    const {stderr, exitCode} = await diff({'aks-1': newer})
    expect(stderr).toContain('warning: aks-1: the flux is low\n  Wait.')
    expect(exitCode).toBe(0)
  })
})
