import {escapeText} from '../../core/text/escape.ts'

/** A line of kubectl's own log: `E1127 08:27:52.833154   20498 proxy_server.go:147] …`. */
const LOG_LINE = /^[EWIF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.-]+:\d+\] /
const MIGHT_BE_LOG = /^[EWIF](?:\d|$)/
/** How kubectl begins the reason for which it does not start, and the hint below it. */
const REASONS = ['error: ', "See 'kubectl ", 'Error in configuration:'] as const
/** Several reasons are a list below the last of these. */
const ITEM = '* '
const KEPT = 4000

/**
 * Sorts kubectl's output on stderr. Its log repeats what the answers have, and is dropped; the reason why it does not start becomes part
 * of an error. Everything else is output of a login program and is shown at once, because a question does not end with a line
 * feed. Some versions of kubectl log in before they serve, to ask for the server's version.
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

  /** @returns what is to be shown to the person now, escaped: a kubeconfig decides what stands in it */
  add(chunk: string): string {
    let shown = ''
    const text = this.held + chunk
    this.held = ''
    for (const line of text.split(/(?<=\n)/)) {
      if (this.isLineStart && !line.endsWith('\n') && this.isUndecided(line)) this.held = line
      else if (this.isLineStart && LOG_LINE.test(line)) this.log?.(escapeText(line))
      else if (this.isLineStart && this.reasons().some(start => line.startsWith(start)))
        this.reason = (this.reason + line).slice(0, KEPT)
      else {
        shown += line
        this.isLineStart = line.endsWith('\n')
      }
    }
    return escapeText(shown.replaceAll('\r\n', '\n'))
  }

  /** The reason why it does not start; empty when it printed none. */
  why(): string {
    return (this.reason + this.held).trim()
  }

  /** Whether the rest of the line decides where it belongs. */
  private isUndecided(line: string): boolean {
    if (MIGHT_BE_LOG.test(line)) return true
    return this.reasons().some(start => line.startsWith(start) || start.startsWith(line))
  }

  /** How lines begin that belong to the reason. */
  private reasons(): readonly string[] {
    if (this.isServing) return []
    return this.reason.includes('Error in configuration:') ? [...REASONS, ITEM] : REASONS
  }
}
