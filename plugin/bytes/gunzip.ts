import {once} from 'node:events'
import {createGunzip} from 'node:zlib'
import {InputError} from '../../core/problem/input-error.ts'

const GIB = 1024 ** 3

/**
 * How many bytes content may have when it is unpacked, by where it comes from. A node with a million rules has 300 MB; what unpacks to
 * more than these limits is no dump but an attack on this machine's memory.
 */
export const unpackLimits = {
  /** A file that `--from` or `-f` names. */
  inputFileBytes: 4 * GIB,
  /** One document of an agent's snapshot. */
  snapshotDocumentBytes: 4 * GIB,
} as const

/** What is unpacked, and how much of it there may be. */
export interface UnpackLimit {
  /** File or document, for the error. */
  readonly name: string
  readonly limitBytes: number
  /** What to do when there is more. */
  readonly next: string
}

/** Compressed content has more bytes than it may. */
export class UnpackLimitError extends InputError {
  constructor({name, limitBytes, next}: UnpackLimit) {
    super(`${name}: unpacks to more than ${limitBytes} bytes`, next)
    this.name = 'UnpackLimitError'
  }
}

/**
 * Unpacks a gzip stream while it comes. This is the only place of the plugin that does.
 *
 * @param stream pieces of the gzip stream, in order
 * @returns the content, in pieces; at the end what `stream` returns at its end
 * @throws UnpackLimitError as soon as there is more than the limit, zlib's error when the stream is damaged or not whole, what `stream`
 *   throws
 */
export async function* gunzip<End>(stream: AsyncGenerator<Uint8Array, End>, limit: UnpackLimit): AsyncGenerator<Uint8Array, End> {
  const unpacking = createGunzip()
  // Read below; an error that comes after the last read has no other listener.
  unpacking.on('error', () => {})
  const stop = new AbortController()
  const feeding = feed()
  feeding.catch((error: Error) => unpacking.destroy(error))
  let sizeBytes = 0
  try {
    for await (const part of unpacking as AsyncIterable<Uint8Array>) {
      sizeBytes += part.length
      if (sizeBytes > limit.limitBytes) throw new UnpackLimitError(limit)
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
