import {once} from 'node:events'
import {writeFile} from 'node:fs/promises'
import type {IncomingMessage, RequestListener, ServerResponse} from 'node:http'
import {createServer} from 'node:https'
import {type AddressInfo, createServer as createTcpServer, type Socket} from 'node:net'
import {join} from 'node:path'
import type {TLSSocket} from 'node:tls'
import {gzipSync} from 'node:zlib'
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import {readAccessInPod} from '../../../agent/kubernetes/access.ts'
import {type ApiServer, ApiServerError} from '../../../agent/kubernetes/api-server.ts'
import {connect} from '../../../agent/kubernetes/open-api-server.ts'
import {type Authority, makeAuthority} from '../../support/agent/certificates.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

let folder: TemporaryFolder
let authority: Authority
let other: Authority
beforeAll(async () => {
  folder = await temporaryFolder()
  authority = await makeAuthority(join(folder.path, 'one'))
  other = await makeAuthority(join(folder.path, 'two'))
})
afterAll(() => folder[Symbol.asyncDispose]())

/** An https server with a certificate of `authority`, as a pod sees it. */
async function openPod(listener: RequestListener, now?: () => number) {
  const mounted = await temporaryFolder()
  const write = async (file: 'token' | 'ca.crt', text: string) => writeFile(join(mounted.path, file), text)
  await write('token', 'first')
  await write('ca.crt', authority.ca)
  const server = createServer(await authority.server(), listener)
  let connections = 0
  server.on('secureConnection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = String((server.address() as AddressInfo).port)
  const env = {KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port}
  return {
    api: await connect(readAccessInPod(env, mounted.path), now),
    server,
    write,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await mounted[Symbol.asyncDispose]()
    },
  }
}

const json = (response: ServerResponse, value: unknown, status = 200) => {
  response.statusCode = status
  response.end(JSON.stringify(value))
}
const never = new AbortController().signal
const failureOf = async (promise: Promise<unknown>): Promise<ApiServerError> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(ApiServerError)
  return error as ApiServerError
}
async function linesOf(api: ApiServer, path = '/watch'): Promise<string[]> {
  const lines: string[] = []
  for await (const line of api.lines(path, never)) lines.push(line)
  return lines
}

