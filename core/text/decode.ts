import {ENCODING_BYTES, encodingOf} from './encoding.ts'
import type {Text} from './lines.ts'

/**
 * Size of a piece. Small pieces limit the memory that one non-Latin-1 character doubles. Large pieces keep the overhead low, and
 * keep the objects of most clusters in one piece: JSON in several pieces must be joined, which needs the memory twice.
 */
export const PIECE_BYTES = 16 * 1024 * 1024
/** The most that a piece may have. A longer line, which no document has, is cut, so that a text without an end fits into memory and strings. */
const LONGEST_PIECE_BYTES = 16 * PIECE_BYTES
/** Initial buffer, because most files are small. It doubles up to a piece, and further only for a longer line. */
const FIRST_BYTES = 64 * 1024
const LINE_FEED = 10

/**
 * Decodes UTF-8, or UTF-16 as Windows writes it, to a text in pieces that end at line ends, if no line is longer than 256 MiB. Invalid
 * bytes become U+FFFD, so that the rest of a damaged text can be read.
 */
export class TextDecoding {
  private readonly pieces: string[] = []
  private readonly decoder = new TextDecoder('utf-8', {ignoreBOM: false})
  private buffer: Uint8Array<ArrayBuffer>
  private length = 0
  /** Of UTF-16, whose bytes become UTF-8 when they come: its lines do not end at a byte of 10. */
  private recoding: TextDecoder | undefined
  /** Whether the first bytes have been looked at. */
  private isEncodingKnown = false

  /** @param expectedBytes the total size, if known; it affects only speed */
  constructor(expectedBytes = 0) {
    // One byte more, so that the buffer is not full, and does not grow, at the last byte.
    this.buffer = new Uint8Array(Math.min(Math.max(expectedBytes + 1, FIRST_BYTES), PIECE_BYTES))
  }

  /** Appends bytes. They are copied, so the caller may reuse the memory. */
  push(bytes: Uint8Array): void {
    let rest = bytes
    if (!this.isEncodingKnown) {
      const head = bytes.subarray(0, ENCODING_BYTES - this.length)
      this.add(head)
      rest = bytes.subarray(head.length)
      if (this.length < ENCODING_BYTES) return
      this.findEncoding()
    }
    this.add(this.recoding ? this.recode(rest) : rest)
  }

  private add(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) {
      if (this.length === this.buffer.length) this.makeRoom()
      const fitting = rest.subarray(0, this.buffer.length - this.length)
      this.buffer.set(fitting, this.length)
      this.length += fitting.length
      rest = rest.subarray(fitting.length)
    }
  }

  /** Returns the text. No further calls are allowed. */
  end(): Text {
    if (!this.isEncodingKnown) this.findEncoding()
    if (this.recoding) this.add(new TextEncoder().encode(this.recoding.decode()))
    this.release(this.length)
    return this.pieces
  }

  private findEncoding(): void {
    this.isEncodingKnown = true
    const encoding = encodingOf(this.buffer.subarray(0, Math.min(this.length, ENCODING_BYTES)))
    if (encoding === 'utf-8') return
    this.recoding = new TextDecoder(encoding)
    const first = this.buffer.slice(0, this.length)
    this.length = 0
    this.add(this.recode(first))
  }

  private recode(bytes: Uint8Array): Uint8Array {
    return new TextEncoder().encode(this.recoding?.decode(bytes, {stream: true}))
  }

  private makeRoom(): void {
    const lineEnd = this.length < PIECE_BYTES ? 0 : this.buffer.lastIndexOf(LINE_FEED) + 1
    if (lineEnd > 0) this.release(lineEnd)
    else if (this.length >= LONGEST_PIECE_BYTES) this.release(this.characterStart())
    else {
      const larger = new Uint8Array(this.buffer.length * 2)
      larger.set(this.buffer)
      this.buffer = larger
    }
  }

  /** Where the last character of the buffer begins, so that it is not cut. */
  private characterStart(): number {
    let at = this.length - 1
    for (let back = 0; back < 3 && ((this.buffer[at] as number) & 0xc0) === 0x80; back++) at--
    return at
  }

  /** Decodes the first bytes to a piece, and removes them from the buffer. */
  private release(count: number): void {
    if (count > 0) this.pieces.push(this.decoder.decode(this.buffer.subarray(0, count)))
    this.buffer.copyWithin(0, count, this.length)
    this.length -= count
  }
}

/** Decodes bytes that are all in memory. */
export function decodeText(bytes: Uint8Array): Text {
  const decoding = new TextDecoding(bytes.length)
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) decoding.push(bytes.subarray(at, at + PIECE_BYTES))
  return decoding.end()
}
