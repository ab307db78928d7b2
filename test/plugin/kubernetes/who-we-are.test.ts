import {once} from 'node:events'
import {readFile, writeFile} from 'node:fs/promises'
import type {IncomingMessage, Server} from 'node:http'
import {createServer} from 'node:http'
import {type AddressInfo, connect, createServer as createTcpServer, type Socket} from 'node:net'
import {join} from 'node:path'
import type {TLSSocket} from 'node:tls'
import {afterEach, describe, expect, test, vi} from 'vitest'
import {anyShape} from '../../../plugin/kubernetes/answer-shapes.ts'
import {type ClusterApi, openClusterApi} from '../../../plugin/kubernetes/api.ts'
import type {ClusterFlags} from '../../../plugin/kubernetes/flags.ts'
import {openPortForward} from '../../../plugin/kubernetes/port-forward.ts'
import {servePortForwards} from '../../support/plugin/port-forward-server.ts'
import {startTcpServer, startTestServer, type TestServer} from '../../support/plugin/tls-server.ts'

/** Who the API server sees, and over which connections. Servers, certificates and proxies are real; kubectl is, too, where both ways are asked. */

afterEach(() => vi.unstubAllEnvs())

const ways = ['kubectl', 'library'] as const
const PATH = '/api/v1/pods'

const open = (kubeconfig: string, flags: Partial<ClusterFlags> = {}): Promise<ClusterApi> =>
  openClusterApi({kubeconfig, 'agent-namespace': 'n', via: 'library', ...flags}, AbortSignal.timeout(60_000))

async function ask(kubeconfig: string, flags: Partial<ClusterFlags> = {}): Promise<void> {
  await using api = await open(kubeconfig, flags)
  await api.get(PATH, anyShape)
}

/** Lines of a request that say who asks, sorted. */
function whoIn({rawHeaders}: IncomingMessage): string[] {
  const pairs = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : []))
  return pairs
    .filter(([name = '']) => /^(?:authorization|impersonate-)/.test(name))
    .map(pair => pair.join(': '))
    .toSorted()
}

/** A server that keeps who asked for pods: kubectl itself may ask for the version. */
async function startRecorder(
  options: Parameters<typeof startTestServer>[0] = {},
): Promise<TestServer & {readonly seen: string[][]}> {
  const seen: string[][] = []
  const server = await startTestServer({
    subject: {},
    ...options,
    listener: (request, response) => {
      const certificate = (request.socket as TLSSocket).getPeerCertificate?.().subject?.CN
      if (request.url === PATH)
        seen.push([...(certificate === undefined ? [] : [`certificate of ${String(certificate)}`]), ...whoIn(request)])
      if (options.listener) options.listener(request, response)
      else response.setHeader('audit-id', '1').end('{}')
    },
  })
  return Object.assign(server, {seen})
}

