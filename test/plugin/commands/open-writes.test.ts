import {describe, expect, test} from 'vitest'
import {type Procedure, procedureRights, writeProcedures} from '../../../core/contract/agent.ts'
import type {WriteStatus} from '../../../core/contract/writes.ts'
import {type FakeAgentOptions, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {type FakeAnswer, refusal, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {runCli} from '../../support/plugin/run-cli.ts'

/** What takes the agents away, while a write is open that only they would take back. */

const labels = {'app.kubernetes.io/part-of': 'kubectl-npm'}
const pending = {id: '0007-20261130T090000Z', by: 'JTI=7', since: '2026-11-30T09:00:00Z', secondsLeft: 42}

const agentWith = (node: string, status: Partial<WriteStatus>, hello?: FakeAgentOptions['hello']) =>
  startFakeAgent({node, ...(hello && {hello}), procedures: {writes: () => ({restorePoints: [], ...status})}})

/** Two namespaces and a role of an installation; what is deleted is told by the requests. */
function answer(method: string, path: string): FakeAnswer | undefined {
  const [, namespace] = /^\/api\/v1\/namespaces\/(kubectl-npm(?:-node)?)$/.exec(path) ?? []
  if (method === 'GET' && namespace !== undefined)
    return {body: {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace, uid: '1', labels}}}
  if (method === 'GET' && path === '/api/v1') return {body: {resources: []}}
  if (method === 'GET' && path === '/apis') return {body: {groups: []}}
  if (method === 'GET' && path.startsWith('/apis/rbac') && !path.endsWith('kubectl-npm-agent')) return {body: {items: []}}
  return undefined
}

const image = ['--image', 'registry.example.com/agent:1']

describe.each([
  ['uninstall', ['uninstall', '--yes', '--timeout', '1s']],
  ['install --read-only', ['install', '--read-only', ...image]],
])('%s', (then, args) => {
  test.each([
    [
      'awaits its confirmation',
      {pending},
      'node aks-2: write 0007-20261130T090000Z of JTI=7 awaits its confirmation, for 42 s more',
    ],
    [
      'is stuck',
      {interrupted: 'the disk is full'},
      'node aks-2: a write did not end and could not be taken back: the disk is full',
    ],
  ])('is refused while a write %s, and changes nothing', async (_, status, says) => {
    await using one = await agentWith('aks-1', {})
    await using two = await agentWith('aks-2', status)
    await using api = await startFakeApiServer({agents: {'aks-1': one.port, 'aks-2': two.port}, answer})
    const {stderr, exitCode} = await runCli(args, {env: api.env})
    expect(stderr).toContain(`${says}; without its agent nobody takes it back`)
    expect(stderr).toContain('Take it back: kubectl npm rollback --node aks-2')
    expect(stderr.includes('Keep it: kubectl npm confirm --node aks-2')).toBe('pending' in status)
    expect(stderr).toContain(`Then: kubectl npm ${then}`)
    expect(exitCode).toBe(2)
    expect(api.requests.filter(each => /^(?:DELETE|PATCH|PUT) /.test(each))).toEqual([])
  })

  test('says of agents that cannot be asked that it is not known, and goes on', async () => {
    await using one = await agentWith('aks-1', {}, {procedures: readOnly})
    await using two = await startFakeAgent({node: 'aks-2', refuse: {status: 503, body: 'busy'}})
    await using api = await startFakeApiServer({agents: {'aks-1': one.port, 'aks-2': two.port}, answer})
    const {stderr} = await runCli(args, {env: api.env})
    expect(stderr).toContain(
      'whether a write awaits its confirmation on node aks-2 is not known, and nobody would take it back: node aks-2: ',
    )
    // One that was installed to read only has none.
    expect(stderr).not.toContain('on node aks-1')
    expect(api.requests.some(each => /^(?:DELETE|PATCH) /.test(each))).toBe(true)
  })

  test('says the same to who may not ask', async () => {
    await using one = await agentWith('aks-1', {pending})
    const forbidden = refusal(403, 'Forbidden', 'User "eve" cannot create resource "serviceaccounts/token"')
    await using api = await startFakeApiServer({
      agents: {'aks-1': one.port},
      answer: (method, path) => (path.endsWith('/token') ? forbidden : answer(method, path)),
    })
    const {stderr} = await runCli(args, {env: api.env})
    expect(stderr).toContain('on node aks-1 is not known, and nobody would take it back: ')
    expect(api.requests.some(each => /^(?:DELETE|PATCH) /.test(each))).toBe(true)
  })
})

const readOnly = (Object.keys(procedureRights) as Procedure[]).filter(name => !writeProcedures.includes(name))

test('install that writes asks nobody: the next agent takes over what is open', async () => {
  await using one = await agentWith('aks-1', {pending})
  await using api = await startFakeApiServer({agents: {'aks-1': one.port}, answer})
  const {stderr} = await runCli(['install', ...image], {env: api.env})
  expect(stderr).not.toContain('awaits its confirmation')
  expect(one.calls).not.toContain('writes')
})
