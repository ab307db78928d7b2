import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {readFile} from 'node:fs/promises'
import {connect} from 'node:net'
import {join} from 'node:path'
import {gunzipSync} from 'node:zlib'
import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {AgentStatus, Snapshot, SnapshotPiece} from '../../../core/contract/agent.ts'
import {closeCodes} from '../../../core/contract/agent.ts'
import {AgentRefusal, type Client} from '../../support/agent/client.ts'
import {clientHello} from '../../support/agent/client-hello.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import {FakeWatch} from '../../support/agent/fake-watch.ts'
import {liveBytes} from '../../support/agent/live-bytes.ts'
import {type OpenAgent, openAgent} from '../../support/agent/open-agent.ts'
import {connectTls} from '../../support/agent/tls.ts'

const MIB = 1024 * 1024
/** What a fault may leave behind, and what a test itself needs. */
const ROOM_BYTES = 20 * MIB
const PIECE_BYTES = 256 * 1024

/** A new client gets right answers, and the process has not grown. */
async function expectSound(agent: OpenAgent, before: number): Promise<void> {
  await using client = await agent.connect()
  expect(await client.ask('hello', {contract: {major: 1, minor: 0}, version: 'x'})).toMatchObject({node: 'bakery-1'})
  await expect.poll(async () => (await client.ask<AgentStatus>('status')).connections).toBe(1)
  expect(liveBytes() - before).toBeLessThan(ROOM_BYTES)
}

const anyRequest = fc.record(
  {
    id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.object()),
    jsonrpc: fc.oneof(fc.constant('2.0'), fc.string()),
    method: fc.oneof(fc.constantFrom('query', 'mutation', 'subscription', 'subscription.stop', 'reconnect'), fc.string()),
    params: fc.oneof(
      fc.record(
        {
          path: fc.oneof(
            fc.constantFrom(
              'hello',
              'status',
              'diff',
              'readSnapshot',
              'openSnapshot',
              '__proto__',
              'constructor',
              'toString',
              '',
            ),
            fc.string(),
          ),
          input: fc.anything(),
          lastEventId: fc.oneof(fc.string(), fc.integer()),
        },
        {requiredKeys: []},
      ),
      fc.anything(),
    ),
  },
  {requiredKeys: []},
)

const anyFrame = fc.oneof(
  anyRequest.map(request => JSON.stringify(request) ?? ''),
  fc.array(anyRequest, {maxLength: 32}).map(requests => JSON.stringify(requests)),
  fc.string(),
  fc.json(),
  fc.uint8Array({maxLength: 2000}).map(bytes => Buffer.from(bytes)),
  fc.constantFrom('PING', 'PONG', '[]', '{}', 'null', '['.repeat(30_000), '{"id":1,"method":"query","params":{"path":"hello"}'),
)

/** A frame of the WebSocket protocol with any of its bits set, whose length may be another than it says. */
const anyRawFrame = fc
  .record({
    isLast: fc.boolean(),
    reserved: fc.oneof({weight: 9, arbitrary: fc.constant(0)}, fc.nat(7)),
    opcode: fc.nat(15),
    isMasked: fc.oneof({weight: 9, arbitrary: fc.constant(true)}, fc.boolean()),
    payload: fc.oneof(
      fc.uint8Array({maxLength: 300}),
      anyRequest.map(request => Buffer.from(JSON.stringify(request) ?? '')),
    ),
    said: fc.oneof({weight: 9, arbitrary: fc.constant(undefined)}, fc.nat(2 ** 31), fc.maxSafeNat()),
  })
  .map(({isLast, reserved, opcode, isMasked, payload, said = payload.length}) => {
    const length = Buffer.alloc(said < 126 ? 0 : said < 65_536 ? 2 : 8)
    if (length.length === 2) length.writeUInt16BE(said)
    if (length.length === 8) length.writeBigUInt64BE(BigInt(said))
    const code = said < 126 ? said : length.length === 2 ? 126 : 127
    const head = Buffer.of((isLast ? 0x80 : 0) | (reserved << 4) | opcode, (isMasked ? 0x80 : 0) | code)
    // A mask of zeros leaves the payload as it is.
    return Buffer.concat([head, length, Buffer.alloc(isMasked ? 4 : 0), payload])
  })

