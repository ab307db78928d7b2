import type {Problem, ProblemCode} from '../../problem/problem.ts'
import {ProblemList} from '../../problem/problem-list.ts'
import {shownLine} from '../../text/lines.ts'

/** In characters. ipset prints no longer line: a name holds 31 bytes, a comment 255. */
const LONGEST_LINE = 64 * 1024
const LINE_FEED = 10

/** Collects problems with the lines of a text. It tracks the current line and adds it to each problem. */
export class LineProblems {
  private readonly list: ProblemList
  private piece = ''
  private start = 0
  private end = 0
  private line = 0
  /** Whether no line feed ends the text. */
  isOpenEnd = false

  constructor(file: string | undefined) {
    this.list = new ProblemList(file)
  }

  /**
   * Begins a line. The parameters are those of an `eachLine` visitor.
   *
   * @returns false if the line is too long to be parsed; the problem is added here
   */
  enter(piece: string, start: number, end: number, line: number): boolean {
    this.piece = piece
    this.start = start
    this.end = end
    this.line = line
    if (end - start > LONGEST_LINE) {
      this.add(
        'LINE_TOO_LONG',
        start + LONGEST_LINE,
        `a line of ${end - start} characters, longer than any that ipset prints; it is skipped`,
        'The file is damaged or is no dump of ipset. Take it again.',
      )
      return false
    }
    // Only the last line of a text can lack a line feed. A carriage return may precede the line feed.
    if (end >= piece.length - 1 && piece.charCodeAt(piece.length - 1) !== LINE_FEED) {
      this.isOpenEnd = true
      this.add(
        'TRUNCATED_FILE',
        end,
        'the last line does not end with a line feed: it may be cut, and lines behind it may be missing',
        'The line is read as it stands. Take the dump again, and check that the disk was not full.',
      )
    }
    return true
  }

  /** @param at offset of the problem in the piece */
  add(code: ProblemCode, at: number, message: string, next: string): void {
    const text = shownLine(this.piece.slice(this.start, this.end))
    this.list.add({code, line: this.line, column: at - this.start + 1, text, message, next})
  }

  /** Adds a problem with an earlier line. */
  addElsewhere(problem: Problem): void {
    this.list.add(problem)
  }

  all(): Problem[] {
    return this.list.all()
  }
}
