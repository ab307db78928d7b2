import {once} from 'node:events'
import type {Transform} from 'node:stream'
import {createGunzip} from 'node:zlib'

/**
 * Is told of each piece that was unpacked, before anybody keeps it, and throws when there is too much.
 *
 * @param pieceBytes of this piece
 * @param sizeBytes of all pieces so far
 * @param packedBytes that became them
 */
export type UnpackCheck = (pieceBytes: number, sizeBytes: number, packedBytes: number) => void

/**
 * Unpacks a gzip stream while it comes.
 *
 * @param stream pieces of the gzip stream, in order
 * @returns the content, in pieces; at the end what `stream` returns at its end
 * @throws what `check` throws, zlib's error when the stream is damaged or not whole, what `stream` throws
 */
export const gunzip = <End>(stream: AsyncGenerator<Uint8Array, End>, check: UnpackCheck): AsyncGenerator<Uint8Array, End> =>
  unpackThrough(createGunzip(), stream, check)

/** Unpacks a stream with one of Node's own, while it comes. This is the only place of the plugin that does. */
export async function* unpackThrough<End>(
  unpacking: Transform & {readonly bytesWritten: number},
  stream: AsyncGenerator<Uint8Array, End>,
  check: UnpackCheck,
): AsyncGenerator<Uint8Array, End> {
  // Read below; an error that comes after the last read has no other listener.
  unpacking.on('error', () => {})
  const stop = new AbortController()
  const feeding = feed()
  feeding.catch((error: Error) => unpacking.destroy(error))
  let sizeBytes = 0
  try {
    for await (const part of unpacking as AsyncIterable<Uint8Array>) {
      sizeBytes += part.length
      check(part.length, sizeBytes, unpacking.bytesWritten)
      yield part
    }
    return await feeding
  } finally {
    stop.abort()
    unpacking.destroy()
  }

  async function feed(): Promise<End> {
    for (;;) {
      const {done, value} = await stream.next()
      if (done) {
        unpacking.end()
        return value
      }
      if (!unpacking.write(value)) await once(unpacking, 'drain', {signal: stop.signal})
    }
  }
}

/** Reads a stream to its end. @returns what it returns there */
export async function readAll<Part, End>(stream: AsyncGenerator<Part, End>, take: (part: Part) => void): Promise<End> {
  for (;;) {
    const {done, value} = await stream.next()
    if (done) return value
    take(value)
  }
}
