import {EventEmitter} from 'node:events'
import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises'
import type {RawData, WebSocket} from 'ws'
import {closeCodes} from '../../core/contract/agent.ts'
import type {Caller} from '../auth/caller.ts'
import type {FairTurns, Waiting} from '../limits/fair-turns.ts'
import type {Limits} from '../limits/limits.ts'
import {RateLimit} from '../limits/rate-limit.ts'
import {refused} from '../limits/refusal.ts'
import type {ConnectionLog} from './client-log.ts'

const OPEN = 1

export interface ConnectionOptions {
  readonly limits: Limits
  /** Shared by all clients. */
  readonly turns: FairTurns
  readonly log: ConnectionLog
}

/** So much of a message costs as much as a request. A plugin's requests have some hundred bytes. */
const BYTES_OF_A_REQUEST = 16 * 1024
/** Requests that are read ahead of those that wait for their turn. */
const READ_AHEAD = 32
const READ_AHEAD_BYTES = 64 * 1024

/**
 * One client that has signed in. It stands between the socket and tRPC: requests come through one by one in fair turns with those of
 * other clients and at a bounded rate, none while their answers are not read, and nothing is sent to who does not read.
 */
export class Connection extends EventEmitter implements Waiting {
  readonly caller: Caller
  readonly log: ConnectionLog
  private readonly socket: WebSocket
  private readonly limits: Limits
  private readonly rate: RateLimit
  private readonly signs: RateLimit
  private readonly ending = new AbortController()
  private readonly turns: FairTurns
  private readonly queue: [Buffer, boolean][] = []
  private queuedBytes = 0
  private timer: NodeJS.Timeout | undefined
  private wake: NodeJS.Timeout | undefined
  private usedMs = performance.now()
  private running = 0
  private subscribed = 0
  private lastTurn: Promise<void> = Promise.resolve()
  private readonly snapshots: string[] = []

  constructor(socket: WebSocket, caller: Caller, {limits, turns, log}: ConnectionOptions) {
    super()
    this.log = log
    this.turns = turns
    this.socket = socket
    this.caller = caller
    this.limits = limits
    this.rate = new RateLimit(limits.requestsPerSecond, limits.requestsPerSecond)
    this.signs = new RateLimit(limits.signsOfLife, limits.signsOfLifePerSecond)
    socket.on('message', (data, isBinary) => this.receive(data, isBinary))
    // The library answers pings by itself, so they can only be counted.
    for (const frame of ['ping', 'pong'] as const) socket.on(frame, () => this.countSign())
    socket.on('error', error => this.emit('error', error))
    socket.once('close', (code, reason) => this.closed(code, reason))
    if (caller.kind !== 'account') return
    this.timer = setTimeout(
      () => this.end(closeCodes.tokenOver, 'the time of the token is over: ask for a new one and connect again'),
      Math.max(0, caller.until - Date.now()),
    )
  }

  /** Aborted when the client is gone. */
  get signal(): AbortSignal {
    return this.ending.signal
  }

  /** Whose share of places and snapshots it has; undefined for root, who has no limit but the agent's own. */
  get tokenHash(): string | undefined {
    return this.caller.kind === 'account' ? this.caller.tokenHash : undefined
  }

  /** What waits to be sent. */
  get unsentBytes(): number {
    return this.socket.bufferedAmount
  }

  get subscriptions(): number {
    return this.subscribed
  }

