import type {Text} from './lines.ts'

/**
 * Small enough that one odd character costs little, large enough that pieces do not count, and that the objects of most
 * clusters are one: JSON in several has to be joined, and then stays in memory twice.
 */
export const PIECE_BYTES = 16 * 1024 * 1024
/** Most files are small. The buffer doubles up to a piece, and beyond only for a line that is longer. */
const FIRST_BYTES = 64 * 1024
const LINE_FEED = 10

/**
 * Turns bytes into a text in pieces that end at line ends. Bytes that are no UTF-8 become U+FFFD: damaged text is still
 * text.
 */
export class TextDecoding {
  private readonly pieces: string[] = []
  private readonly decoder = new TextDecoder('utf-8', {ignoreBOM: false})
  private buffer: Uint8Array<ArrayBuffer>
  private length = 0

  /** @param expectedBytes how many there will be, where that is known; nothing depends on it but the time it takes */
  constructor(expectedBytes = 0) {
    // One more, so that the last of them does not ask for room.
    this.buffer = new Uint8Array(Math.min(Math.max(expectedBytes + 1, FIRST_BYTES), PIECE_BYTES))
  }

  /** Adds bytes, in order. They are copied, so the caller may read the next ones into the same memory. */
  push(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) {
      if (this.length === this.buffer.length) this.makeRoom()
      const fitting = rest.subarray(0, this.buffer.length - this.length)
      this.buffer.set(fitting, this.length)
      this.length += fitting.length
      rest = rest.subarray(fitting.length)
    }
  }

  /** All text so far; the decoder is used up. */
  end(): Text {
    this.release(this.length)
    return this.pieces
  }

  private makeRoom(): void {
    const lineEnd = this.length < PIECE_BYTES ? 0 : this.buffer.lastIndexOf(LINE_FEED) + 1
    if (lineEnd > 0) this.release(lineEnd)
    else {
      const larger = new Uint8Array(this.buffer.length * 2)
      larger.set(this.buffer)
      this.buffer = larger
    }
  }

  /** Makes a piece of the first bytes. */
  private release(count: number): void {
    if (count > 0) this.pieces.push(this.decoder.decode(this.buffer.subarray(0, count)))
    this.buffer.copyWithin(0, count, this.length)
    this.length -= count
  }
}

/** Bytes that are in memory as a whole, as text. */
export function decodeText(bytes: Uint8Array): Text {
  const decoding = new TextDecoding(bytes.length)
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) decoding.push(bytes.subarray(at, at + PIECE_BYTES))
  return decoding.end()
}
