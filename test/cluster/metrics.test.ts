import {once} from 'node:events'
import type {IncomingMessage} from 'node:http'
import {request} from 'node:https'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {METRICS_AUDIENCE} from '../../core/contract/agent.ts'
import {renderManifests} from '../../plugin/install/render.ts'
import {type AgentProcess, startAgent} from '../support/cluster/agent-process.ts'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {type ControlPlane, startControlPlane} from './lab/control-plane.ts'
import {until} from './lab/wait.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BASE = join(ROOT, 'manifests/base')

describeControlPlane('metrics of an agent, and a real API server that says who may have them', () => {
  let cluster: ControlPlane
  let agent: AgentProcess
  let port: number

  beforeAll(async () => {
    cluster = await startControlPlane()
    await cluster.kubectl(['apply', '-k', BASE])
    await cluster.kubectl(['create', 'namespace', 'monitoring'])
    for (const account of ['prometheus', 'stranger'])
      await cluster.kubectl(['create', 'serviceaccount', account, '-n', 'monitoring'])
    const binding = ['create', 'clusterrolebinding', 'scrapers', '--clusterrole=kubectl-npm-metrics']
    await cluster.kubectl([...binding, '--serviceaccount=monitoring:prometheus'])
    agent = await startAgent(cluster, 'node1', ['--metrics-listen', '127.0.0.1:0'])
    port = await until('metrics are served', async () => {
      const line = agent
        .log()
        .split('\n')
        .find(each => each.includes('Metrics are served'))
      return line !== undefined && (JSON.parse(line) as {port: number}).port
    })
  })
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })

  const tokenOf = async (account: string, ...flags: string[]): Promise<string> =>
    (await cluster.kubectl(['create', 'token', account, '-n', 'monitoring', ...flags])).stdout.trim()

  async function scrape(token: string | undefined, path = '/node-metrics'): Promise<{status: number | undefined; text: string}> {
    const headers = token === undefined ? {} : {authorization: `Bearer ${token}`}
    const sent = request({host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, headers}).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return {status: response.statusCode, text: Buffer.concat((await response.toArray()) as Buffer[]).toString()}
  }

  test.each([
    {name: 'its own, for the API server', flags: []},
    {name: 'one for metrics alone', flags: ['--audience', METRICS_AUDIENCE]},
  ])('an account that is bound to the role reads both pages with a token: $name', async ({flags}) => {
    const token = await tokenOf('prometheus', ...flags)
    expect(await scrape(token)).toMatchObject({status: 200, text: expect.stringContaining('npm_agent_info')})
    expect(await scrape(token, '/cluster-metrics')).toMatchObject({status: 200})
  })

  test('a token for metrics alone opens nothing of the API server', async () => {
    const token = await tokenOf('prometheus', '--audience', METRICS_AUDIENCE)
    const review = {apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: {token}}
    const answer = await cluster.api.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review)
    expect(answer).toMatchObject({status: {error: expect.stringContaining('audience')}})
    expect(answer).not.toMatchObject({status: {authenticated: true}})
  })

  test('it takes what install --metrics applies, and the Service beside it', async () => {
    const objects = await renderManifests(ROOT, {namespace: 'kubectl-npm', metrics: {auth: 'token', lite: false}})
    const applied = ['apply', '--server-side', '--dry-run=server', '--force-conflicts']
    const {stdout} = await cluster.kubectl([...applied, '-f', '-'], {
      input: JSON.stringify({apiVersion: 'v1', kind: 'List', items: objects}),
    })
    expect(stdout).toContain('daemonset.apps/npm-agent serverside-applied')
    expect(stdout).toContain('clusterrole.rbac.authorization.k8s.io/kubectl-npm-metrics serverside-applied')
    const service = await cluster.kubectl([...applied, '-f', join(ROOT, 'manifests/monitoring/agent-service.yaml')])
    expect(service.stdout).toContain('service/npm-agent-metrics serverside-applied')
  })

  test('nobody else gets anything', async () => {
    expect(await scrape(undefined)).toMatchObject({status: 401})
    expect(await scrape(await tokenOf('stranger'))).toMatchObject({
      status: 403,
      text: expect.stringContaining('system:serviceaccount:monitoring:stranger may not get /node-metrics'),
    })
    expect(await scrape(await tokenOf('prometheus', '--audience', 'vault'))).toMatchObject({status: 401})
    const token = await tokenOf('prometheus')
    expect(await scrape(`${token.slice(0, -8)}AAAAAAAA`)).toMatchObject({
      status: 401,
      text: expect.stringContaining('not signed'),
    })
    expect(agent.log()).not.toContain(token)
  })
})
