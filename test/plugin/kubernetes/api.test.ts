import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {anyShape} from '../../../plugin/kubernetes/answer-shapes.ts'
import {openClusterApi} from '../../../plugin/kubernetes/api.ts'
import {startKubectlProxy} from '../../../plugin/kubernetes/kubectl-proxy.ts'
import {kubeconfigFor, startFakeApiServer} from '../../support/plugin/fake-api-server.ts'

const never = new AbortController().signal
const flagsFor = (kubeconfig: string, via?: 'kubectl' | 'library') => ({kubeconfig, 'agent-namespace': 'kubectl-npm', via})

describe('where Node knows no unix sockets', () => {
  test('the API is on a port, below a path that nobody can guess', async () => {
    await using api = await startFakeApiServer({agents: {}})
    await using proxy = await startKubectlProxy(flagsFor(api.env.KUBECONFIG), never, {usePort: true})
    const {host, port, prefix} = proxy.address
    expect(prefix).toMatch(/^\/[\w-]{32}$/)
    const path = '/api/v1/namespaces/kubectl-npm/pods'
    expect((await fetch(`http://${host}:${port}${prefix}${path}`)).status).toBe(200)
    for (const guess of [path, `/${path}`, `/api${prefix}${path}`, `${prefix.slice(0, -1)}${path}`])
      expect((await fetch(`http://${host}:${port}${guess}`)).status).toBe(404)
    // kubectl itself may have asked for the server's version.
    expect(api.requests.filter(request => request !== 'GET /version')).toEqual([`GET ${path}`])
  })
})

describe.each(['kubectl', 'library'] as const)('an answer, via %s', via => {
  test('brings its warnings along', async () => {
    const server = createServer((_request, response) => {
      response
        .setHeader('audit-id', '1')
        .setHeader('warning', ['299 - "would violate \\"baseline\\": a, b"', '299 - "second"'])
        .end('{}')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-test-'))
    const file = join(folder, 'kubeconfig')
    writeFileSync(file, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
    try {
      await using api = await openClusterApi(flagsFor(file, via), never)
      const {warnings} = await api.request('PATCH', '/apis/apps/v1/namespaces/a/daemonsets/b', {body: {}})
      expect(warnings).toEqual(['would violate "baseline": a, b', 'second'])
    } finally {
      server.closeAllConnections()
      server.close()
      rmSync(folder, {recursive: true})
    }
  })

  test('of a server behind a path is found', async () => {
    await using api = await startFakeApiServer({agents: {}, answer: (_method, path) => ({body: {path}})})
    writeFileSync(api.env.KUBECONFIG, kubeconfigFor(`${api.url}/k8s/clusters/c-1`))
    await using client = await openClusterApi(flagsFor(api.env.KUBECONFIG, via), never)
    expect(await client.get('/api/v1/pods', anyShape)).toEqual({path: '/k8s/clusters/c-1/api/v1/pods'})
  })
})
