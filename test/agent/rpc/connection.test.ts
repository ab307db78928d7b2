import {EventEmitter} from 'node:events'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import type {WebSocket} from 'ws'
import type {Caller} from '../../../agent/auth/caller.ts'
import {FairTurns} from '../../../agent/limits/fair-turns.ts'
import {type Limits, limits as usualLimits} from '../../../agent/limits/limits.ts'
import {RateLimit} from '../../../agent/limits/rate-limit.ts'
import {Connection} from '../../../agent/rpc/connection.ts'
import {closeCodes} from '../../../core/contract/agent.ts'

class FakeSocket extends EventEmitter {
  readyState = 1
  bufferedAmount = 0
  isPaused = false
  readonly sent: string[] = []
  readonly closes: string[] = []

  send(text: string): void {
    this.sent.push(text)
  }

  close(code?: number, reason?: string): void {
    this.closes.push(`${code} ${reason}`)
  }

  terminate(): void {
    this.closes.push('terminated')
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }
}

const root: Caller = {kind: 'root'}
/** Each turn is given in a round of the event loop of its own. */
const turns = async (count = 15) => {
  for (let round = 0; round < count; round++) await vi.advanceTimersByTimeAsync(1)
}
const unlogged = {failed: () => {}, refusedWrite: () => {}, gone: () => {}}

