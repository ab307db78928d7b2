import {readdirSync} from 'node:fs'
import {execa} from 'execa'
import {describe, expect, test} from 'vitest'
import {kubectlNpm} from '../../support/built-programs.ts'
import {type FakeAgent, startFakeAgent} from '../../support/plugin/fake-agent.ts'
import {type FakeApiServer, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {processesOf, until} from '../../support/plugin/own-processes.ts'

/** A person who has waited long enough, and what must not be left behind then. */

const clean = {apiVersion: 'kubectl-npm/v1', kind: 'Drift', node: '?', clean: true, items: [], notes: [], problems: []}

function start(api: FakeApiServer, args: readonly string[], via = 'kubectl') {
  const env = {...api.env, NO_COLOR: '1', KUBECTL_NPM_VIA: via}
  return execa(process.execPath, [kubectlNpm, ...args], {reject: false, env, input: ''})
}

async function expectNothingLeft(api: FakeApiServer): Promise<void> {
  expect(readdirSync(api.env.TMPDIR)).toEqual(['.kubeconfig'])
  // The guard of a kubectl learns that it is gone a moment later.
  await until(() => processesOf(api.env.TMPDIR).length === 0)
}

describe.skipIf(process.platform !== 'linux')('an interrupted verb', () => {
  test.each([
    ['SIGINT', 130, 'kubectl'],
    ['SIGTERM', 143, 'kubectl'],
    ['SIGHUP', 129, 'kubectl'],
    ['SIGINT', 130, 'library'],
  ] as const)('prints what it has on %s, says what is missing, and leaves nothing', async (name, code, via) => {
    await using quick = await startFakeAgent({node: 'aks-1', procedures: {diff: () => clean}})
    await using slow = await startFakeAgent({node: 'aks-2', procedures: {diff: () => new Promise(() => {})}})
    await using api = await startFakeApiServer({agents: {'aks-1': quick.port, 'aks-2': slow.port}})
    const running = start(api, ['diff'], via)
    const hasAsked = (agent: FakeAgent) => agent.calls.includes('diff')
    await until(() => hasAsked(quick) && hasAsked(slow))
    // kubectl, and its guard.
    expect(processesOf(api.env.TMPDIR)).toHaveLength(via === 'kubectl' ? 2 : 0)
    running.kill(name)
    const {stdout, stderr, exitCode} = await running
    expect(stdout).toContain('node aks-1: clean')
    expect(stderr).toContain('error: node aks-2: interrupted')
    expect(exitCode).toBe(code)
    await expectNothingLeft(api)
  })

  test.each([
    {where: 'the API server does not answer', answer: () => 'never' as const},
    {where: 'the API server does not answer us', answer: () => 'never' as const, via: 'library'},
    {where: 'no token comes', answer: (_: string, path: string) => (path.endsWith('/token') ? ('never' as const) : undefined)},
  ])('ends while $where', async ({answer, via}) => {
    await using agent = await startFakeAgent({node: 'aks-1'})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}, answer})
    const running = start(api, ['translate'], via)
    await until(() => api.requests.some(request => answer('', request) === 'never'))
    running.kill('SIGINT')
    const {stderr, exitCode} = await running
    expect(stderr).toContain('error: interrupted')
    expect(exitCode).toBe(130)
    await expectNothingLeft(api)
  })

  test('ends at once the second time', async () => {
    await using agent = await startFakeAgent({node: 'aks-1', procedures: {diff: () => new Promise(() => {})}})
    await using api = await startFakeApiServer({agents: {'aks-1': agent.port}})
    const running = start(api, ['diff'])
    await until(() => agent.calls.includes('diff'))
    running.kill('SIGINT')
    running.kill('SIGINT')
    expect((await running).exitCode).toBe(130)
    await expectNothingLeft(api)
  })

  test('an error leaves nothing either', async () => {
    await using api = await startFakeApiServer({agents: {'aks-1': 1}})
    expect((await start(api, ['translate'])).exitCode).toBe(2)
    await expectNothingLeft(api)
  })
})
