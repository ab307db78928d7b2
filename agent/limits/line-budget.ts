import {RateLimit} from './rate-limit.ts'

/**
 * Lines of one kind that clients can cause: so many are logged at once and then so many a second, and the others are counted.
 * The kubelet keeps some 50 MB of a container's log, and in them the record of who has connected has to last for weeks.
 */
export class LineBudget {
  private readonly rate: RateLimit
  private left = 0

  /** @param now milliseconds, of a clock that only goes forward */
  constructor(burst: number, perSecond: number, now?: () => number) {
    this.rate = new RateLimit(burst, perSecond, now)
  }

  /** A line that is not to be logged, whether or not there is room. */
  leaveOut(): void {
    this.left++
  }

  /** @returns fields for the line if it may be logged: how many were not since the last one; undefined if it may not */
  take(): {readonly notLogged?: number} | undefined {
    if (!this.rate.take()) {
      this.left++
      return undefined
    }
    const notLogged = this.left
    this.left = 0
    return notLogged === 0 ? {} : {notLogged}
  }
}