describe.each(ways)('via %s, the API server sees', via => {
  test.each<{name: string; user: object; flags?: Partial<ClusterFlags>; sees: string[]}>([
    {name: 'a token', user: {}, sees: ['authorization: Bearer secret']},
    {
      name: 'a name and a password',
      user: {token: undefined, username: 'ann', password: 'p:w'},
      sees: [`authorization: Basic ${Buffer.from('ann:p:w').toString('base64')}`],
    },
    {
      name: 'a user, a uid, groups and more in the place of our own',
      user: {as: 'bob', 'as-uid': '7', 'as-groups': ['one', 'two, three'], 'as-user-extra': {'a/b': ['x', 'y']}},
      sees: [
        'authorization: Bearer secret',
        'impersonate-extra-a%2fb: x',
        'impersonate-extra-a%2fb: y',
        'impersonate-group: one',
        'impersonate-group: two, three',
        'impersonate-uid: 7',
        'impersonate-user: bob',
      ],
    },
    {
      name: 'what flags say',
      user: {as: 'bob', 'as-groups': ['one']},
      flags: {as: 'eve', 'as-group': ['g', 'h'], 'as-uid': '8'},
      sees: [
        'authorization: Bearer secret',
        'impersonate-group: g',
        'impersonate-group: h',
        'impersonate-uid: 8',
        'impersonate-user: eve',
      ],
    },
  ])('$name', async ({user, flags = {}, sees}) => {
    await using server = await startRecorder()
    await ask(await server.kubeconfig({}, user), {...flags, via})
    expect(server.seen).toEqual([sees])
  })

  test('a certificate, from files and from the kubeconfig itself', async () => {
    await using server = await startRecorder({asksClient: true})
    const {cert, key} = await server.client('ann')
    const files = {token: undefined, 'client-certificate': 'clients/ann.crt', 'client-key': 'clients/ann.key'}
    await ask(await server.kubeconfig({}, files), {via})
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const data = {token: undefined, 'client-certificate-data': base64(cert), 'client-key-data': base64(key)}
    const ca = base64(await readFile(server.caFile, 'utf8'))
    const cluster = {'certificate-authority': undefined, 'certificate-authority-data': ca}
    await ask(await server.kubeconfig(cluster, data), {via})
    expect(server.seen).toEqual([['certificate of ann'], ['certificate of ann']])
  })

  test('names in all letters', async () => {
    await using server = await startRecorder()
    await ask(await server.kubeconfig(), {via, as: 'jürgen', 'as-group': ['Ωmega', '名']})
    const sent = server.seen.flat().map(line => Buffer.from(line, 'latin1').toString())
    expect(sent).toEqual([
      'authorization: Bearer secret',
      ...['Ωmega', '名'].map(name => `impersonate-group: ${name}`),
      'impersonate-user: jürgen',
    ])
  })

  test('us, when the authority of the kubeconfig is not the highest one', async () => {
    await using server = await startRecorder({isBelow: true})
    await ask(await server.kubeconfig(), {via})
    expect(server.seen).toEqual([['authorization: Bearer secret']])
  })

  test('no secret where anybody could read it', async () => {
    await using server = await startTestServer({
      listener: (request, response) => {
        seen.push(...whoIn(request))
        response.end('{}')
      },
    })
    const seen: string[] = []
    await ask(await server.kubeconfig(), {via})
    expect(seen).toEqual([])
  })

  test('its own name, where the kubeconfig has another', async () => {
    await using server = await startRecorder({subject: {ips: ['10.0.0.1']}})
    await ask(await server.kubeconfig({'tls-server-name': '10.0.0.1'}), {via})
    await ask(await server.kubeconfig({'insecure-skip-tls-verify': true, 'certificate-authority': undefined}), {via})
    expect(server.seen).toHaveLength(2)
  })
})

describe('files that change', () => {
  test('a token is read again', async () => {
    await using server = await startRecorder()
    const file = join(server.folder, 'token')
    await writeFile(file, 'first\n')
    await using api = await open(await server.kubeconfig({}, {token: undefined, tokenFile: 'token'}))
    await api.get(PATH, anyShape)
    await writeFile(file, 'second\n')
    await api.get(PATH, anyShape)
    // While it is replaced, the last one counts.
    await writeFile(file, '')
    await api.get(PATH, anyShape)
    expect(server.seen).toEqual(['first', 'second', 'second'].map(token => [`authorization: Bearer ${token}`]))
  })

  test('a certificate is read again', async () => {
    await using server = await startRecorder({asksClient: true})
    const [ann, bob] = [await server.client('ann'), await server.client('bob')]
    const user = {token: undefined, 'client-certificate': 'clients/ann.crt', 'client-key': 'clients/ann.key'}
    await using api = await open(await server.kubeconfig({}, user))
    await api.get(PATH, anyShape)
    await writeFile(ann.certFile, bob.cert)
    await writeFile(ann.keyFile, bob.key)
    await api.get(PATH, anyShape)
    expect(server.seen).toEqual([['certificate of ann'], ['certificate of bob']])
  })
})

test('100 port-forwards are open at once, show who we are, and requests go on beside them', async () => {
  await using server = await startRecorder()
  const who: string[][] = []
  server.server.on('upgrade', request => who.push(whoIn(request)))
  await using target = await startTcpServer(socket => socket.pipe(socket), 'tcp')
  servePortForwards(server.server as Server, () => target.port)
  await using api = await open(await server.kubeconfig())
  const signal = AbortSignal.timeout(60_000)
  const forwards = await Promise.all(
    Array.from({length: 100}, (_, index) => openPortForward(api, {namespace: 'n', name: `p${index}`, port: 1}, signal)),
  )
  await Promise.all(
    forwards.map(async (stream, index) => {
      stream.write(`hello ${index}`)
      const [answer] = (await once(stream, 'data')) as [Buffer]
      expect(answer.toString()).toBe(`hello ${index}`)
    }),
  )
  await api.get(PATH, anyShape)
  for (const stream of forwards) stream.destroy()
  expect(who).toEqual(Array.from({length: 100}, () => ['authorization: Bearer secret']))
})

