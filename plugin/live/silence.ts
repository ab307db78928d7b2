/** So much later than it was to come, a sample is not just late: a busy network, or a busy node, needs a few seconds now and then. */
export const SILENT_MS = 5000

/**
 * Tells when nothing comes any more where something should. A connection may be dead without an end: of a laptop that has changed its network,
 * or while the API server hangs. It is ended only when pings get no answer, which takes the better part of a minute.
 */
export class Silence implements Disposable {
  private readonly tell: (ms: number) => void
  private readonly silentMs: number
  private timer: NodeJS.Timeout | undefined

  /** @param tell called once for each silence, with how long it has lasted in milliseconds */
  constructor(tell: (ms: number) => void, silentMs = SILENT_MS) {
    this.tell = tell
    this.silentMs = silentMs
  }

  /** Something has come. @param nextMs how long the next one may take at most */
  heard(nextMs: number): void {
    clearTimeout(this.timer)
    const waitMs = nextMs + this.silentMs
    this.timer = setTimeout(() => this.tell(waitMs), waitMs).unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer)
  }
}
