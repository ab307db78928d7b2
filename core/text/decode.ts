import type {Text} from './lines.ts'

/** Small enough that one odd character costs little, large enough that pieces do not count. */
const PIECE_BYTES = 4 * 1024 * 1024
const LINE_FEED = 10

/**
 * Turns bytes into a text in pieces that end at line ends. Bytes that are no UTF-8 become U+FFFD: damaged text is still
 * text.
 */
export class TextDecoding {
  private readonly pieces: string[] = []
  private readonly decoder = new TextDecoder('utf-8', {ignoreBOM: false})
  private held: Uint8Array[] = []
  private heldBytes = 0

  /** Adds bytes, in order. They are copied or used up before this returns only if whole lines came together. */
  push(bytes: Uint8Array): void {
    this.held.push(bytes)
    this.heldBytes += bytes.length
    if (this.heldBytes < PIECE_BYTES || !bytes.includes(LINE_FEED)) return
    const last = bytes.lastIndexOf(LINE_FEED) + 1
    this.held[this.held.length - 1] = bytes.subarray(0, last)
    this.release()
    if (last < bytes.length) {
      this.held.push(bytes.subarray(last))
      this.heldBytes = bytes.length - last
    }
  }

  /** All text so far; the decoder is used up. */
  end(): Text {
    this.release()
    return this.pieces
  }

  private release(): void {
    if (this.held.length === 0) return
    const [only] = this.held
    const bytes = this.held.length === 1 && only ? only : concat(this.held)
    if (bytes.length > 0) this.pieces.push(this.decoder.decode(bytes))
    this.held = []
    this.heldBytes = 0
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Bytes that are in memory as a whole, as text. */
export function decodeText(bytes: Uint8Array): Text {
  const decoding = new TextDecoding()
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) decoding.push(bytes.subarray(at, at + PIECE_BYTES))
  return decoding.end()
}