  /** Runs a procedure of this client. @throws RefusedError when too many are running */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    const {running} = this.limits
    if (this.running >= running)
      throw refused('TOO_MANY', `${running} requests of this connection are being answered`, 'Wait for an answer first.')
    this.running++
    try {
      return await work()
    } finally {
      this.running--
    }
  }

  /** Counts what a request costs beyond that of others. @param cost in requests */
  charge(cost: number): void {
    this.rate.charge(cost)
    this.turns.charge(this, cost)
  }

  /** Counts a subscription until the function that is returned is called. @throws RefusedError when there are too many */
  subscribe(): () => void {
    const {subscriptions} = this.limits
    if (this.subscribed >= subscriptions)
      throw refused('TOO_MANY', `this connection has ${subscriptions} subscriptions`, 'End one of them first.')
    this.subscribed++
    return () => {
      this.subscribed--
    }
  }

  /** Remembers that this client has opened a snapshot; as often as it has. */
  rememberSnapshot(snapshot: string): void {
    this.snapshots.push(snapshot)
  }

  /** Whether it had opened the snapshot; forgets it once. */
  forgetSnapshot(snapshot: string): boolean {
    const at = this.snapshots.indexOf(snapshot)
    if (at >= 0) this.snapshots.splice(at, 1)
    return at >= 0
  }

  /** Snapshots that it has opened and not closed. */
  get openSnapshots(): readonly string[] {
    return this.snapshots
  }

  /** Resolves when little is left to be sent, or the client is gone: so that nobody's slowness is stored here. */
  async drained(): Promise<void> {
    for (let waitMs = 1; this.socket.bufferedAmount > this.limits.unsentBytes && !this.signal.aborted; waitMs *= 2)
      await sleep(Math.min(waitMs, 50), undefined, {signal: this.signal}).catch(() => {})
  }

  /** The same for large answers: one after the other. Send as soon as it resolves. */
  turn(): Promise<void> {
    return this.inTurn(async () => {})
  }

  /** Makes a large answer when the one before it has been sent, so that no more than one of a client is ever held. */
  inTurn<Answer>(make: () => Promise<Answer>): Promise<Answer> {
    const answer = this.lastTurn.then(async () => {
      // By then the one before has been sent, and counts.
      await nextTurn()
      await this.drained()
      return make()
    })
    this.lastTurn = answer.then(
      () => {},
      () => {},
    )
    return answer
  }

  /** Says why, and ends the connection, also when the client does not listen. */
  end(code: number, reason: string): void {
    this.socket.close(code, reason)
  }

  // What follows is all that tRPC uses of a socket.

  get readyState(): number {
    return this.socket.readyState
  }

  send(text: string): void {
    if (this.socket.readyState !== OPEN) return
    if (this.socket.bufferedAmount > this.limits.unreadBytes) this.end(closeCodes.notReading, 'what was sent is not being read')
    else this.socket.send(text)
    if (this.socket.bufferedAmount > this.limits.unsentBytes) this.emit('unread')
  }

  close(): void {
    this.socket.close()
  }

  terminate(): void {
    this.socket.terminate()
  }

  /** When its client last asked for something, by the monotonic clock, in milliseconds. */
  get lastUsedMs(): number {
    return this.usedMs
  }

  get waitMs(): number | undefined {
    return this.socket.bufferedAmount > this.limits.unsentBytes ? undefined : this.rate.waitMs()
  }

  takeTurn(): {cost: number; waitsOn: boolean} {
    const [data, isBinary] = this.queue.shift() as [Buffer, boolean]
    this.queuedBytes -= data.length
    const requests = requestsIn(data)
    if (requests > this.limits.batch) {
      this.end(closeCodes.tooMuch, `${requests} requests in one message, and ${this.limits.batch} may be`)
      this.queue.length = 0
      return {cost: 1, waitsOn: false}
    }
    const cost = Math.max(requests, Math.ceil(data.length / BYTES_OF_A_REQUEST))
    this.rate.charge(cost)
    this.emit('message', data, isBinary)
    const waitsOn = this.queue.length > 0
    if (!waitsOn) this.readOn()
    return {cost, waitsOn}
  }

  private receive(raw: RawData, isBinary: boolean): void {
    const data = raw as Buffer
    this.usedMs = performance.now()
    if (!isBinary && isSignOfLife(data)) {
      this.emit('message', data, isBinary)
      this.countSign()
    } else if (this.queue.length >= this.limits.waitingRequests) this.end(closeCodes.tooMuch, 'too many requests at once')
    else {
      this.queue.push([data, isBinary])
      this.queuedBytes += data.length
      if (this.queue.length >= READ_AHEAD || this.queuedBytes >= READ_AHEAD_BYTES) this.socket.pause()
      this.turns.add(this)
    }
  }

  /** Signs of life are next to nothing, and done out of turn. A flood of them is not: who sends one is cut off in the middle of it. */
  private countSign(): void {
    if (this.signs.take()) return
    this.end(closeCodes.tooMuch, 'too many signs of life')
    this.socket.terminate()
  }

  /** Reads from the socket, as soon as the client may do anything. */
  private readOn(): void {
    if (!this.socket.isPaused) return
    clearTimeout(this.wake)
    const waitMs = this.rate.waitMs()
    if (waitMs > 0) this.wake = setTimeout(() => this.readOn(), waitMs)
    else this.socket.resume()
  }

  private closed(code: number, reason: Buffer): void {
    clearTimeout(this.timer)
    clearTimeout(this.wake)
    this.queue.length = 0
    this.turns.delete(this)
    this.ending.abort()
    this.emit('close', code, reason)
  }
}

/** What a client says to show that it is there. */
const isSignOfLife = (data: Buffer): boolean => data.length === 4 && ['PING', 'PONG'].includes(data.toString())

/** How many requests a message holds: those of a batch, else one. */
function requestsIn(data: Buffer): number {
  const text = data.toString()
  if (!/^\s*\[/.test(text)) return 1
  try {
    const batch: unknown = JSON.parse(text)
    return Array.isArray(batch) ? Math.max(1, batch.length) : 1
  } catch {
    return 1
  }
}
