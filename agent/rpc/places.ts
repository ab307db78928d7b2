import {KeyedRates} from '../limits/keyed-rates.ts'
import type {Limits} from '../limits/limits.ts'
import {refused} from '../limits/refusal.ts'

/** A connection of somebody who has shown a token. */
export interface Placed {
  readonly tokenHash: string
  /** By the monotonic clock, in milliseconds. */
  readonly lastUsedMs: number
}

/** Of how many tokens it is known how often they came. */
const KNOWN_TOKENS = 1000

/**
 * Who gets one of the places that there are for connections. A token has a share of them; when all are taken, the token that has
 * the most gives up its oldest, so that who has none always gets in.
 */
export class Places {
  private readonly limits: Limits
  /** The record has two lines for each connection, so nobody may come and go as fast as it can. */
  private readonly rates: KeyedRates

  constructor(limits: Limits) {
    this.limits = limits
    this.rates = new KeyedRates(limits.connectionBurst, limits.connectionsPerSecond, KNOWN_TOKENS)
  }

  /**
   * @param tokenHash of who comes
   * @param taken all connections, the oldest first
   * @returns the connection that has to make room for the new one, if one has
   * @throws RefusedError `TOO_MANY` when the token has its share, or comes too often
   */
  admit<Connection extends Placed>(tokenHash: string, taken: readonly Connection[]): Connection | undefined {
    const {connections, connectionsOfToken} = this.limits
    const counts = new Map<string, number>()
    for (const each of taken) counts.set(each.tokenHash, (counts.get(each.tokenHash) ?? 0) + 1)
    const own = counts.get(tokenHash) ?? 0
    if (own >= connectionsOfToken)
      throw refused('TOO_MANY', `this token has ${own} connections, and gets no more`, 'Close one of them first.')
    if (!this.rates.take(tokenHash))
      throw refused('TOO_MANY', 'this token was used for many connections just now', 'Try again in some seconds.')
    if (taken.length < connections) return undefined
    const most = Math.max(...counts.values())
    if (most > Math.max(own, 1)) return taken.find(each => counts.get(each.tokenHash) === most)
    if (own > 0) throw refused('TOO_MANY', `the agent has ${taken.length} connections, and takes no more`, 'Try again later.')
    return taken.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)[0]
  }
}
