import {existsSync} from 'node:fs'
import {expect, test} from 'vitest'
import {describeControlPlane} from '../support/cluster/describe.ts'
import {startOwner} from '../support/cluster/owner.ts'
import {commandLinesWith} from '../support/cluster/traces.ts'
import {startControlPlane, workloadControllers} from './lab/control-plane.ts'
import {until} from './lab/wait.ts'

describeControlPlane('a control plane', () => {
  test('knows its users, notes what they ask, and keeps its objects over a crash', async () => {
    await using cluster = await startControlPlane()
    const kubeconfig = await cluster.kubeconfigFor('alice')
    const refused = await cluster.kubectl(['get', 'namespaces'], {kubeconfig, allowFailure: true})
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('User "alice" cannot list resource "namespaces"'),
    })
    await expect(cluster.kubeconfigFor('mallory')).rejects.toThrow('no user mallory here; there are admin, alice')

    await cluster.kubectl(['create', 'namespace', 'kept'])
    await cluster.stopServer()
    const gone = await cluster.kubectl(['get', 'namespaces'], {allowFailure: true})
    expect(gone).toMatchObject({exitCode: 1, stderr: expect.stringContaining('refused')})
    await cluster.startServer()
    await cluster.restart()
    expect((await cluster.kubectl(['get', 'namespace', 'kept', '-o', 'name'])).stdout).toBe('namespace/kept\n')

    const asked = (await cluster.auditLines()).filter(({user}) => user.username === 'alice')
    expect(asked.map(({verb, objectRef, responseStatus}) => [verb, objectRef?.resource, responseStatus?.code])).toContainEqual([
      'list',
      'namespaces',
      403,
    ])
  })

  test('notes requests about tokens and rights with their bodies, others without', async () => {
    await using cluster = await startControlPlane()
    await cluster.kubectl(['create', 'serviceaccount', 'reader'])
    const token = await cluster.kubectl(['create', 'token', 'reader', '--audience', 'somebody'])
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: {token: token.stdout, audiences: ['somebody']},
    }
    const answer = await cluster.api.request('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review)
    expect(answer).toMatchObject({status: {authenticated: true, audiences: ['somebody']}})
    const events = await until('all requests are noted', async () => {
      const found = (await cluster.auditLines()).filter(
        ({verb, objectRef}) => verb === 'create' && objectRef?.resource !== undefined,
      )
      return found.some(({objectRef}) => objectRef?.resource === 'tokenreviews') && found
    })
    const bodies = events.map(({level, objectRef, requestObject}) => [
      [objectRef?.resource, objectRef?.subresource].join('/'),
      level,
      requestObject !== undefined,
    ])
    expect(bodies).toContainEqual(['serviceaccounts/token', 'RequestResponse', true])
    expect(bodies).toContainEqual(['tokenreviews/', 'RequestResponse', true])
    expect(bodies).toContainEqual(['serviceaccounts/', 'Metadata', false])
  })

  test('runs controllers when asked: a namespace gets its default account, and goes away when deleted', async () => {
    await using cluster = await startControlPlane({controllers: workloadControllers})
    await cluster.kubectl(['create', 'namespace', 'short-lived'])
    await until('the account is there', () =>
      cluster.api.request('GET', '/api/v1/namespaces/short-lived/serviceaccounts/default'),
    )
    await cluster.kubectl(['delete', 'namespace', 'short-lived', '--wait', '--timeout', '60s'])
  })

  test('says why a program of it did not start', async () => {
    await expect(startControlPlane({apiServerFlags: ['--no-such-flag']})).rejects.toThrow(
      /kube-apiserver ended by exit code 1.*unknown flag: --no-such-flag/s,
    )
  })

  test('ends without a trace', async () => {
    const cluster = await startControlPlane()
    expect(await commandLinesWith(cluster.folder)).not.toEqual([])
    await cluster[Symbol.asyncDispose]()
    expect(await commandLinesWith(cluster.folder)).toEqual([])
    expect(existsSync(cluster.folder)).toBe(false)
  })

  test('ends without a trace when its owner is killed', async () => {
    const owner = await startOwner(
      "const {startControlPlane} = await import('./test/cluster/lab/control-plane.ts'); const cluster = await startControlPlane()",
    )
    expect(await commandLinesWith(owner.folder)).not.toEqual([])
    await owner.kill()
    await until('all is gone', async () => !existsSync(owner.folder) && (await commandLinesWith(owner.folder)).length === 0)
  })
})
