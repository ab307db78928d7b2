/** A line of kubectl's own log: `E1127 08:27:52.833154   20498 proxy_server.go:147] …`. */
const LOG_LINE = /^[EWIF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.-]+:\d+\] /
const MIGHT_BE_LOG = /^[EWIF](?:\d|$)/
/** How kubectl begins the reason for which it does not start, and the hint below it. */
const REASONS = ['error: ', "See 'kubectl "] as const
const KEPT = 4000

/**
 * Sorts what kubectl says on stderr. Its log only repeats what the answers say; the reason why it does not start becomes part of
 * an error. Everything else comes from a login program and goes to the person at once, since a question does not end with a
 * line feed. Some kubectls log in before they serve, to find out the server's version.
 */
export class ProxyStderr {
  isServing = false
  private reason = ''
  private held = ''
  private isLineStart = true
  private readonly log: ((text: string) => void) | undefined

  /** @param log takes lines of the log that are otherwise left out */
  constructor(log?: (text: string) => void) {
    this.log = log
  }

  /** @returns what the person must see now */
  add(chunk: string): string {
    let shown = ''
    const text = this.held + chunk
    this.held = ''
    for (const line of text.split(/(?<=\n)/)) {
      if (this.isLineStart && !line.endsWith('\n') && this.isUndecided(line)) this.held = line
      else if (this.isLineStart && LOG_LINE.test(line)) this.log?.(line)
      else if (this.isLineStart && !this.isServing && REASONS.some(start => line.startsWith(start)))
        this.reason = (this.reason + line).slice(0, KEPT)
      else {
        shown += line
        this.isLineStart = line.endsWith('\n')
      }
    }
    return shown
  }

  /** Why it does not start; empty when it has not said so. */
  why(): string {
    return (this.reason + this.held).trim()
  }

  /** Whether more of a line has to come before it is known what it is. */
  private isUndecided(line: string): boolean {
    if (MIGHT_BE_LOG.test(line)) return true
    return !this.isServing && REASONS.some(start => line.startsWith(start) || start.startsWith(line))
  }
}
