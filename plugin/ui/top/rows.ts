/** An update between these is drawn at once by terminals that know them; others ignore them. Source: "Synchronized Output" of contour's specification */
const UPDATE = '\u001b[?2026h'
const UPDATED = '\u001b[?2026l'
const HOME = '\u001b[H'

/**
 * Writes the rows of a screen, and of the next one those that differ.
 *
 * Ink would lay them out, measure them and cut them into cells again, though a frame is laid out already: at 300 × 80 three quarters of the
 * time of a frame, and a tenth of a second of loading before the first one.
 */
export class Rows {
  private readonly write: (text: string) => void
  private written: readonly string[] = []

  constructor(write: (text: string) => void) {
    this.write = write
  }

  /** What is on the terminal is not known any more: the next rows are written whole. */
  forget(): void {
    this.written = []
  }

  /** @param rows painted, none wider than the terminal, and no more of them than it has */
  show(rows: readonly string[]): void {
    const {written} = this
    this.written = rows
    const changed = rows.flatMap((row, at) => (row === written[at] ? [] : [`\u001b[${at + 1}H\u001b[2K${row}`]))
    if (written.length === 0) changed.unshift('\u001b[2J')
    // The cursor waits where it cannot make the terminal scroll.
    if (changed.length > 0) this.write(UPDATE + changed.join('') + HOME + UPDATED)
  }
}
