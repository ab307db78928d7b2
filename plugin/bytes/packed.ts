import {once} from 'node:events'
import {constants, createGzip} from 'node:zlib'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Text} from '../../core/text/lines.ts'
import {gunzip, readAll, type UnpackCheck} from './gunzip.ts'

/**
 * A file of a dump before it is written. It is compressed, because the rules of a large node have a hundred megabytes and compress to a
 * twentieth. Its size is known, because an archive names the size of a file before its content.
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
   * Keeps a gzip stream as it is, and unpacks it once to check that it is whole.
   *
   * @returns the file, and what the generator returns at its end
   * @throws as `gunzip`
   */
  static async ofGzip<End>(stream: AsyncGenerator<Uint8Array, End>, check: UnpackCheck): Promise<{packed: Packed; end: End}> {
    const pieces: Uint8Array[] = []
    let sizeBytes = 0
    const end = await readAll(gunzip(keep(stream, pieces), check), part => {
      sizeBytes += part.length
    })
    return {packed: new Packed(sizeBytes, pieces), end}
  }

  /** The content, in pieces. */
  bytes(): AsyncGenerator<Uint8Array> {
    // It was counted when it came.
    return gunzip(this.packedPieces(), () => {})
  }

  /** The content as text. */
  async text(): Promise<Text> {
    const decoding = new TextDecoding()
    for await (const piece of this.bytes()) decoding.push(piece)
    return decoding.end()
  }

  private async *packedPieces(): AsyncGenerator<Uint8Array, void> {
    yield* this.pieces
  }
}

/** Passes a stream on, and keeps its pieces. */
async function* keep<End>(stream: AsyncGenerator<Uint8Array, End>, pieces: Uint8Array[]): AsyncGenerator<Uint8Array, End> {
  for (;;) {
    const {done, value} = await stream.next()
    if (done) return value
    pieces.push(value)
    yield value
  }
}
