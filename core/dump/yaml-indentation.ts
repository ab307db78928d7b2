/**
 * Indents what continues in brackets or quotes on further lines deeper than where it began.
 *
 * YAML demands that, and so does the library. kubectl takes such lines at any indentation, tabs too: a closing bracket below its key,
 * JSON pasted between quotes. Whether white space begins such a line changes no value.
 *
 * @returns the text with the same lines. Texts that are no YAML are returned in some form: use it only where the text itself does not parse
 */
export function indentContinuations(text: string): string {
  return new Indentation(text).text()
}

type Quote = '"' | "'"

class Indentation {
  private readonly lines: string[]
  /** Brackets that are open. */
  private depth = 0
  private quote: Quote | undefined
  /** Column at which the outermost bracket or quote stands. */
  private column = 0
  /** Lines that are indented deeper belong to a block scalar, or to plain text of several lines. */
  private textColumn: number | undefined
  /** Whether a value or key may begin here: a quote elsewhere is a letter. */
  private isStart = true

  constructor(text: string) {
    this.lines = text.split('\n')
  }

  text(): string {
    return this.lines.map(line => this.line(line)).join('\n')
  }

  private line(line: string): string {
    // A document ends here whatever is open.
    if (/^(?:---|\.\.\.)(?:\s|$)/.test(line)) {
      this.depth = 0
      this.quote = undefined
      this.textColumn = undefined
      if (line.startsWith('---')) this.block(line, 3)
      return line
    }
    const start = line.search(/[^ \t\r]/)
    if (start < 0) return line
    if (this.depth > 0 || this.quote) {
      const deeper =
        start > this.column && !line.slice(0, start).includes('\t') ? line : ' '.repeat(this.column + 1) + line.slice(start)
      this.inside(deeper, deeper.length - (line.length - start))
      return deeper
    }
    if (this.textColumn !== undefined && start > this.textColumn) return line
    this.textColumn = undefined
    this.block(line, start)
    return line
  }

  /** Reads the rest of a line outside of brackets and quotes. */
  private block(line: string, start: number): void {
    let at = start
    /** Column of the item or key that holds what stands here. Text on a line of its own continues at its own column, too. */
    let parent = start - 1
    for (let item = ITEM.exec(line.slice(at)); item; item = ITEM.exec(line.slice(at))) {
      parent = at
      at += item[0].length
    }
    const key = at
    for (;;) {
      at += (/^[ \t\r]*/.exec(line.slice(at)) as RegExpExecArray)[0].length
      const character = line[at]
      if (character === undefined || character === '#') return
      const property = /^[&!*][^ \t]*/.exec(line.slice(at))
      if (property) {
        at += property[0].length
        continue
      }
      if (character === '|' || character === '>') {
        this.textColumn = parent
        return
      }
      if (character === '"' || character === "'" || character === '[' || character === '{') {
        this.column = at
        this.depth = 0
        this.isStart = true
        const end = this.inside(line, at)
        if (end === undefined) return
        const colon = /^[ \t]*:(?=[ \t\r]|$)/.exec(line.slice(end))
        if (!colon) return
        at = end + colon[0].length
        parent = key
        continue
      }
      const colon = /:(?=[ \t\r]|$)|[ \t]#/.exec(line.slice(at))
      if (colon?.[0] !== ':') {
        this.textColumn = parent
        return
      }
      at += colon.index + 1
      parent = key
    }
  }

  /** Reads on inside of brackets or quotes. @returns the place behind the last bracket or quote; undefined when the line ends before it */
  private inside(line: string, start: number): number | undefined {
    for (let at = start; at < line.length; at++) {
      const character = line[at] as string
      if (this.quote) {
        if (character === '\\' && this.quote === '"') at++
        else if (character === this.quote && this.quote === "'" && line[at + 1] === "'") at++
        else if (character === this.quote) {
          this.quote = undefined
          this.isStart = false
          if (this.depth === 0) return at + 1
        }
      } else if (this.isStart && (character === '"' || character === "'")) this.quote = character
      else if (character === '[' || character === '{') {
        this.depth++
        this.isStart = true
      } else if (character === ']' || character === '}') {
        this.depth--
        this.isStart = false
        if (this.depth <= 0) return at + 1
      } else if (character === '#' && (at === 0 || /[ \t]/.test(line[at - 1] as string))) return undefined
      else if (character === ',' || character === ':' || character === '?') this.isStart = true
      else if (!/[ \t\r]/.test(character)) this.isStart = false
    }
    return undefined
  }
}

const ITEM = /^[-?](?:[ \t]+|\r?$)/
