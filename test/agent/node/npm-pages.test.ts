import {once} from 'node:events'
import {createServer, type RequestListener} from 'node:http'
import {type AddressInfo, createServer as createTcpServer, type Socket} from 'node:net'
import {fc, test} from '@fast-check/vitest'
import {describe, expect} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {documentReaders} from '../../../agent/node/documents.ts'
import {run} from '../../../agent/node/run.ts'
import type {NodeDocument} from '../../../core/contract/node-documents.ts'

const PAGES: readonly NodeDocument[] = ['npm-cache.json', 'npm-node-metrics.txt', 'npm-cluster-metrics.txt']

/** Something that listens where Azure NPM does. */
async function openNpm(answer: RequestListener): Promise<AsyncDisposable & {readonly port: number; readonly asked: string[]}> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => void server.close(resolve))
    },
  }
}

async function read(npmPort: number, name: NodeDocument) {
  const sources = {version: '1', cluster: undefined, run, npmPort, limits: {...limits, npmPageMs: 300, npmPageBytes: 1000}}
  const reader = (await documentReaders([name], sources)).get(name)
  if (!reader) return undefined
  const pieces = reader(new AbortController().signal)
  for (let text = ''; ; ) {
    const next = await pieces.next()
    if (next.done) return {text, command: next.value.command, problems: next.value.problems}
    text += Buffer.from(next.value).toString()
  }
}

describe("Azure NPM's own pages", () => {
  test('are read from its port, each by its path', async () => {
    await using npm = await openNpm((request, response) => response.end(`page ${request.url}`))
    for (const page of PAGES)
      expect(await read(npm.port, page)).toMatchObject({problems: [], text: expect.stringMatching(/^page /)})
    expect(npm.asked).toEqual(['GET /npm/v1/debug/manager', 'GET /node-metrics', 'GET /cluster-metrics'])
  })

  test('are no part of a dump where nothing listens', async () => {
    const port = await (async () => {
      await using npm = await openNpm(() => {})
      return npm.port
    })()
    for (const page of PAGES) expect(await read(port, page)).toBeUndefined()
  })

  test.each<{name: string; answer: RequestListener; text: string; says: RegExp}>([
    {
      name: 'is switched off',
      answer: (_request, response) => response.writeHead(404).end('404 page not found'),
      text: '',
      says: /manager: answered with status 404$/,
    },
    {name: 'hangs', answer: () => {}, text: '', says: /no whole answer within 0\.3 s$/},
    {name: 'hangs in the middle', answer: (_request, response) => response.write('half'), text: 'half', says: /no whole answer/},
    {
      name: 'breaks off',
      answer: (_request, response) => {
        response.writeHead(200, {'content-length': 100}).write('half')
        setImmediate(() => response.destroy())
      },
      text: 'half',
      says: /manager: aborted$/,
    },
    {
      name: 'does not end',
      answer: (_request, response) => response.end('x'.repeat(2000)),
      text: '',
      says: /more than 1000 bytes/,
    },
    {name: 'speaks something else', answer: request => request.socket.end('SSH-2.0\r\n'), text: '', says: /manager: Parse Error/},
  ])('a page that $name is a problem of its own', async ({answer, text, says}) => {
    await using npm = await openNpm(answer)
    expect(await read(npm.port, 'npm-cache.json')).toMatchObject({
      text,
      problems: [
        {code: 'TOOL_FAILED', message: expect.stringMatching(says), next: expect.stringContaining('EnableHTTPDebugAPI')},
      ],
    })
  })

  const OK = 'HTTP/1.1 200 OK\r\n'
  const said = fc.array(
    fc.constantFrom(
      OK,
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n',
      'Content-Length: 4\r\n',
      'Content-Length: -1\r\n',
      'Transfer-Encoding: chunked\r\n',
      '\r\n',
      '4\r\npage\r\n',
      'FFFFFFFFFFFFFFFF\r\n',
      '0\r\n\r\n',
      'page',
      '\0\xff\r\n',
      `X: ${'y'.repeat(20_000)}\r\n`,
      'z'.repeat(2000),
    ),
    {maxLength: 6},
  )
  const leave = fc.constantFrom<(socket: Socket) => void>(
    socket => socket.end(),
    socket => socket.destroy(),
    socket => socket.resetAndDestroy(),
    () => {},
  )
  test.prop([said, fc.boolean(), leave], {numRuns: 80})(
    'whatever is said there, a page comes to its end, and nothing that is no part of it passes for one',
    async (parts, startsWell, goAway) => {
      const answer = (startsWell ? [OK, ...parts] : parts).join('')
      const sockets = new Set<Socket>()
      const server = createTcpServer(socket => {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.once('data', () => socket.write(answer, 'latin1', () => goAway(socket)))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const page = await read((server.address() as AddressInfo).port, 'npm-cache.json')
      for (const socket of sockets) socket.destroy()
      server.close()
      expect(page?.problems.length).toBeLessThanOrEqual(1)
      expect(page?.text.length).toBeLessThanOrEqual(1000)
      if (page?.problems.length === 0) expect(answer).toContain(OK)
      // Chunks are put together, and their lengths taken out.
      if (!answer.includes('chunked')) expect(answer).toContain(page?.text.replaceAll('\ufffd', '\xff'))
    },
  )
})
