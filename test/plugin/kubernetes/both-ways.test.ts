import {createServer} from 'node:http'
import {afterEach, describe, expect, test, vi} from 'vitest'
import {anyShape} from '../../../plugin/kubernetes/answer-shapes.ts'
import {openClusterApi} from '../../../plugin/kubernetes/api.ts'
import type {ClusterFlags} from '../../../plugin/kubernetes/flags.ts'
import {refusal} from '../../support/plugin/fake-api-server.ts'
import {startTcpServer, startTestServer, type TestServer} from '../../support/plugin/tls-server.ts'

/**
 * What goes wrong between here and the API server is told alike, whichever the way is. kubectl is real, so its words are what ours are
 * measured by.
 */

afterEach(() => vi.unstubAllEnvs())

const PATH = '/api/v1/namespaces/kubectl-npm/pods'

/** What a person is told about one request by each of the two ways. */
async function told(kubeconfig: string, more: Partial<ClusterFlags> = {}): Promise<{kubectl: string; library: string}> {
  const ask = async (via: 'kubectl' | 'library') => {
    const flags = {kubeconfig, 'agent-namespace': 'kubectl-npm', via, ...more}
    try {
      await using api = await openClusterApi(flags, AbortSignal.timeout(60_000))
      return JSON.stringify(await api.get(PATH, anyShape))
    } catch (error) {
      const {message, steps = []} = error as Error & {steps?: readonly string[]}
      return [message.replace(/^(?:kubectl|kubeconfig): /, ''), ...steps].join('\n')
    }
  }
  const [kubectl, library] = await Promise.all([ask('kubectl'), ask('library')])
  return {kubectl, library}
}

const secure = (options: Parameters<typeof startTestServer>[0] = {}) => startTestServer({subject: {}, ...options})

describe('a connection that does not come about', () => {
  test.each<{
    name: string
    server: () => Promise<TestServer>
    cluster?: {readonly server?: string; readonly [field: string]: unknown}
    says: string
  }>([
    {
      name: 'nobody listens',
      server: secure,
      cluster: {server: 'https://127.0.0.1:1'},
      says: 'the API server cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused',
    },
    {
      name: 'a certificate of an authority that nobody knows',
      server: secure,
      cluster: {'certificate-authority': undefined},
      says: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    },
    {
      name: 'a certificate for another address',
      server: () => secure({subject: {ips: ['10.0.0.1']}}),
      says: 'x509: certificate is valid for 10.0.0.1, not 127.0.0.1',
    },
    {
      name: 'a certificate of yesterday',
      server: () => secure({subject: {isExpired: true}}),
      says: 'x509: certificate has expired or is not yet valid',
    },
    {
      name: 'plain HTTP where TLS is expected',
      server: () => startTestServer({listener: (_, response) => response.end('hello')}),
      cluster: {server: 'HTTPS'},
      says: 'tls: first record does not look like a TLS handshake',
    },
    {
      name: 'an end in place of an answer',
      server: () => startTcpServer(socket => socket.once('data', () => socket.end()), 'http'),
      says: 'the API server cannot be reached: EOF',
    },
    {
      name: 'a proxy that is not there',
      server: secure,
      cluster: {'proxy-url': 'http://127.0.0.1:1'},
      says: 'the API server cannot be reached: proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused',
    },
    {
      name: 'a SOCKS proxy that is not there',
      server: secure,
      cluster: {'proxy-url': 'socks5://127.0.0.1:1'},
      says: 'proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused',
    },
  ])('$name', async ({server, cluster, says}) => {
    await using it = await server()
    const url = cluster?.server === 'HTTPS' ? {server: `https://127.0.0.1:${it.port}`} : {}
    const {kubectl, library} = await told(await it.kubeconfig({...cluster, ...url}))
    expect(kubectl).toMatch(says)
    // kubectl says besides what time it is.
    const plain = (text: string) => text.replace(/(not yet valid).*/, '$1')
    expect(plain(library)).toBe(plain(kubectl))
  })

  test('a proxy that asks who is there', async () => {
    await using it = await secure()
    const proxy = createServer()
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n'))
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const {port} = proxy.address() as {port: number}
    const {kubectl, library} = await told(await it.kubeconfig({'proxy-url': `http://127.0.0.1:${port}`}))
    proxy.close()
    expect(kubectl).toContain('Proxy Authentication Required')
    expect(library).toBe(kubectl)
  })

  test('no answer in time', async () => {
    await using it = await secure({listener: () => {}})
    const {kubectl, library} = await told(await it.kubeconfig(), {'request-timeout': '300ms'})
    expect(kubectl).toContain('no answer of the API server within 0.3 s')
    expect(library).toBe(kubectl)
  })
})

