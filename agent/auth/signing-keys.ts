import type {ApiServer} from '../kubernetes/api-server.ts'
import type {Limits} from '../limits/limits.ts'
import type {Log} from '../log.ts'
import {isSigned, parseKeySet, type SigningKey, tokenHeader} from './token-signature.ts'

/** Service accounts may read it: ClusterRole system:service-account-issuer-discovery. */
export const KEY_SET = '/openid/v1/jwks'

/** What is known of a token's signature; `unknown` when the key that it names is not known. */
export type Signature = 'good' | 'bad' | 'unknown'

export interface SigningKeysOptions {
  readonly api: ApiServer
  readonly limits: Limits
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/**
 * The keys that the API server signs tokens with. They are fetched when a token names one that is not known, one fetch at a time and
 * never sooner than some seconds after the last.
 */
export class SigningKeys {
  private readonly options: SigningKeysOptions
  private readonly now: () => number
  private keys: readonly SigningKey[] = []
  private fetching: Promise<void> | undefined
  private fetchedAt = Number.NEGATIVE_INFINITY
  private pauseMs = 0
  private why: string | undefined

  constructor(options: SigningKeysOptions) {
    this.options = options
    this.now = options.now ?? Date.now
  }

  /** Why signatures cannot be checked; undefined when they can, or nobody has asked yet. */
  get failure(): string | undefined {
    return this.keys.length === 0 ? this.why : undefined
  }

  /** Checks the signature of a token. Waits for the API server when it has to be asked; what it fails to answer makes `unknown`. */
  async check(token: string): Promise<Signature> {
    const header = tokenHeader(token)
    if (!header) return 'bad'
    const isKnown = () => this.keys.some(({kid}) => kid === header.kid)
    if (!isKnown()) await this.fetch()
    // Keys that the API server has withdrawn are forgotten. Nobody waits for that: it reviews each token anyway.
    else if (this.now() - this.fetchedAt > this.options.limits.keysMs) void this.fetch()
    if (!isKnown()) return 'unknown'
    return isSigned(token, header, this.keys) ? 'good' : 'bad'
  }

  /** Asks for the keys, unless they were asked for just before. */
  async fetch(): Promise<void> {
    if (this.fetching) return this.fetching
    if (this.now() - this.fetchedAt < this.pauseMs) return
    this.fetching = this.ask().finally(() => {
      this.fetching = undefined
      this.fetchedAt = this.now()
    })
    return this.fetching
  }

  private async ask(): Promise<void> {
    const {api, limits, log} = this.options
    const before = this.why
    try {
      const keys = parseKeySet(await api.get(KEY_SET, AbortSignal.timeout(limits.reviewMs)))
      if (keys.length === 0) throw new Error(`${KEY_SET} names no key that the agent can use`)
      this.keys = keys
      this.pauseMs = limits.keyPauseMs
      this.why = undefined
      if (before !== undefined) log.info({}, 'Signatures of tokens are checked again')
    } catch (error) {
      // Keys that were good a moment ago still are.
      this.pauseMs = Math.min(Math.max(this.pauseMs * 2, limits.keyPauseMs), limits.longestKeyPauseMs)
      this.why = (error as Error).message
      if (before === undefined)
        log.warn({reason: this.why}, 'Signatures of tokens cannot be checked here: forged ones can delay good ones')
    }
  }
}
