import {once} from 'node:events'
import {Readable} from 'node:stream'
import {constants, createGunzip, createGzip} from 'node:zlib'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Text} from '../../core/text/lines.ts'
import {gunzip} from './gunzip.ts'

/**
 * A file of a dump as it waits to be written: compressed, because rules of a large node are a hundred megabytes and pack to a
 * twentieth; with its size, which an archive wants to know before the content.
 */
export class Packed {
  /** Unpacked. */
  readonly sizeBytes: number
  private readonly pieces: readonly Uint8Array[]

  private constructor(sizeBytes: number, pieces: readonly Uint8Array[]) {
    this.sizeBytes = sizeBytes
    this.pieces = pieces
  }

  /** Compresses parts of a file while they come. */
  static async of(parts: Iterable<string | Uint8Array> | AsyncIterable<Uint8Array>): Promise<Packed> {
    const gzip = createGzip({level: constants.Z_BEST_SPEED})
    const pieces: Uint8Array[] = []
    gzip.on('data', (piece: Buffer) => pieces.push(piece))
    let sizeBytes = 0
    try {
      for await (const part of parts) {
        const bytes = typeof part === 'string' ? Buffer.from(part) : part
        sizeBytes += bytes.length
        if (!gzip.write(bytes)) await once(gzip, 'drain')
      }
      gzip.end()
      await once(gzip, 'end')
    } finally {
      gzip.destroy()
    }
    return new Packed(sizeBytes, pieces)
  }

  /**
   * Takes a gzip stream as it is, and unpacks it once to see that it is whole.
   *
   * @returns the file, and what the generator says at its end
   */
  static async ofGzip<End>(stream: AsyncGenerator<Uint8Array, End>): Promise<{packed: Packed; end: End}> {
    const pieces: Uint8Array[] = []
    let sizeBytes = 0
    const end = await gunzip(kept(stream, pieces), part => {
      sizeBytes += part.length
    })
    return {packed: new Packed(sizeBytes, pieces), end}
  }

  /** The content, in pieces. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    yield* Readable.from(this.pieces).pipe(createGunzip()) as AsyncIterable<Uint8Array>
  }

  /** The content as text. */
  async text(): Promise<Text> {
    const decoding = new TextDecoding()
    for await (const piece of this.bytes()) decoding.push(piece)
    return decoding.end()
  }
}

/** The same stream, whose pieces are kept as they go by. */
async function* kept<End>(stream: AsyncGenerator<Uint8Array, End>, pieces: Uint8Array[]): AsyncGenerator<Uint8Array, End> {
  for (;;) {
    const {done, value} = await stream.next()
    if (done) return value
    pieces.push(value)
    yield value
  }
}