describe('whatever a client sends', () => {
  test('frames with any bits, in pieces of any size', async () => {
    await using agent = await openAgent()
    await using watcher = await agent.connectAsRoot()
    const before = liveBytes()
    for (const frames of fc.sample(fc.array(anyRawFrame, {minLength: 1, maxLength: 20}), 150)) {
      const client = await agent.connect()
      const {_socket: stream} = client.socket as unknown as {_socket: NodeJS.WritableStream}
      const bytes = Buffer.concat(frames)
      for (let at = 0; at < bytes.length; at += 97) stream.write(bytes.subarray(at, at + 97))
      expect(await watcher.ask('status')).toMatchObject({node: 'bakery-1'})
      await client[Symbol.asyncDispose]()
    }
    await watcher[Symbol.asyncDispose]()
    await expectSound(agent, before)
  })

  test('thousands of malformed messages', async () => {
    const count = 4000
    // Some hundreds of them are signs of life.
    await using agent = await openAgent({limits: {signsOfLife: count}})
    const before = liveBytes()
    let client: Client = await agent.connect()
    for (const frame of fc.sample(anyFrame, {numRuns: count, seed: 20261130})) {
      if (client.socket.readyState !== client.socket.OPEN) client = await agent.connect()
      client.socket.send(frame)
    }
    // The last one answers: all before it were taken. One of them may have ended the connection, which is seen only now.
    const answer = await client.ask('status').catch(async (error: unknown) => {
      if (client.socket.readyState === client.socket.OPEN) throw error
      client = await agent.connect()
      return client.ask('status')
    })
    expect(answer).toMatchObject({node: 'bakery-1'})
    await client[Symbol.asyncDispose]()
    await expectSound(agent, before)
  })

  test('bytes that are no frames', async () => {
    await using agent = await openAgent()
    const before = liveBytes()
    for (let round = 0; round < 50; round++) {
      const client = await agent.connect()
      // Past the WebSocket library, into the TLS stream below it; the first bits are those of no frame.
      const bytes = randomBytes(2 + round * 40)
      bytes[0] = 0x70 | (bytes[0] ?? 0)
      const {_socket: stream} = client.socket as unknown as {_socket: NodeJS.WritableStream}
      stream.write(bytes)
      await client.closed
    }
    await expectSound(agent, before)
  })

  test('handshakes that are cut anywhere, with and without the answer read', async () => {
    await using agent = await openAgent()
    const before = liveBytes()
    for (let round = 0; round < 60; round++) {
      const socket = connect(agent.socket).on('error', () => {})
      await once(socket, 'connect')
      const bytes = round % 3 === 0 ? randomBytes(round * 10 + 1) : clientHello.subarray(0, (clientHello.length * round) / 59)
      await new Promise(done => socket.write(bytes, done))
      // Sometimes at once, sometimes with an answer that nobody has read.
      if (round % 2 === 0) await once(socket, 'readable', {signal: AbortSignal.timeout(20)}).catch(() => {})
      socket.destroy()
    }
    await expectSound(agent, before)
  })

  test('a frame of 64 MB is refused by its header', async () => {
    await using agent = await openAgent()
    const before = liveBytes()
    await using client = await agent.connect()
    client.socket.send(Buffer.alloc(64 * MIB))
    expect(await client.closed).toMatchObject({code: 1009})
    await expectSound(agent, before + 64 * MIB)
  })

  test('a message in endless pieces is refused when it becomes too long', async () => {
    await using agent = await openAgent()
    const before = liveBytes()
    await using client = await agent.connect()
    for (let piece = 0; piece < 200 && client.socket.readyState === client.socket.OPEN; piece++)
      client.socket.send(Buffer.alloc(1024), {fin: false})
    expect(await client.closed).toMatchObject({code: expect.toSatisfy(code => code === 1009 || code === 1008)})
    await expectSound(agent, before)
  })

  test('a header without end', async () => {
    await using agent = await openAgent({limits: {signInMs: 500}})
    const before = liveBytes()
    const socket = connectTls(agent.socket)
    const answer = socket.toArray()
    await once(socket, 'secureConnect')
    socket.write(`GET / HTTP/1.1\r\nauthorization: Bearer ${'a'.repeat(1000)}`)
    for (let sent = 0; sent < 100 && socket.writable; sent++) socket.write('a'.repeat(1000))
    expect(Buffer.concat(await answer.catch(() => [])).toString()).toMatch(/^(?:HTTP\/1\.1 4\d\d|$)/)
    await expectSound(agent, before)
  })

  test('more requests than a plugin has: they wait, and none is lost', async () => {
    await using agent = await openAgent({limits: {requestsPerSecond: 200}})
    await using client = await agent.connect()
    const answers: unknown[] = []
    for (let round = 0; round < 25; round++)
      answers.push(...(await Promise.all(Array.from({length: 16}, () => client.ask('status')))))
    expect(answers).toHaveLength(400)
  })

  test('far more requests than a plugin has: the connection is ended, with a reason', async () => {
    await using agent = await openAgent({limits: {requestsPerSecond: 10, waitingRequests: 50}})
    const before = liveBytes()
    await using client = await agent.connect()
    for (let sent = 0; sent < 5000; sent++) client.socket.send('{}')
    expect(await client.closed).toEqual({code: closeCodes.tooMuch, reason: 'too many requests at once'})
    await expectSound(agent, before)
  })

  test('reads without a pause: each counts for many requests, and others are answered', async () => {
    await using tools = await fakeTools({conntrack: 'echo run >> "$(dirname "$0")/runs"; echo 1'})
    await using agent = await openAgent({limits: {requestsPerSecond: 100}})
    await using greedy = await agent.connect()
    await using other = await agent.connect()
    const startedAt = performance.now()
    const storm = (async () => {
      for (let read = 0; read < 6; read++) await greedy.read('conntrack-count.txt')
    })()
    for (let asked = 0; asked < 20; asked++) expect(await other.ask('status')).toMatchObject({node: 'bakery-1'})
    await storm
    const runs = (await readFile(join(tools.folder, 'runs'), 'utf8')).split('\n').length - 1
    // Two of the burst, and one each half second.
    expect(runs).toBeLessThanOrEqual(3 + ((performance.now() - startedAt) / 1000) * 2)
  })

  test('more requests at once than may be answered at once: the rest are refused in words', async () => {
    await using agent = await openAgent({limits: {running: 2}})
    let open: () => void = () => {}
    const asked = new Promise<void>(resolve => {
      open = resolve
    })
    agent.reviews.fault = async path => (path.includes('subjectaccess') ? asked : undefined)
    await using client = await agent.connect()
    const both = [client.ask('status'), client.ask('status')]
    await expect(client.ask('status')).rejects.toMatchObject({refusal: {code: 'TOO_MANY'}, code: 'TOO_MANY_REQUESTS'})
    open()
    expect(await Promise.all(both)).toHaveLength(2)
  })
})

