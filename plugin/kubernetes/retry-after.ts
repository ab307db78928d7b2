import type {IncomingMessage} from 'node:http'
import {setTimeout as sleep} from 'node:timers/promises'

/** As often kubectl tries again. Source: client-go, rest/request.go. */
const MOST_RETRIES = 10
/** Nobody who waits at a terminal waits longer for one answer. */
const MOST_SECONDS = 120

/** Says to the person that something is waited for. */
export type Say = (text: string) => void

/**
 * Waits as a busy API server asks for it, by `Retry-After` of an answer of 429 or 5xx, as kubectl does: one for each request.
 *
 * @param say undefined where nobody waits for the answer: then nothing is waited for
 */
export class BusyServer {
  private readonly say: Say | undefined
  private retries = 0
  private waitedSeconds = 0

  constructor(say: Say | undefined) {
    this.say = say
  }

  /**
   * Waits before the same request is sent again.
   *
   * @returns false where the answer is to be taken as it is: another one, one that names no time, and when that would be too long
   * @throws AbortError when `signal` is aborted meanwhile
   */
  async wait({statusCode = 0, headers}: Pick<IncomingMessage, 'statusCode' | 'headers'>, signal: AbortSignal): Promise<boolean> {
    const seconds = secondsOf(headers['retry-after'])
    if (!this.say || (statusCode !== 429 && statusCode < 500) || seconds === undefined) return false
    if (this.retries === MOST_RETRIES || this.waitedSeconds + seconds > MOST_SECONDS) return false
    this.retries++
    this.waitedSeconds += seconds
    this.say(`waiting: the API server is busy (HTTP status ${statusCode}) and asks to be asked again in ${seconds} s\n`)
    await sleep(seconds * 1000, undefined, {signal})
    return true
  }
}

/** Whole seconds; the other form of the header, a date, no API server sends. */
const secondsOf = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : undefined
