import {statSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {type BakeryOptions, documentsOf, npmLog, npmPods, PODS, startBakery, withLogs} from '../../support/plugin/bakery-dump.ts'
import {documentProcedures} from '../../support/plugin/fake-agent.ts'
import type {FakeAnswer} from '../../support/plugin/fake-api-server.ts'
import {refusal} from '../../support/plugin/fake-api-server.ts'
import {filesIn, manifestOf, unpack} from '../../support/plugin/files.ts'
import {runCli} from '../../support/plugin/run-cli.ts'

/** `dump` of a cluster. API server and agents are stand-ins, kubectl and the way between are real. */

async function dump(options: BakeryOptions, ...args: string[]) {
  await using bakery = await startBakery(options)
  const target = join(bakery.folder, 'out')
  const said = await runCli(['dump', '-o', target, ...args], {env: bakery.api.env})
  const files = said.exitCode === 2 ? new Map<string, Buffer>() : filesIn(target)
  const text = (path: string) => files.get(path)?.toString()
  return {...said, files, text, requests: bakery.api.requests, log: text('collection.log') ?? ''}
}

describe('a dump of a cluster', () => {
  test('holds all that the agents read, the objects once, the logs, and what there is', async () => {
    await using bakery = await startBakery()
    const target = join(bakery.folder, 'out.tgz')
    const {stdout, stderr, exitCode} = await runCli(['dump', '-o', target], {env: bakery.api.env})
    expect({stdout, stderr, exitCode}).toEqual({stdout: `${target}\n`, stderr: '', exitCode: 0})
    expect(statSync(target).mode & 0o777).toBe(0o600)
    const files = await unpack(target, join(bakery.folder, 'unpacked'))
    const own = ['conntrack-count.txt', 'ipset-save.txt', 'iptables-nft-save.txt']
    expect([...files.keys()]).toEqual([
      'cluster.json',
      'collection.log',
      'dump.json',
      ...[...own, 'npm-previous.log', 'npm.log', 'versions.txt'].map(file => `nodes/aks-oven-0/${file}`),
      ...[...own, 'npm.log', 'versions.txt'].map(file => `nodes/aks-oven-1/${file}`),
    ])
    for (const node of ['aks-oven-0', 'aks-oven-1'] as const) {
      const {'cluster.json': objects, ...rest} = documentsOf(node)
      expect(files.get('cluster.json')?.toString()).toBe(objects)
      for (const [file, text] of Object.entries(rest)) expect(files.get(`nodes/${node}/${file}`)?.toString()).toBe(text)
      expect(files.get(`nodes/${node}/npm.log`)?.toString()).toBe(npmLog(node, 'now'))
    }
    expect(files.get('nodes/aks-oven-0/npm-previous.log')?.toString()).toBe(npmLog('aks-oven-0', 'before'))
    const {nodes, failures, redacted, formatVersion} = manifestOf(files)
    expect({failures, redacted, formatVersion}).toEqual({failures: [], redacted: false, formatVersion: 1})
    expect(nodes.map(({name, folder, agentVersion, takenAt}) => ({name, folder, agentVersion, takenAt}))).toEqual(
      ['aks-oven-0', 'aks-oven-1'].map(name => ({
        name,
        folder: `nodes/${name}`,
        agentVersion: '0.1.0',
        takenAt: '2026-11-27T08:00:00.000Z',
      })),
    )
    // One agent was asked for the objects, and no other verb of the API server was used than for reading.
    expect(bakery.api.requests.filter(request => !/^GET |\/token$/.test(request))).toEqual([])
  })

  test('has a log of what was run, how long it took and what failed', async () => {
    const {log} = await dump({})
    const lines = log.split('\n')
    expect(lines[0]).toMatch(/^\d{4}-.*Z {2}kubectl npm \d+\.\d+\.\d+: begins to collect$/)
    expect(lines.filter(line => line.startsWith('node '))).toEqual([
      'node aks-oven-0: agent 0.1.0, read 2026-11-27T08:00:00.000Z',
      'node aks-oven-1: agent 0.1.0, read 2026-11-27T08:00:00.000Z',
    ])
    expect(log).toMatch(/^ {2}ipset-save\.txt +5 ms {2}ok {6}cat ipset-save\.txt$/m)
    expect(log).toMatch(
      / {2}npm\.log +\d+ ms {2}ok {6}GET \/api\/v1\/namespaces\/kube-system\/pods\/azure-npm-0\/log\?tailLines=10000/,
    )
    expect(log).toMatch(/ {2}npm-previous\.log +\d+ ms {2}ok .*previous=true/)
  })

  test('of one node asks no other', async () => {
    await using bakery = await startBakery()
    const target = join(bakery.folder, 'out')
    const {exitCode} = await runCli(['dump', '-o', target, '--node', 'aks-oven-1'], {env: bakery.api.env})
    expect(exitCode).toBe(0)
    expect(manifestOf(filesIn(target)).nodes.map(({name}) => name)).toEqual(['aks-oven-1'])
    expect(bakery.agents['aks-oven-0'].calls).toEqual([])
    expect(bakery.api.requests.filter(request => request.includes('azure-npm-0'))).toEqual([])
  })
})

describe('a part that cannot be read', () => {
  const denied = refusal(403, 'Forbidden', 'pods is forbidden: User "me" cannot list resource "pods" in API group ""')
  const deniedLog = refusal(403, 'Forbidden', 'User "me" cannot get resource "pods/log" in API group ""')

  test.each<{name: string; answer: BakeryOptions['answer'] & object; told: RegExp}>([
    {name: 'pods', answer: (_, path) => (path === PODS ? denied : undefined), told: /cannot list resource "pods"/},
    {
      name: 'pods/log',
      answer: (_, path) => (path === PODS ? npmPods() : path.endsWith('/log') ? deniedLog : undefined),
      told: /cannot get resource "pods\/log"/,
    },
  ])('the right on $name: told once, and all else is there', async ({answer, told}) => {
    const {stderr, exitCode, files, log} = await dump({answer})
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(
      /^warning: npm\.log: Azure NPM's logs are not in the dump: .*\n {2}Needed is the right to (?:list|get) pods\S* in namespace kube-system\. Role kubectl-npm-log-reader has it/,
    )
    expect(stderr.match(told)).toHaveLength(1)
    expect(log).toMatch(told)
    const {failures} = manifestOf(files)
    expect(failures).toMatchObject([{document: 'npm.log', message: expect.stringMatching(told)}])
    expect([...files.keys()].filter(path => path.endsWith('.log'))).toEqual(['collection.log'])
    expect(files.has('nodes/aks-oven-1/ipset-save.txt')).toBe(true)
  })

  test('one log, when the pod has just gone or its kubelet is away', async () => {
    const answers: Record<string, FakeAnswer> = {
      'azure-npm-0': refusal(404, 'NotFound', 'pods "azure-npm-0" not found'),
      'azure-npm-1': refusal(500, 'InternalError', 'Get "https://10.40.0.5:10250": dial tcp: i/o timeout'),
    }
    const {stderr, exitCode, files, log} = await dump({
      answer: (method, path, url) => answers[/azure-npm-\d/.exec(path)?.[0] ?? ''] ?? withLogs(method, path, url),
    })
    expect(exitCode).toBe(0)
    const told = manifestOf(files).failures.map(({node, document, message}) => [node, document, message.replace(/.*: /, '')])
    expect(told).toEqual([
      ['aks-oven-0', 'npm.log', expect.stringContaining('not found')],
      ['aks-oven-0', 'npm-previous.log', expect.stringContaining('not found')],
      ['aks-oven-1', 'npm.log', expect.stringContaining('timeout')],
      ['aks-oven-1', 'npm-previous.log', expect.stringContaining('timeout')],
    ])
    expect(stderr).toContain('warning: aks-oven-1: npm.log: ')
    expect(log).toMatch(/npm\.log +\d+ ms {2}FAILED {2}GET .*\n {6}.*timeout/)
  })

  test('a node, and the other one is there', async () => {
    const agents = {'aks-oven-1': {refuse: {status: 503, body: '{"code": "TOO_MANY", "message": "busy", "next": "Wait."}'}}}
    const {stderr, exitCode, files, log} = await dump({agents})
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^error: node aks-oven-1: .*busy\n/)
    const {nodes, failures} = manifestOf(files)
    expect(nodes.map(({name}) => name)).toEqual(['aks-oven-0'])
    expect(failures).toEqual([{node: 'aks-oven-1', message: expect.stringContaining('busy'), next: expect.any(String)}])
    expect(log).toMatch(/node aks-oven-1: FAILED\n {6}.*busy/)
  })

  test('all nodes: there is no dump', async () => {
    const refuse = {status: 503, body: '{"code": "TOO_MANY", "message": "busy", "next": "Wait."}'}
    const {stderr, exitCode} = await dump({agents: {'aks-oven-0': {refuse}, 'aks-oven-1': {refuse}}})
    expect(stderr).toContain('error: no node could be read: node aks-oven-0: ')
    expect(exitCode).toBe(2)
  })

  test('a tool: what it printed is kept with why there is no more', async () => {
    const node = 'aks-oven-1'
    const procedures = documentProcedures(node, documentsOf(node))
    const readSnapshot: (typeof procedures)[string] = (input, socket) => {
      const piece = procedures['readSnapshot']?.(input, socket) as object
      if (input['document'] !== 'ipset-save.txt') return piece
      return {...piece, problems: [{code: 'TOOL_FAILED', message: 'ipset save: it was killed', next: 'Run it by hand.'}]}
    }
    const {stderr, exitCode, files} = await dump({agents: {[node]: {procedures: {...procedures, readSnapshot}}}})
    expect(exitCode).toBe(1)
    expect(stderr).toBe('error: aks-oven-1: ipset-save.txt: ipset save: it was killed\n  Run it by hand.\n')
    expect(manifestOf(files).failures).toMatchObject([{node, document: 'ipset-save.txt'}])
    expect(files.get(`nodes/${node}/ipset-save.txt`)?.toString()).toBe(documentsOf(node)['ipset-save.txt'])
  })

  test('an agent that goes in the middle: what had come stays, what had not is told', async () => {
    const node = 'aks-oven-1'
    const procedures = documentProcedures(node, documentsOf(node))
    const readSnapshot: (typeof procedures)[string] = (input, socket) => {
      if (input['document'] !== 'versions.txt') return procedures['readSnapshot']?.(input, socket)
      socket.terminate()
      return new Promise(() => {})
    }
    const {stderr, exitCode, files} = await dump({agents: {[node]: {procedures: {...procedures, readSnapshot}}}})
    const told = manifestOf(files).failures.map(each => [each.node, each.document])
    expect(told).toContainEqual([node, 'versions.txt'])
    const lost = told.flatMap(([, document]) => document ?? [])
    const documents = manifestOf(files).nodes.find(({name}) => name === node)?.documents ?? []
    expect([...documents, ...lost].toSorted()).toEqual(
      [...Object.keys(documentsOf(node)).filter(name => name !== 'cluster.json'), 'npm.log'].toSorted(),
    )
    expect(stderr).toContain(node)
    expect(exitCode).toBe(lost.some(document => document.startsWith('ip')) ? 1 : 0)
  })

  test('a document whose bytes are no gzip', async () => {
    const node = 'aks-oven-0'
    const procedures = documentProcedures(node, documentsOf(node))
    const readSnapshot: (typeof procedures)[string] = (input, socket) =>
      input['document'] === 'versions.txt'
        ? {base64: Buffer.from('nonsense').toString('base64'), end: true, problems: []}
        : procedures['readSnapshot']?.(input, socket)
    const {stderr, exitCode, files} = await dump({agents: {[node]: {procedures: {...procedures, readSnapshot}}}})
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/^warning: versions\.txt: node aks-oven-0: .*cannot be unpacked/)
    expect(files.has(`nodes/${node}/versions.txt`)).toBe(false)
    expect(files.has(`nodes/${node}/ipset-save.txt`)).toBe(true)
  })

  test('the objects, from an agent that does not know them: the next one is asked', async () => {
    const off = {state: 'off', pods: 0, namespaces: 0, policies: 0} as const
    const one = await dump({agents: {'aks-oven-0': {hello: {knowledge: off}}}})
    expect([one.exitCode, one.text('cluster.json')]).toEqual([0, documentsOf('aks-oven-1')['cluster.json']])
    const none = await dump({agents: {'aks-oven-0': {hello: {knowledge: off}}, 'aks-oven-1': {hello: {knowledge: off}}}})
    expect(none.exitCode).toBe(1)
    expect(none.files.has('cluster.json')).toBe(false)
    expect(none.stderr).toContain('error: cluster.json: no agent that was asked knows the objects of the cluster\n')
    expect(none.log).toMatch(/cluster\.json +FAILED\n {6}no agent/)
  })
})
