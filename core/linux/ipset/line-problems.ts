import type {Problem, ProblemCode} from '../../problem/problem.ts'
import {ProblemList} from '../../problem/problem-list.ts'
import {shownLine} from '../../text/lines.ts'

/** Lines beyond this are none of ipset's: a name holds 31 bytes, a comment 255. */
const LONGEST_LINE = 64 * 1024
const LINE_FEED = 10

/** Collects problems with the lines of a text. It knows which line is being read, so that a problem need not say. */
export class LineProblems {
  private readonly list: ProblemList
  private piece = ''
  private start = 0
  private end = 0
  private line = 0

  constructor(file: string | undefined) {
    this.list = new ProblemList(file)
  }

  /**
   * Begins a line, with what a line visitor gets.
   *
   * @returns false if the line is too long to be read; that is a problem already
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
    // Only the last line of a text can be without a line feed, which may have a carriage return before it.
    if (end >= piece.length - 1 && piece.charCodeAt(piece.length - 1) !== LINE_FEED)
      this.add(
        'TRUNCATED_FILE',
        end,
        'the last line does not end with a line feed: it may be cut, and lines behind it may be missing',
        'The line is read as it stands. Take the dump again, and check that the disk was not full.',
      )
    return true
  }

  /** @param at where in the piece the problem is */
  add(code: ProblemCode, at: number, message: string, next: string): void {
    const text = shownLine(this.piece.slice(this.start, this.end))
    this.list.add({code, line: this.line, column: at - this.start + 1, text, message, next})
  }

  /** For a problem with an earlier line. */
  addElsewhere(problem: Problem): void {
    this.list.add(problem)
  }

  all(): Problem[] {
    return this.list.all()
  }
}
