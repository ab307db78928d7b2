/**
 * Clients that want all of an agent, each in its own way: `hostile-clients.ts`, with `HostileOrder` as JSON on standard input. Ends by
 * itself when its time is over, and says on standard output how much each of them did.
 */
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {connect, type Socket} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import {Client} from './client.ts'
import {clientHello} from './client-hello.ts'
import {knock} from './http.ts'
import {connectTls} from './tls.ts'

export interface HostileOrder {
  /** The agent's unix socket for clients. */
  readonly socket: string
  readonly seconds: number
  /** Ten that do not get in or do not stay, or ten that do. In one process the latter would slow down the former. */
  readonly crowd: 'outside' | 'inside'
  /** Good tokens, all different. */
  readonly tokens: readonly string[]
  /** Tokens that are good for nothing here. */
  readonly forged: readonly string[]
}

const {socket, seconds, crowd, tokens, forged} = JSON.parse((await process.stdin.toArray()).join('')) as HostileOrder
const over = AbortSignal.timeout(seconds * 1000)
const isOver = () => over.aborted
let lastToken = 0
const newToken = (): string => tokens[lastToken++ % tokens.length] as string
const newForgery = (): string => forged[lastToken++ % forged.length] as string

/** A client that comes back whenever it was thrown out. */
async function asClient(act: (client: Client) => Promise<unknown>, token = newToken): Promise<number> {
  let rounds = 0
  while (!isOver()) {
    const client = await Client.open(socket, token()).catch(() => undefined)
    if (client) {
      client.socket.on('error', () => {})
      const gone = client.closed
      while (!isOver() && client.socket.readyState === client.socket.OPEN) {
        rounds++
        await Promise.race([act(client).catch(() => {}), gone, sleep(1000)])
        await new Promise(setImmediate)
      }
      await client[Symbol.asyncDispose]()
    } else await sleep(4000)
  }
  return rounds
}

/** Sends as much as the line takes, and not more: what waits in this process harms nobody. */
async function flood(client: Client, frame: () => string | Buffer): Promise<void> {
  while (client.socket.bufferedAmount < 1_000_000) client.socket.send(frame())
  await sleep(5)
}

const bytesBelow = (client: Client): Socket => (client.socket as unknown as {_socket: Socket})._socket

async function floodBytes(client: Client, bytes: Buffer): Promise<void> {
  const below = bytesBelow(client)
  while (below.writable && below.writableLength < 1_000_000) below.write(bytes)
  await sleep(5)
}

const request = (path: string, id: number, method = 'query', input?: unknown) => ({id, method, params: {path, input}})
const longPath = JSON.stringify(request('x'.repeat(60_000), 1))
const batch = JSON.stringify(Array.from({length: 32}, (_, id) => request('status', id)))
const unknownBatch = JSON.stringify(Array.from({length: 32}, (_, id) => request(`unknown-${id}`, id)))
const hugeBatch = JSON.stringify(Array.from({length: 1200}, (_, id) => request('x', id)))
const emptyFrames = (opcode: number): Buffer => Buffer.of(0x80 | opcode, 0x80, 0, 0, 0, 0)
const many = (frame: Buffer): Buffer => Buffer.concat(Array.from({length: 2000}, () => frame))

/** Holds raw connections, each of which begins with some bytes and says nothing more. What the agent closes is opened again. */
async function squat(begin: Buffer | undefined): Promise<number> {
  let opened = 0
  const held = new Set<Socket>()
  while (!isOver()) {
    for (; held.size < 15; opened++) {
      const raw = connect(socket).on('error', () => {})
      held.add(raw)
      raw.once('close', () => held.delete(raw)).resume()
      if (begin) raw.write(begin)
    }
    await sleep(1000)
  }
  for (const raw of held) raw.destroy()
  return opened
}

/** Shows tokens, two at a time, at most fifty a second. */
async function forge(): Promise<number> {
  let shown = 0
  const show = async () => {
    for (; !isOver(); shown++) await Promise.all([knock(socket, newForgery()).catch(() => {}), sleep(40)])
  }
  await Promise.race([Promise.all([show(), show()]), once(over, 'abort')])
  return shown
}

async function halfHeader(): Promise<number> {
  let opened = 0
  while (!isOver()) {
    const tls = connectTls(socket)
    await Promise.race([once(tls, 'secureConnect').catch(() => {}), sleep(1000)])
    tls.write('GET / HTTP/1.1\r\nauthorization: Bearer aaaa')
    opened++
    await sleep(50)
    if (opened % 2 === 0) tls.destroy()
  }
  return opened
}

const sameToken = newToken()
const oneSnapshot = {documents: ['conntrack-count.txt']}

const crowds: Readonly<Record<HostileOrder['crowd'], Readonly<Record<string, () => Promise<number>>>>> = {
  outside: {
    'forged token, first': forge,
    'forged token, second': forge,
    'forged token, third': forge,
    'twice as many connections as a token may have': async () => {
      const rounds = await Promise.all(
        Array.from({length: 16}, () =>
          asClient(
            () => sleep(500),
            () => sameToken,
          ),
        ),
      )
      return rounds.reduce((sum, each) => sum + each, 0)
    },
    'snapshots, opened and left': () =>
      asClient(async client => {
        void client.ask('openSnapshot', {documents: ['ipset-save.txt']}).catch(() => {})
        await sleep(20)
        client.socket.terminate()
      }),
    'says nothing': () => squat(undefined),
    'stops in the middle of the handshake': () => squat(clientHello.subarray(0, 100)),
    'stops in the middle of the header': halfHeader,
    'frames that are none': () =>
      asClient(async client => {
        bytesBelow(client).write(randomBytes(200))
        await sleep(20)
      }),
    'half a frame, then another connection': () =>
      asClient(async client => {
        bytesBelow(client).write(Buffer.from([0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 1, 2, 3]))
        client.subscribe('statusChanges')
        await sleep(50)
        client.socket.terminate()
      }),
  },
  inside: {
    'sixteen snapshots, each read from now and then': () =>
      asClient(async client => {
        for (let opened = 0; opened < 16; opened++) await client.ask('openSnapshot', oneSnapshot).catch(() => {})
        await sleep(500)
      }),
    'unknown procedures with long names, first': () => asClient(client => flood(client, () => longPath)),
    'unknown procedures with long names, second': () => asClient(client => flood(client, () => longPath)),
    batches: () => asClient(client => flood(client, () => batch)),
    'batches of unknown procedures': () => asClient(client => flood(client, () => unknownBatch)),
    'batches that are too large': () => asClient(client => flood(client, () => hugeBatch)),
    pongs: () => asClient(client => floodBytes(client, many(emptyFrames(0xa)))),
    pings: () => asClient(client => floodBytes(client, many(emptyFrames(0x9)))),
    'signs of life': () => asClient(client => flood(client, () => 'PING')),
    'reads nothing': () =>
      asClient(async client => {
        client.socket.pause()
        const id = randomBytes(8).toString('hex')
        client.socket.send(JSON.stringify(request('openSnapshot', 1, 'mutation', {documents: ['ipset-save.txt']})))
        await flood(client, () =>
          JSON.stringify(request('readSnapshot', 2, 'query', {id, document: 'ipset-save.txt', offset: 0})),
        )
        await flood(client, () => batch)
      }),
  },
}

const done = await Promise.all(Object.entries(crowds[crowd]).map(async ([name, act]) => [name, await act()] as const))
process.stdout.write(`${JSON.stringify(Object.fromEntries(done))}\n`)
process.exit(0)