describe('a login of OpenID Connect', () => {
  const tokenUntil = (exp: number) =>
    ['{}', JSON.stringify({exp}), 'x'].map(part => Buffer.from(part).toString('base64url')).join('.')
  const userWith = (config: object) => ({token: undefined, 'auth-provider': {name: 'oidc', config}})
  const issuer = {'client-id': 'me', 'idp-issuer-url': 'https://127.0.0.1:1'}

  test.each(ways)('is taken as long as its token is good: %s', async via => {
    await using server = await startRecorder()
    const token = tokenUntil(Date.now() / 1000 + 600)
    await ask(await server.kubeconfig({}, userWith({...issuer, 'id-token': token})), {via})
    expect(server.seen).toEqual([[`authorization: Bearer ${token}`]])
  })

  test.each([{...issuer, 'id-token': tokenUntil(1)}, issuer])('is told when it is not: %j', async config => {
    await using server = await startRecorder()
    const file = await server.kubeconfig({}, userWith(config))
    await expect(ask(file)).rejects.toThrow('the id-token of the kubeconfig has expired, and only kubectl refreshes it')
    await expect(ask(file, {via: 'kubectl'})).rejects.toThrow('cannot refresh without refresh-token')
  })
})

test('a certificate that is none is told, also before a proxy', async () => {
  await using server = await startRecorder()
  const user = {'client-certificate': 'kubeconfig', 'client-key': 'kubeconfig'}
  for (const cluster of [{}, {'proxy-url': 'http://127.0.0.1:1'}])
    await expect(ask(await server.kubeconfig(cluster, user))).rejects.toThrow(
      'tls: the client certificate and its key cannot be used',
    )
})

describe('connections', () => {
  test('are kept: requests one after another take one', async () => {
    await using server = await startRecorder()
    await using api = await open(await server.kubeconfig())
    for (let count = 0; count < 20; count++) await api.get(PATH, anyShape)
    expect([server.seen.length, server.connections()]).toEqual([20, 1])
  })

  test('that the server closes between requests are made anew', async () => {
    await using server = await startRecorder()
    await using api = await open(await server.kubeconfig())
    await Promise.all([1, 2, 3, 4].map(() => api.get(PATH, anyShape)))
    ;(server.server as unknown as {closeIdleConnections(): void}).closeIdleConnections()
    await api.get(PATH, anyShape)
    expect(server.seen).toHaveLength(5)
  })

  test('are at most 64 at a time, and no request is lost', async () => {
    await using server = await startRecorder()
    await using api = await open(await server.kubeconfig())
    await Promise.all(Array.from({length: 200}, () => api.get(PATH, anyShape)))
    expect(server.seen).toHaveLength(200)
    expect(server.connections()).toBeLessThanOrEqual(64)
  })
})