describe('a client that does not read', () => {
  test('is found by a ping that it does not answer', async () => {
    await using agent = await openAgent({limits: {pingMs: 100, pongMs: 100}})
    const before = liveBytes()
    await using alive = await agent.connect()
    const frozen = await agent.connect()
    frozen.socket.pause()
    await expect.poll(async () => (await alive.ask<AgentStatus>('status')).connections).toBe(1)
    frozen.socket.resume()
    expect(await frozen.closed).toMatchObject({code: 1006})
    await alive[Symbol.asyncDispose]()
    await expectSound(agent, before)
  })

  test('gets no more pieces prepared than fit on the line, and all of them when it reads again', async () => {
    await using _tools = await fakeTools({ipset: 'head -c 6000000 /dev/urandom | od -An -v -tx1'})
    const asked = 64
    await using agent = await openAgent({limits: {running: asked}})
    const document = 'ipset-save.txt' as const
    await using reader = await agent.connect()
    const {id} = await reader.ask<Snapshot>('openSnapshot', {documents: [document]})
    const {text} = await reader.readDocument(id, document)
    const clients = await Promise.all(Array.from({length: 12}, () => agent.connect()))
    const before = liveBytes()
    for (const {socket} of clients) socket.pause()
    const answers = clients.map(client =>
      Array.from({length: asked}, (_, index) =>
        client.ask<SnapshotPiece>('readSnapshot', {id, document, offset: (index % 16) * PIECE_BYTES}),
      ),
    )
    // All that can be prepared is; meanwhile others are answered.
    for (let turn = 0; turn < 100; turn++) await reader.ask('status')
    // What a connection may have unsent, and one piece more.
    expect(liveBytes() - before).toBeLessThan(clients.length * 2 * MIB)
    for (const [index, client] of clients.entries()) {
      client.socket.resume()
      const pieces = await Promise.all(answers[index] ?? [])
      expect(pieces.map(({base64}) => Buffer.from(base64, 'base64').length)).toEqual(Array(asked).fill(PIECE_BYTES))
      await client[Symbol.asyncDispose]()
    }
    expect(text.length).toBe((6_000_000 / 16) * 49)
  })

  test('is told how many changes it has missed, and gets the newest', async () => {
    const watch = new FakeWatch()
    await using agent = await openAgent({watch, limits: {changeMs: 20}})
    await using client = await agent.connect()
    const {events} = client.subscribe('statusChanges')
    await client.someEvent()
    for (let change = 0; change < 500; change++) watch.tell()
    watch.state = 'stale'
    watch.tell()
    const last = () => events.at(-1) as {status: AgentStatus; skipped: number} | undefined
    await expect.poll(() => last()?.status.knowledge.state).toBe('stale')
    const told = events as {skipped: number}[]
    expect(told.length).toBeLessThan(10)
    expect(told.reduce((sum, {skipped}) => sum + skipped + 1, 0)).toBeGreaterThanOrEqual(501)
  })

  test('whose right was taken away is told so, and gets no more changes', async () => {
    const watch = new FakeWatch()
    await using agent = await openAgent({watch, limits: {goodReviewMs: 100, deniedRightMs: 100}})
    await using client = await agent.connect()
    const {events} = client.subscribe('statusChanges')
    await client.someEvent()
    agent.reviews.fault = async () => {
      throw new Error('the API server is away')
    }
    const reviewed = agent.reviews.accessReviews.length
    await expect.poll(() => agent.reviews.accessReviews.length).toBeGreaterThan(reviewed + 2)
    agent.reviews.fault = undefined
    watch.tell()
    await client.someEvent()
    expect(events.every(event => !(event instanceof AgentRefusal))).toBe(true)
    agent.reviews.rights.delete('status')
    // Also when nothing changes.
    await expect.poll(() => events.at(-1)).toMatchObject({code: 'FORBIDDEN', refusal: {code: 'FORBIDDEN'}})
    const told = events.length
    await using root = await agent.connectAsRoot()
    watch.tell()
    expect(await root.ask('status')).toMatchObject({subscriptions: 0})
    expect(events).toHaveLength(told)
  })

  test('has as many subscriptions as it may, and no more; they end with it', async () => {
    await using agent = await openAgent({limits: {subscriptions: 2}})
    await using watcher = await agent.connectAsRoot()
    const client = await agent.connect()
    const [first, second, third] = [1, 2, 3].map(() => client.subscribe('statusChanges'))
    await expect.poll(() => third?.events[0]).toMatchObject({refusal: {code: 'TOO_MANY'}})
    expect(await watcher.ask('status')).toMatchObject({subscriptions: 2})
    client.socket.send(JSON.stringify({id: first?.id, method: 'subscription.stop'}))
    await expect.poll(() => watcher.ask('status')).toMatchObject({subscriptions: 1})
    expect(second?.events).not.toEqual([])
    await client[Symbol.asyncDispose]()
    await expect.poll(() => watcher.ask('status')).toMatchObject({subscriptions: 0, connections: 1})
  })
})