describe('requests', () => {
  test('come with the token over one kept connection', async () => {
    const seen: (string | undefined)[] = []
    await using pod = await openPod((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
      json(response, {n: seen.length})
    })
    expect(await pod.api.get('/api/v1/pods?limit=1')).toEqual({n: 1})
    expect(await pod.api.get('/version')).toEqual({n: 2})
    expect(seen).toEqual(['GET /api/v1/pods?limit=1 Bearer first', 'GET /version Bearer first'])
    expect(pod.connections()).toBe(1)
  })

  test('send JSON and read compressed answers', async () => {
    await using pod = await openPod((request, response) => {
      void bodyOf(request).then(body => {
        response.setHeader('Content-Encoding', 'gzip')
        response.end(gzipSync(JSON.stringify({got: JSON.parse(body), type: request.headers['content-type']})))
      })
    })
    expect(await pod.api.post('/apis/reviews', {spec: 'ü'})).toEqual({got: {spec: 'ü'}, type: 'application/json'})
  })

  test('are refused in the words of the server, without what was sent', async () => {
    await using pod = await openPod((_, response) =>
      json(response, {kind: 'Status', message: 'pods is forbidden', reason: 'Forbidden'}, 403),
    )
    const error = await failureOf(pod.api.get('/api/v1/pods?continue=secret'))
    expect(error).toMatchObject({status: 403, reason: 'Forbidden', message: expect.stringContaining('pods is forbidden')})
    expect(error.message).toContain('GET /api/v1/pods')
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toMatch(/secret|first/)
  })

  test.each([
    {answer: 'no JSON', respond: (response: ServerResponse) => response.end('<html>'), reason: 'BAD_ANSWER'},
    {
      answer: 'a broken archive',
      respond: (response: ServerResponse) => response.setHeader('Content-Encoding', 'gzip').end('no archive at all'),
      reason: 'Z_DATA_ERROR',
    },
    {
      answer: 'half an answer',
      respond: (response: ServerResponse) => {
        response.setHeader('Content-Length', 100)
        response.write('{', () => response.destroy())
      },
      reason: 'ECONNRESET',
    },
    {
      answer: 'half a compressed answer',
      respond: (response: ServerResponse) => {
        response.setHeader('Content-Encoding', 'gzip')
        response.write(gzipSync('{"a":1}').subarray(0, 12), () => response.destroy())
      },
      reason: 'ECONNRESET',
    },
    {
      answer: 'more than 64 MiB, compressed to little',
      respond: (response: ServerResponse) =>
        response.setHeader('Content-Encoding', 'gzip').end(gzipSync(Buffer.alloc(70 * 1024 ** 2, 32))),
      reason: 'TOO_LARGE',
    },
  ])('answered with $answer fail', async ({respond, reason}) => {
    await using pod = await openPod((_, response) => {
      respond(response)
    })
    expect(await failureOf(pod.api.get('/api/v1/pods'))).toMatchObject({status: 0, reason})
  })

  test('fail when nobody listens', async () => {
    const pod = await openPod((_, response) => json(response, {}))
    await pod[Symbol.asyncDispose]()
    const error = await failureOf(pod.api.get('/version'))
    expect(error).toMatchObject({status: 0, reason: 'ECONNREFUSED', message: expect.stringContaining('https://127.0.0.1:')})
  })

  test('end with the reason of who ends them', async () => {
    const controller = new AbortController()
    await using pod = await openPod(() => controller.abort(new Error('enough')))
    await expect(pod.api.get('/version', controller.signal)).rejects.toThrow('enough')
    await expect(pod.api.get('/version', controller.signal)).rejects.toThrow('enough')
  })

  test('fail after ten seconds when somebody listens, and shakes no hands', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const api = await connect(async () => ({server: url, tls: {}}))
    vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']})
    try {
      const failure = failureOf(api.get('/a'))
      const [socket] = (await once(server, 'connection')) as [Socket]
      await vi.advanceTimersByTimeAsync(10_000)
      expect(await failure).toMatchObject({status: 0, reason: 'TIMEOUT', message: expect.stringContaining('for 10 s')})
      socket.destroy()
    } finally {
      vi.useRealTimers()
      server.close()
    }
  })

  test('are sent again when a kept connection turns out to be closed', async () => {
    // Answers the first request of a connection, and takes the second one as a server does that closes just then.
    const sockets: Socket[] = []
    const server = createTcpServer(socket => {
      sockets.push(socket)
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
        socket.once('data', () => socket.destroy())
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const api = await connect(async () => ({server: url, tls: {}}))
    expect(await api.get('/a')).toEqual({})
    expect(await api.post('/b', {})).toEqual({})
    expect(sockets).toHaveLength(2)
    for (const socket of sockets) socket.destroy()
    server.close()
  })
})

describe('credentials', () => {
  const allow =
    (token: string): RequestListener =>
    (request, response) =>
      request.headers.authorization === `Bearer ${token}` ? json(response, {}) : json(response, {message: 'Unauthorized'}, 401)

  test('are read again after a 401', async () => {
    await using pod = await openPod(allow('second'))
    expect(await failureOf(pod.api.get('/version'))).toMatchObject({status: 401})
    await pod.write('token', 'second\n')
    expect(await pod.api.get('/version')).toEqual({})
    // One that works is not read again before its time.
    await pod.write('token', 'first')
    expect(await pod.api.get('/version')).toEqual({})
  })

  test('are read again when they are older than a minute', async () => {
    let time = 0
    const tokens: (string | undefined)[] = []
    await using pod = await openPod(
      (request, response) => {
        tokens.push(request.headers.authorization)
        json(response, {})
      },
      () => time,
    )
    await pod.api.get('/version')
    await pod.write('token', 'second')
    time = 60_000
    await pod.api.get('/version')
    time = 60_001
    await pod.api.get('/version')
    expect(tokens).toEqual(['Bearer first', 'Bearer first', 'Bearer second'])
  })

  test('know a new authority of the cluster after a handshake that failed', async () => {
    await using pod = await openPod((_, response) => json(response, {}))
    await pod.api.get('/version')
    pod.server.setSecureContext(await other.server())
    pod.server.closeAllConnections()
    const error = await failureOf(pod.api.get('/version'))
    expect(error).toMatchObject({status: 0, reason: expect.stringMatching(/UNABLE_TO|SELF_SIGNED|CERT/)})
    await pod.write('ca.crt', other.ca)
    expect(await pod.api.get('/version')).toEqual({})
  })

  test('may be a client certificate', async () => {
    const server = createServer({...(await authority.server()), ca: authority.ca, requestCert: true}, (request, response) => {
      const {socket} = request as IncomingMessage & {socket: TLSSocket}
      json(response, {name: socket.authorized && socket.getPeerCertificate().subject.CN})
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const {port} = server.address() as AddressInfo
    const tls = {ca: authority.ca, ...(await authority.client('agent'))}
    const api = await connect(async () => ({server: new URL(`https://127.0.0.1:${port}`), tls}))
    expect(await api.get('/version')).toEqual({name: 'agent'})
    server.close()
    server.closeAllConnections()
  })
})

describe('lines', () => {
  const answerWith = (...pieces: (string | Buffer)[]) =>
    openPod((_, response) => {
      void (async () => {
        for (const piece of pieces) {
          response.write(piece)
          await new Promise(setImmediate)
        }
        response.end()
      })()
    })

  test('come whole, however they are cut on the way', async () => {
    const [head, tail] = [Buffer.from('{"a":"ü"}\n').subarray(0, 7), Buffer.from('{"a":"ü"}\n').subarray(7)]
    await using pod = await answerWith('{"one"', ':1}\n{"two":2}\n', head, tail, '\n', 'last')
    expect(await linesOf(pod.api)).toEqual(['{"one":1}', '{"two":2}', '{"a":"ü"}', '', 'last'])
  })

  test('longer than 8 MiB are refused', async () => {
    await using pod = await answerWith('x'.repeat(8 * 1024 ** 2), 'y')
    expect((await failureOf(linesOf(pod.api))).message).toContain('a line is longer than 8388608 bytes')
  })

  test('end with an error when the connection breaks, and with its words when refused', async () => {
    await using pod = await openPod((request, response) => {
      if (request.url === '/no') return json(response, {message: 'too old', reason: 'Expired'}, 410)
      response.write('one\ntw', () => response.destroy())
    })
    const seen: string[] = []
    const error = await failureOf(
      (async () => {
        for await (const line of pod.api.lines('/watch', never)) seen.push(line)
      })(),
    )
    expect({seen, status: error.status}).toEqual({seen: ['one'], status: 0})
    expect(await failureOf(linesOf(pod.api, '/no'))).toMatchObject({status: 410, reason: 'Expired'})
  })

  test('tell when the server has taken the request, before the first one', async () => {
    let answer: ServerResponse | undefined
    await using pod = await openPod((_, response) => {
      answer = response
      response.flushHeaders()
    })
    const opened = Promise.withResolvers<void>()
    const controller = new AbortController()
    const first = (async () => {
      for await (const line of pod.api.lines('/watch', controller.signal, () => opened.resolve())) return line
    })()
    await opened.promise
    answer?.write('hello\n')
    expect(await first).toBe('hello')
    // Who stops taking them lets the connection go.
    await vi.waitFor(() => expect(answer?.closed).toBe(true), {timeout: 60_000})
  })

  test('are not read ahead of who takes them', async () => {
    const line = `${'x'.repeat(64 * 1024 - 1)}\n`
    let written = 0
    let isHeld = false
    await using pod = await openPod((_, response) => {
      const write = () => {
        while (!response.destroyed && written < 3000) {
          written++
          if (!response.write(line)) {
            isHeld = true
            return response.once('drain', () => {
              isHeld = false
              write()
            })
          }
        }
      }
      write()
    })
    const lines = pod.api.lines('/watch', never)[Symbol.asyncIterator]()
    await lines.next()
    let before = -1
    await vi.waitFor(
      () => {
        const isStill = isHeld && before === written
        before = written
        expect(isStill).toBe(true)
      },
      {interval: 200, timeout: 60_000},
    )
    // 3000 lines are 190 MB; what sockets hold is a few.
    expect(written).toBeLessThan(400)
    await lines.return?.()
  })
})

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const piece of request) body += String(piece)
  return body
}