function openConnection(limits: Partial<Limits> = {}, caller = root) {
  const socket = new FakeSocket()
  const fairTurns = new FairTurns(new RateLimit(1000, 1000))
  const options = {limits: {...usualLimits, ...limits}, turns: fairTurns, log: unlogged}
  const connection = new Connection(socket as unknown as WebSocket, caller, options)
  const received: string[] = []
  connection.on('message', (data: Buffer) => received.push(data.toString()))
  const ask = (...texts: string[]) => {
    for (const text of texts) socket.emit('message', Buffer.from(text), false)
  }
  return {socket, connection, received, ask, others: fairTurns}
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a connection', () => {
  test('hands on requests at a bounded rate, in their order', async () => {
    const {received, ask} = openConnection({requestsPerSecond: 2})
    ask('1', '2', '3', '4')
    await turns()
    expect(received).toEqual(['1', '2'])
    await vi.advanceTimersByTimeAsync(400)
    expect(received).toEqual(['1', '2'])
    await vi.advanceTimersByTimeAsync(150)
    expect(received).toEqual(['1', '2', '3'])
    ask('5')
    await vi.advanceTimersByTimeAsync(1100)
    expect(received).toEqual(['1', '2', '3', '4', '5'])
  })

  test.each<{name: string; messages: string[]}>([
    {name: 'many small requests', messages: Array.from({length: 40}, String)},
    {name: 'two large ones', messages: ['x'.repeat(40_000), 'y'.repeat(40_000)]},
  ])('does not read on while $name wait', async ({messages}) => {
    const {socket, received, ask} = openConnection({requestsPerSecond: 10})
    ask(...messages)
    expect(socket.isPaused).toBe(true)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(received).toEqual(messages)
    expect(socket.isPaused).toBe(false)
  })

  test('does not let a request overtake those that wait, though one more may pass', async () => {
    const {received, ask} = openConnection({requestsPerSecond: 1})
    ask('1', '2')
    await turns()
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 5000)
    ask('3')
    expect(received).toEqual(['1'])
    vi.restoreAllMocks()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(received).toEqual(['1', '2', '3'])
  })

  test.each<{name: string; message: string; seconds: number}>([
    {name: 'a batch as its requests', message: JSON.stringify(Array.from({length: 30}, () => ({}))), seconds: 3},
    {name: 'a batch behind white space, too', message: ` ${'\n\t\r '.repeat(500)}[${'1,'.repeat(29)}1]`, seconds: 3},
    {name: 'an empty batch as one', message: '[]', seconds: 0.1},
    {name: 'what looks like a batch and is none as one', message: '[1,2', seconds: 0.1},
    {name: 'a list inside of a request as one', message: '{"params":[1,2,3,4,5,6]}', seconds: 0.1},
    {name: 'a long request as several', message: 'x'.repeat(64 * 1024), seconds: 0.4},
  ])('counts $name', async ({message, seconds}) => {
    const {received, ask} = openConnection({requestsPerSecond: 10})
    ask(...Array.from({length: 9}, () => '{}'), message, 'next')
    await turns()
    expect(received).toHaveLength(10)
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 60)
    expect(received).toHaveLength(10)
    await vi.advanceTimersByTimeAsync(100)
    expect(received.at(-1)).toBe('next')
  })

  test('waits for what a request has cost beyond that of others', async () => {
    const {connection, received, ask} = openConnection({requestsPerSecond: 10})
    connection.charge(30)
    ask('1')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(received).toEqual([])
    await vi.advanceTimersByTimeAsync(200)
    expect(received).toEqual(['1'])
  })

  test('is ended by a batch that is larger than may be, which is not run', async () => {
    const {socket, received, ask} = openConnection()
    ask('first', `[${'1,'.repeat(599)}1]`, 'last')
    await turns()
    expect(received).toEqual(['first'])
    expect(socket.closes).toEqual([`${closeCodes.tooMuch} 600 requests in one message, and 32 may be`])
  })

  test('that sends nothing but signs of life does not hold up others', async () => {
    const {socket, others} = openConnection()
    for (let sent = 0; sent < 10_000; sent++) socket.emit('pong', Buffer.alloc(0))
    const done: number[] = []
    others.add({waitMs: 0, takeTurn: () => ({cost: 1, waitsOn: done.push(1) < 100})})
    await turns(200)
    expect(done).toHaveLength(100)
  })

  test.each(['ping', 'pong'] as const)('is ended when it sends a flood of %ss', async frame => {
    const {socket} = openConnection({signsOfLife: 10, signsOfLifePerSecond: 2})
    const send = (count: number) => {
      for (let sent = 0; sent < count; sent++) socket.emit(frame, Buffer.alloc(0))
    }
    send(10)
    await vi.advanceTimersByTimeAsync(1_000)
    send(2)
    expect(socket.closes).toEqual([])
    send(1)
    expect(socket.closes).toEqual([`${closeCodes.tooMuch} too many signs of life`, 'terminated'])
  })

  test('hands on signs of life at once, and counts them', () => {
    const {socket, received, ask} = openConnection({requestsPerSecond: 1, signsOfLife: 50})
    ask(...Array.from({length: 50}, () => 'PONG'))
    expect(received).toHaveLength(50)
    expect(socket.closes).toEqual([])
    ask('PING')
    expect(socket.closes).toEqual([`${closeCodes.tooMuch} too many signs of life`, 'terminated'])
  })

  test('hands on nothing while what was answered is not read, but signs of life', async () => {
    const {socket, received, ask} = openConnection({unsentBytes: 100})
    socket.bufferedAmount = 101
    ask('1', 'PONG')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(received).toEqual(['PONG'])
    socket.bufferedAmount = 100
    await vi.advanceTimersByTimeAsync(100)
    expect(received).toEqual(['PONG', '1'])
  })

  test('is ended when far more requests have arrived than may wait', () => {
    const {socket, ask} = openConnection({requestsPerSecond: 1, waitingRequests: 2})
    ask('1', '2')
    expect(socket.closes).toEqual([])
    ask('3')
    expect(socket.closes).toEqual([`${closeCodes.tooMuch} too many requests at once`])
  })

  test('says when what is not read becomes much', () => {
    const {socket, connection} = openConnection({unsentBytes: 100})
    let told = 0
    connection.on('unread', () => told++)
    for (const [bufferedAmount, times] of [
      [100, 0],
      [101, 1],
    ] as const) {
      socket.bufferedAmount = bufferedAmount
      connection.send('a')
      expect(told).toBe(times)
      expect(connection.unsentBytes).toBe(bufferedAmount)
    }
  })

  test('is ended when its client does not read, and is sent nothing more', () => {
    const {socket, connection} = openConnection({unreadBytes: 100})
    socket.bufferedAmount = 100
    connection.send('a')
    socket.bufferedAmount = 101
    connection.send('b')
    expect(socket.sent).toEqual(['a'])
    expect(socket.closes).toEqual([`${closeCodes.notReading} what was sent is not being read`])
    socket.readyState = 2
    socket.bufferedAmount = 0
    connection.send('c')
    expect(socket.sent).toEqual(['a'])
  })

  test('answers only so many requests at once, also after one has failed', async () => {
    const {connection} = openConnection({running: 1})
    const first = Promise.withResolvers<void>()
    const running = connection.during(() => first.promise)
    await expect(connection.during(async () => 'second')).rejects.toMatchObject({refusal: {code: 'TOO_MANY'}})
    first.reject(new Error('failed'))
    await expect(running).rejects.toThrow('failed')
    expect(await connection.during(async () => 'third')).toBe('third')
  })

  test('has only so many subscriptions', () => {
    const {connection} = openConnection({subscriptions: 2})
    const [end] = [connection.subscribe(), connection.subscribe()]
    expect(() => connection.subscribe()).toThrow('this connection has 2 subscriptions')
    end?.()
    expect(connection.subscriptions).toBe(1)
    connection.subscribe()
    expect(connection.subscriptions).toBe(2)
  })

  test('remembers snapshots as often as its client has opened them', () => {
    const {connection} = openConnection()
    for (const id of ['a', 'b', 'a']) connection.rememberSnapshot(id)
    expect(connection.forgetSnapshot('a')).toBe(true)
    expect(connection.openSnapshots).toEqual(['b', 'a'])
    expect(connection.forgetSnapshot('a')).toBe(true)
    expect(connection.forgetSnapshot('a')).toBe(false)
  })

  test('is ended when the time of its token is over, and that of root is not', async () => {
    const user = {username: 'viewer'}
    const caller: Caller = {kind: 'account', account: 'viewer', user, tokenHash: 'x', until: Date.now() + 60_000}
    const {socket} = openConnection({}, caller)
    const ofRoot = openConnection()
    await vi.advanceTimersByTimeAsync(59_999)
    expect(socket.closes).toEqual([])
    await vi.advanceTimersByTimeAsync(2)
    expect(socket.closes).toEqual([expect.stringContaining(`${closeCodes.tokenOver} the time of the token is over`)])
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect(ofRoot.socket.closes).toEqual([])
  })

  test('leaves no timer and no request behind when it closes', async () => {
    const user = {username: 'viewer'}
    const caller: Caller = {kind: 'account', account: 'viewer', user, tokenHash: 'x', until: Date.now() + 60_000}
    const {socket, connection, received, ask} = openConnection({requestsPerSecond: 1}, caller)
    const closes: string[] = []
    connection.on('close', (code, reason) => closes.push(`${code} ${reason}`))
    ask('1', '2')
    await turns()
    socket.emit('close', 1000, Buffer.from('done'))
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(5000)
    expect(received).toEqual(['1'])
    expect(closes).toEqual(['1000 done'])
  })

  test('passes on what is wrong with its socket', () => {
    const {socket, connection} = openConnection()
    const errors: unknown[] = []
    connection.on('error', error => errors.push(error))
    const error = new Error('ECONNRESET')
    socket.emit('error', error)
    expect(errors).toEqual([error])
  })
})