describe('a client that is cut off', () => {
  test('in the middle of a dump comes back for the rest', async () => {
    await using _tools = await fakeTools({ipset: 'head -c 3000000 /dev/urandom | od -An -v -tx1'})
    await using agent = await openAgent()
    const before = liveBytes()
    const cut = await agent.connect()
    const {id} = await cut.ask<Snapshot>('openSnapshot', {documents: ['ipset-save.txt']})
    const first = await cut.ask<SnapshotPiece>('readSnapshot', {id, document: 'ipset-save.txt', offset: 0})
    const pieces = [Buffer.from(first.base64, 'base64')]
    void cut.ask('readSnapshot', {id, document: 'ipset-save.txt', offset: pieces[0]?.length}).catch(() => {})
    await cut[Symbol.asyncDispose]()
    await using client = await agent.connect()
    for (let offset = pieces[0]?.length ?? 0, isEnd = false; !isEnd; ) {
      const {base64, end} = await client.ask<SnapshotPiece>('readSnapshot', {id, document: 'ipset-save.txt', offset})
      pieces.push(Buffer.from(base64, 'base64'))
      offset += pieces.at(-1)?.length ?? 0
      isEnd = end
    }
    expect(gunzipSync(Buffer.concat(pieces)).length).toBe((3_000_000 / 16) * 49)
    await client[Symbol.asyncDispose]()
    await expectSound(agent, before)
  })

  test('while its token is reviewed leaves nothing behind', async () => {
    await using agent = await openAgent()
    const before = liveBytes()
    let answer: () => void = () => {}
    const asked = new Promise<void>(resolve => {
      answer = resolve
    })
    agent.reviews.fault = async () => asked
    const socket = connectTls(agent.socket)
    await once(socket, 'secureConnect')
    const upgrade = [
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ]
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\n${upgrade.join('\r\n')}\r\nauthorization: Bearer ${agent.token()}\r\n\r\n`)
    await expect.poll(() => agent.reviews.tokenReviews.length).toBe(1)
    socket.destroy()
    answer()
    agent.reviews.fault = undefined
    await expectSound(agent, before)
  })
})