describe('a login program', () => {
  const V1 = 'client.authentication.k8s.io/v1'

  /** Writes one that keeps what it was told. @param status JSON of the status, or shell that prints more */
  async function program(server: TestServer, lines: string, rest: object = {}): Promise<string> {
    const script = `#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >> "$(dirname "$0")/calls"\n${lines}\n`
    await writeFile(join(server.folder, 'login'), script, {mode: 0o755})
    const exec = {apiVersion: V1, command: './login', interactiveMode: 'IfAvailable', ...rest}
    return server.kubeconfig({}, {token: undefined, exec})
  }
  const prints = (status: object, apiVersion = V1): string =>
    `cat <<'END'\n${JSON.stringify({kind: 'ExecCredential', apiVersion, status})}\nEND`
  const callsOf = async (server: TestServer) =>
    (await readFile(join(server.folder, 'calls'), 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))

  test('is run once for requests that come together, and is told what it asks for', async () => {
    await using server = await startRecorder()
    const file = await program(server, prints({token: 't'}), {provideClusterInfo: true})
    await using api = await open(file)
    await Promise.all([1, 2, 3].map(() => api.get(PATH, anyShape)))
    await api.get(PATH, anyShape)
    expect(server.seen).toEqual(Array.from({length: 4}, () => ['authorization: Bearer t']))
    const ca = (await readFile(server.caFile)).toString('base64')
    expect(await callsOf(server)).toEqual([
      {
        kind: 'ExecCredential',
        apiVersion: V1,
        spec: {cluster: {server: server.url, 'certificate-authority-data': ca}, interactive: false},
      },
    ])
  })

  test('is run again when what it gave has expired, and when the API server does not take it', async () => {
    let isRefusing = false
    await using server = await startRecorder({
      listener: (_, response) => response.writeHead(isRefusing ? 401 : 200, {'audit-id': '1'}).end('{}'),
    })
    const file = await program(server, prints({token: 't', expirationTimestamp: '2020-01-01T00:00:00Z'}))
    await using api = await open(file)
    await api.get(PATH, anyShape)
    await api.get(PATH, anyShape)
    expect(await callsOf(server)).toHaveLength(2)
    await program(server, prints({token: 'u', expirationTimestamp: '2999-01-01T00:00:00Z'}))
    await api.get(PATH, anyShape)
    await api.get(PATH, anyShape)
    expect(await callsOf(server)).toHaveLength(3)
    isRefusing = true
    await expect(api.get(PATH, anyShape)).rejects.toThrow('the API server does not know you')
    isRefusing = false
    await api.get(PATH, anyShape)
    expect(await callsOf(server)).toHaveLength(4)
  })

  // kubectl logs in before it serves.
  test('that lets people wait does not make a request wait longer than it may', async () => {
    await using server = await startRecorder()
    const file = await program(server, 'sleep 20')
    const asking = ask(file, {'request-timeout': '1s'})
    await expect(asking).rejects.toThrow('no answer of the API server within 1 s')
  })

  test('may give a certificate', async () => {
    await using server = await startRecorder({asksClient: true})
    const {cert, key} = await server.client('ann')
    await ask(await program(server, prints({clientCertificateData: cert, clientKeyData: key})))
    expect(server.seen).toEqual([['certificate of ann']])
  })

  test.each([
    {name: 'fails', lines: 'exit 3', says: 'exec: executable', more: 'failed with exit code 3'},
    {name: 'prints no JSON', lines: 'echo hello', says: 'getting credentials: ', more: 'decoding stdout'},
    {name: 'prints another version', lines: prints({token: 't'}, `${V1}beta1`), says: 'plugin returned version', more: V1},
    {name: 'has nothing', lines: prints({}), says: "exec plugin didn't return a token or cert/key pair", more: ''},
    {name: 'has half a pair', lines: prints({clientCertificateData: 'x'}), says: 'only certificate or key, not both', more: ''},
    {
      name: 'wants a terminal',
      lines: prints({token: 't'}),
      rest: {interactiveMode: 'Always'},
      says: 'exec plugin cannot support interactive mode',
      more: '',
    },
    {
      name: 'is missing',
      lines: '',
      rest: {command: 'no-such-login', installHint: 'Ask Bob.'},
      says: 'not found',
      more: 'Ask Bob.',
    },
  ])('that $name is told in the words of kubectl', async ({lines, rest = {}, says, more}) => {
    await using server = await startRecorder()
    const file = await program(server, lines, rest)
    for (const via of ways) {
      const error = await ask(file, {via}).catch((thrown: Error) => thrown.message)
      expect(error).toContain('the login program of the kubeconfig failed: getting credentials: ')
      expect(error).toContain(says)
      expect(error).toContain(more)
    }
    expect(server.seen).toEqual([])
  })
})

