import {once} from 'node:events'
import {createServer, type Server} from 'node:http'
import {type AddressInfo, connect, createServer as createTcpServer, type Socket} from 'node:net'
import {afterEach, describe, expect, test, vi} from 'vitest'
import {anyShape} from '../../../plugin/kubernetes/answer-shapes.ts'
import {openPortForward} from '../../../plugin/kubernetes/port-forward.ts'
import {servePortForwards} from '../../support/plugin/port-forward-server.ts'
import {ask, open, PATH, startRecorder, ways, whoIn} from '../../support/plugin/request-recorder.ts'
import {startTcpServer, type TestServer} from '../../support/plugin/tls-server.ts'

/** Over which connections the API server is reached. Servers and proxies are real; kubectl is, too, where both ways are asked. */

afterEach(() => vi.unstubAllEnvs())

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