describe('an answer', () => {
  const answering = (status: number, body: string, headers: Record<string, string> = {'audit-id': '1'}) =>
    secure({listener: (_, response) => response.writeHead(status, headers).end(body)})

  test.each([
    refusal(401, 'Unauthorized', 'Unauthorized'),
    refusal(403, 'Forbidden', 'pods is forbidden: User "alice" cannot list resource "pods" in API group ""'),
    refusal(404, 'NotFound', 'pods "x" not found'),
    refusal(409, 'Conflict', 'the object has been modified'),
    refusal(410, 'Expired', 'The provided continue parameter is too old'),
    refusal(429, 'TooManyRequests', 'too many requests'),
    refusal(500, 'InternalError', 'etcdserver: request timed out'),
  ])('$status of the API server', async ({status = 0, body}) => {
    const headers = {'audit-id': '1', 'content-type': 'application/json', 'retry-after': '0'}
    await using it = await answering(status, JSON.stringify(body), headers)
    const {kubectl, library} = await told(await it.kubeconfig())
    expect(kubectl).toContain((body as {message: string}).message)
    expect(library).toBe(kubectl)
  })

  test.each([429, 503])('%i with a time is waited for, and asked for again', async status => {
    let asked = 0
    await using it = await secure({
      listener: ({url}, response) => {
        // kubectl proxy asks something of its own.
        const isBusy = url === PATH && ++asked % 3 !== 0
        const headers = {'audit-id': '1', 'content-type': 'application/json', ...(isBusy && {'retry-after': '0'})}
        response.writeHead(isBusy ? status : 200, headers).end('{"items":[]}')
      },
    })
    const kubeconfig = await it.kubeconfig()
    for (const via of ['kubectl', 'library'] as const) {
      const said: string[] = []
      await using api = await openClusterApi({kubeconfig, 'agent-namespace': 'kubectl-npm', via}, AbortSignal.timeout(60_000), {
        say: text => said.push(text),
      })
      expect(await api.get(PATH, anyShape)).toEqual({items: []})
      const busy = `waiting: the API server is busy (HTTP status ${status}) and asks to be asked again in 0 s\n`
      expect(said).toEqual([busy, busy])
    }
  })

  test.each([
    {
      name: 'of something before it',
      status: 503,
      body: 'upstream connect error',
      type: 'text/plain',
      says: 'upstream connect error',
    },
    {
      name: 'that is a page',
      status: 200,
      body: '<html>Log in</html>',
      type: 'text/html',
      says: 'not one of a Kubernetes API server',
    },
    {name: 'that leads elsewhere', status: 302, body: 'moved', type: 'text/html', says: 'not one of a Kubernetes API server'},
  ])('$name', async ({status, body, type, says}) => {
    await using it = await answering(status, body, {'content-type': type, location: '/login'})
    const {kubectl, library} = await told(await it.kubeconfig())
    expect(kubectl).toContain(says)
    expect(library).toBe(kubectl)
  })
})

describe('a kubeconfig that leads nowhere', () => {
  test.each<{name: string; cluster?: object; user?: object; flags?: Partial<ClusterFlags>; says: string}>([
    {name: 'a context', flags: {context: 'nope'}, says: 'context "nope" does not exist'},
    {name: 'a cluster', flags: {cluster: 'nope'}, says: 'cluster "nope" does not exist'},
    {name: 'a user', flags: {user: 'nope'}, says: 'auth info "nope" does not exist'},
    {name: 'a group without a user', flags: {'as-group': ['g']}, says: 'without impersonating a user'},
    {name: 'an authority', cluster: {'certificate-authority': 'nope'}, says: 'unable to read certificate-authority'},
    {
      name: 'an authority that nobody asks',
      cluster: {'insecure-skip-tls-verify': true},
      says: 'specifying a root certificates file with the insecure flag is not allowed',
    },
    {name: 'a certificate', user: {'client-certificate': 'nope', 'client-key': 'ca.crt'}, says: 'unable to read client-cert'},
    {
      name: 'a certificate without its key',
      user: {'client-certificate': 'ca.crt'},
      says: 'client-key-data or client-key must be',
    },
    {
      name: 'two authorities',
      cluster: {'certificate-authority-data': 'eA=='},
      says: 'certificate-authority are both specified for c',
    },
    {
      name: 'two certificates',
      user: {'client-certificate': 'ca.crt', 'client-certificate-data': 'eA==', 'client-key': 'ca.crt'},
      says: 'client-cert-data and client-cert are both specified for u',
    },
    {name: 'two ways to log in', user: {username: 'a', password: 'b'}, says: 'found [token basicAuth], only one is allowed'},
    {name: 'a token file', user: {token: undefined, tokenFile: 'nope'}, says: 'nope: no such file or directory'},
    {name: 'a cloud', user: {'auth-provider': {name: 'cloud'}}, says: 'no Auth Provider found for name "cloud"'},
    {name: 'a proxy', cluster: {'proxy-url': 'ftp://x'}, says: 'unsupported scheme "ftp", must be http, https, or socks5'},
    {name: 'a program', user: {exec: {command: 'x'}}, says: 'must be specified for u to use exec authentication plugin'},
    {
      name: 'an old program',
      user: {exec: {command: 'x', apiVersion: 'client.authentication.k8s.io/v1alpha1'}},
      says: 'exec plugin: invalid apiVersion "client.authentication.k8s.io/v1alpha1"',
    },
  ])('$name', async ({cluster = {}, user = {}, flags = {}, says}) => {
    await using it = await secure()
    const {kubectl, library} = await told(await it.kubeconfig(cluster, user), flags)
    expect(kubectl).toContain(says)
    expect(library).toContain(says)
  })

  test.each(['a: [', 'hello', '{"clusters": [{"name": "c", "cluster": {"server": 12}}]}'])('a file with %s', async content => {
    const {writeFile} = await import('node:fs/promises')
    await using it = await secure()
    const file = await it.kubeconfig()
    await writeFile(file, content)
    const {kubectl, library} = await told(file)
    expect(kubectl).toContain(`error loading config file "${file}": `)
    expect(library).toContain(`error loading config file "${file}": `)
  })
})