describe('a proxy', () => {
  /** One that passes on what it is asked for by CONNECT to this machine, whichever name it is asked for. */
  async function startProxy(target: number) {
    const asked: string[] = []
    const sockets = new Set<Socket>()
    const proxy = createServer()
    proxy.on('connect', ({url = '', headers}, client) => {
      asked.push([url, headers['proxy-authorization']].filter(Boolean).join(' '))
      const upstream = connect(target, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
      client.pipe(upstream).pipe(client)
      for (const each of [client as Socket, upstream]) sockets.add(each.on('error', () => each.destroy()))
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const close = async () => {
      for (const each of sockets) each.destroy()
      await new Promise(resolve => proxy.close(resolve))
    }
    return {asked, port: (proxy.address() as AddressInfo).port, [Symbol.asyncDispose]: close}
  }

  /** Requests share a connection through the proxy, and a port-forward takes it, or one of its own. */
  async function expectKeptAndForwarded(server: TestServer, kubeconfig: string, asked: readonly string[]): Promise<void> {
    await using target = await startTcpServer(socket => socket.pipe(socket), 'tcp')
    servePortForwards(server.server as Server, () => target.port)
    const before = asked.length
    await using api = await open(kubeconfig)
    for (let count = 0; count < 3; count++) await api.get(PATH, anyShape)
    expect(asked.length - before).toBe(1)
    const stream = await openPortForward(api, {namespace: 'n', name: 'p', port: 1}, AbortSignal.timeout(10_000))
    stream.write('hello')
    expect(String((await once(stream, 'data'))[0])).toBe('hello')
    stream.destroy()
  }

  const far = {server: 'https://10.255.255.1:6443', 'tls-server-name': '127.0.0.1'}

  test.each(ways)('of the kubeconfig is taken, also for this machine, with a name and a password: %s', async via => {
    await using server = await startRecorder()
    await using proxy = await startProxy(server.port)
    const url = `http://me:p%40ss@127.0.0.1:${proxy.port}`
    await ask(await server.kubeconfig({...far, 'proxy-url': url}), {via})
    await ask(await server.kubeconfig({'proxy-url': url}), {via})
    if (via === 'library') await expectKeptAndForwarded(server, await server.kubeconfig({'proxy-url': url}), proxy.asked)
    const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
    expect(new Set(proxy.asked)).toEqual(new Set([`10.255.255.1:6443 ${basic}`, `127.0.0.1:${server.port} ${basic}`]))
    expect(server.seen.length).toBeGreaterThanOrEqual(2)
  })

  test.each(ways)('of the environment is taken, but not for this machine and what NO_PROXY has: %s', async via => {
    await using server = await startRecorder()
    await using proxy = await startProxy(server.port)
    vi.stubEnv('HTTPS_PROXY', `127.0.0.1:${proxy.port}`)
    await ask(await server.kubeconfig(far), {via})
    await ask(await server.kubeconfig(), {via})
    expect(new Set(proxy.asked)).toEqual(new Set(['10.255.255.1:6443']))
    expect(server.seen).toHaveLength(2)
    vi.stubEnv('NO_PROXY', '10.0.0.0/8')
    proxy.asked.length = 0
    await ask(await server.kubeconfig(far), {via, 'request-timeout': '200ms'}).catch(() => {})
    expect(proxy.asked).toEqual([])
  })

  test.each(ways)('of kind SOCKS resolves the name itself: %s', async via => {
    await using server = await startRecorder()
    const asked: string[] = []
    const sockets = new Set<Socket>()
    const proxy = createTcpServer(client => {
      sockets.add(client.on('error', () => {}))
      client.once('data', () => {
        client.write(Buffer.of(5, 0))
        client.once('data', (request: Buffer) => {
          // Version, CONNECT, 0, kind of address: 3 is a name, whose length is next.
          asked.push(request[3] === 3 ? request.subarray(5, 5 + (request[4] as number)).toString() : `kind ${request[3]}`)
          client.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
          const upstream = connect(server.port, '127.0.0.1')
          sockets.add(upstream.on('error', () => {}))
          client.pipe(upstream).pipe(client)
        })
      })
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const url = `socks5://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const cluster = {...far, server: 'https://api.nowhere.invalid:6443', 'proxy-url': url}
    await ask(await server.kubeconfig(cluster), {via})
    if (via === 'library') await expectKeptAndForwarded(server, await server.kubeconfig(cluster), asked)
    for (const each of sockets) each.destroy()
    proxy.close()
    expect(new Set(asked)).toEqual(new Set(['api.nowhere.invalid']))
    expect(server.seen.length).toBeGreaterThanOrEqual(1)
  })
})
