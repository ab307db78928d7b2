const SPACE = 32
const QUOTE = 34
const BACKSLASH = 92

/**
 * Reads the words of one line in iptables-restore format, left to right. A word may be in double quotes; inside them a
 * backslash escapes the next character. Source: `add_param_to_argv` and `xtables_save_string` of iptables.
 */
export class Words {
  readonly text: string
  /** Offset of the next word. */
  at: number
  readonly end: number
  /** Whether a quote is not closed. */
  isUnclosed = false

  constructor(text: string, start: number, end: number) {
    this.text = text
    this.at = start
    this.end = end
    this.skipBlanks()
  }

  get isDone(): boolean {
    return this.at >= this.end
  }

  /** The character code at an offset in the next word. Past the end it is NaN, or a character of the next line. */
  code(offset: number): number {
    return this.text.charCodeAt(this.at + offset)
  }

  /** The letter's character code if the next word is a dash and one letter; otherwise 0. */
  shortOption(): number {
    const {text, at, end} = this
    if (text.charCodeAt(at) !== 45 || at + 1 >= end) return 0
    const letter = text.charCodeAt(at + 1)
    return letter !== 45 && (at + 2 >= end || text.charCodeAt(at + 2) === SPACE) ? letter : 0
  }

  /** Whether the next word is a lone exclamation mark. */
  isNegation(): boolean {
    return this.text.charCodeAt(this.at) === 33 && (this.at + 1 >= this.end || this.text.charCodeAt(this.at + 1) === SPACE)
  }

  /** Reads the next word, unquoted. Returns the empty string at the end of the line. */
  next(): string {
    const {text, at, end} = this
    if (text.charCodeAt(at) === QUOTE) return this.quoted()
    let stop = text.indexOf(' ', at)
    if (stop < 0 || stop > end) stop = end
    const word = text.slice(at, stop)
    this.at = stop
    this.skipBlanks()
    return word
  }

  skip(): void {
    if (this.text.charCodeAt(this.at) === QUOTE) {
      this.quoted()
      return
    }
    const stop = this.text.indexOf(' ', this.at)
    this.at = stop < 0 || stop > this.end ? this.end : stop
    this.skipBlanks()
  }

  private skipBlanks(): void {
    while (this.at < this.end && this.text.charCodeAt(this.at) === SPACE) this.at++
  }

  private quoted(): string {
    const {text, end} = this
    const start = this.at + 1
    let stop = text.indexOf('"', start)
    if (stop < 0 || stop >= end) return this.unclosed(start)
    // The usual case: nothing is escaped, so the word is a slice of the line.
    const plain = text.slice(start, stop)
    if (!plain.includes('\\')) {
      this.at = stop + 1
      this.skipBlanks()
      return plain
    }
    let word = ''
    let from = start
    for (stop = start; stop < end; stop++) {
      const code = text.charCodeAt(stop)
      if (code === QUOTE) break
      if (code === BACKSLASH && stop + 1 < end) {
        word += text.slice(from, stop)
        from = ++stop
      }
    }
    if (stop >= end) return this.unclosed(start)
    word += text.slice(from, stop)
    this.at = stop + 1
    this.skipBlanks()
    return word
  }

  private unclosed(start: number): string {
    this.isUnclosed = true
    this.at = this.end
    return this.text.slice(start, this.end)
  }
}