// Node's timers as promises are not replaced by fake ones.
describe('what waits to be sent', () => {
  beforeEach(() => void vi.useRealTimers())

  test('is waited for until it is little, or the client is gone', async () => {
    const {socket, connection} = openConnection({unsentBytes: 100})
    socket.bufferedAmount = 101
    let isDrained = false
    const drained = connection.drained().then(() => (isDrained = true))
    await new Promise(setImmediate)
    expect(isDrained).toBe(false)
    socket.bufferedAmount = 100
    await drained
    socket.bufferedAmount = 101
    const gone = connection.drained()
    socket.emit('close', 1006, Buffer.alloc(0))
    await gone
    expect(connection.signal.aborted).toBe(true)
  })

  test('gives large answers their turn one after the other', async () => {
    const {socket, connection} = openConnection({unsentBytes: 100})
    const turns: number[] = []
    const take = async (turn: number) => {
      await connection.turn()
      turns.push(turn)
      // An answer passes through some functions of tRPC before it is sent.
      for (let at = 0; at < 20; at++) await Promise.resolve()
      socket.bufferedAmount += 1000
    }
    const [first, second] = [take(1), take(2)]
    await first
    for (let at = 0; at < 3; at++) await new Promise(setImmediate)
    expect(turns).toEqual([1])
    socket.bufferedAmount = 0
    await second
    expect(turns).toEqual([1, 2])
  })

  test('lets no later answer overtake an earlier one that has waited long', async () => {
    const {socket, connection} = openConnection({unsentBytes: 100})
    socket.bufferedAmount = 1000
    const turns: number[] = []
    const first = connection.turn().then(() => turns.push(1))
    // By then it looks at the socket every 50 ms only.
    await new Promise(resolve => setTimeout(resolve, 130))
    const second = connection.turn().then(() => turns.push(2))
    await new Promise(setImmediate)
    socket.bufferedAmount = 0
    await Promise.all([first, second])
    expect(turns).toEqual([1, 2])
  })
})
