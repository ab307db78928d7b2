/** A line of kubectl's own log: `E1127 08:27:52.833154   20498 proxy_server.go:147] …`. */
const LOG_LINE = /^[EWIF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.-]+:\d+\] /
const MIGHT_BE_LOG = /^[EWIF](?:\d|$)/
const KEPT = 4000

/**
 * Sorts what `kubectl proxy` says on stderr. Before it serves, that is the reason why it does not, and becomes part of an
 * error. Afterwards its log only repeats what the answers say; everything else comes from a login program and goes to
 * the person at once, since a question does not end with a line feed.
 */
export class ProxyWords {
  isServing = false
  private said = ''
  private held = ''
  private isLineStart = true
  private readonly log: ((text: string) => void) | undefined

  /** @param log takes lines of the log that are otherwise left out */
  constructor(log?: (text: string) => void) {
    this.log = log
  }

  /** @returns what the person must see now */
  add(chunk: string): string {
    if (!this.isServing) {
      this.said = (this.said + chunk).slice(-KEPT)
      return ''
    }
    let shown = ''
    const text = this.held + chunk
    this.held = ''
    for (const line of text.split(/(?<=\n)/)) {
      if (this.isLineStart && !line.endsWith('\n') && MIGHT_BE_LOG.test(line)) {
        this.held = line
        continue
      }
      if (this.isLineStart && LOG_LINE.test(line)) this.log?.(line)
      else {
        shown += line
        this.isLineStart = line.endsWith('\n')
      }
    }
    return shown
  }

  /** What was said before it served. */
  all(): string {
    return this.said
  }
}
