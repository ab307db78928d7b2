import {EventEmitter} from 'node:events'
import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises'
import type {RawData, WebSocket} from 'ws'
import {closeCodes} from '../../core/contract/agent.ts'
import type {Caller} from '../auth/caller.ts'
import type {Limits} from '../limits/limits.ts'
import {RateLimit} from '../limits/rate-limit.ts'
import {refused} from '../limits/refusal.ts'
import type {ConnectionLog} from './client-log.ts'

const OPEN = 1

/**
 * One client that has signed in. It stands between the socket and tRPC: requests come through at a bounded rate, and
 * nothing is sent to who does not read.
 */
export class Connection extends EventEmitter {
  readonly caller: Caller
  readonly log: ConnectionLog
  private readonly socket: WebSocket
  private readonly limits: Limits
  private readonly rate: RateLimit
  private readonly ending = new AbortController()
  private readonly queue: [RawData, boolean][] = []
  private timer: NodeJS.Timeout | undefined
  private wake: NodeJS.Timeout | undefined
  private running = 0
  private subscribed = 0
  private lastTurn: Promise<void> = Promise.resolve()
  private readonly snapshots: string[] = []

  constructor(socket: WebSocket, caller: Caller, limits: Limits, log: ConnectionLog) {
    super()
    this.log = log
    this.socket = socket
    this.caller = caller
    this.limits = limits
    this.rate = new RateLimit(limits.requestsPerSecond, limits.requestsPerSecond)
    socket.on('message', (data, isBinary) => this.receive(data, isBinary))
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
    this.lastTurn = this.lastTurn.then(async () => {
      // By then the one before has been sent, and counts.
      await nextTurn()
      await this.drained()
    })
    return this.lastTurn
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
  }

  close(): void {
    this.socket.close()
  }

  terminate(): void {
    this.socket.terminate()
  }

  private receive(data: RawData, isBinary: boolean): void {
    if (this.queue.length === 0 && this.rate.take()) this.emit('message', data, isBinary)
    else if (this.queue.length >= this.limits.waitingRequests) this.end(closeCodes.tooMuch, 'too many requests at once')
    else {
      this.queue.push([data, isBinary])
      this.socket.pause()
      this.wake ??= setTimeout(() => this.takeUp(), this.rate.waitMs())
    }
  }

  private takeUp(): void {
    this.wake = undefined
    while (this.queue.length > 0 && this.rate.take()) {
      const [data, isBinary] = this.queue.shift() as [RawData, boolean]
      this.emit('message', data, isBinary)
    }
    if (this.queue.length === 0) this.socket.resume()
    else this.wake = setTimeout(() => this.takeUp(), this.rate.waitMs())
  }

  private closed(code: number, reason: Buffer): void {
    clearTimeout(this.timer)
    clearTimeout(this.wake)
    this.queue.length = 0
    this.ending.abort()
    this.emit('close', code, reason)
  }
}
