import {constants} from 'node:fs'
import {open} from 'node:fs/promises'

const READ_BYTES = 1024 * 1024

/** Reads a file or, for `-`, standard input. Each chunk is valid until the next one is asked for. */
export async function* readGiven(path: string): AsyncGenerator<Uint8Array, void> {
  if (path === '-') yield* process.stdin as AsyncIterable<Uint8Array>
  else yield* chunksOf(path, constants.O_RDONLY)
}

/**
 * Reads a file that was found in a folder. What has become a link, a pipe or a device meanwhile is not opened for it.
 *
 * @throws Error when it is no regular file
 */
export async function* readFound(path: string): AsyncGenerator<Uint8Array, void> {
  // Windows has neither flag.
  yield* chunksOf(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0), true)
}

/** A file's bytes in chunks that share one buffer. A stream would allocate as much as the file has. */
async function* chunksOf(path: string, flags: number, isRegular = false): AsyncGenerator<Uint8Array, void> {
  const file = await open(path, flags)
  try {
    if (isRegular && !(await file.stat()).isFile()) throw new Error('is no regular file')
    const buffer = new Uint8Array(READ_BYTES)
    for (;;) {
      const {bytesRead} = await file.read(buffer, 0, READ_BYTES)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** The beginning of a stream, which was read already. */
export interface PeekedStream {
  /** As many bytes as were asked for; fewer when the stream is shorter. */
  readonly head: Uint8Array
  /** The whole stream, `head` included. */
  readonly stream: AsyncGenerator<Uint8Array, void>
  /** Ends the stream for whoever does not want it: a generator that nobody began to read closes nothing by itself. */
  readonly release: () => Promise<unknown>
}

/** Looks at the first bytes of a stream. */
export async function peek(stream: AsyncGenerator<Uint8Array, void>, count: number): Promise<PeekedStream> {
  const first: Uint8Array[] = []
  let length = 0
  let isEnded = false
  while (length < count && !isEnded) {
    const {done, value} = await stream.next()
    isEnded = done === true
    if (!value) continue
    // The source may write the next chunk into the same memory.
    first.push(Uint8Array.from(value))
    length += value.length
  }
  const whole = first.length === 1 ? (first[0] as Uint8Array) : Buffer.concat(first)
  return {head: whole.subarray(0, count), stream: joined(), release: () => stream.return()}

  async function* joined(): AsyncGenerator<Uint8Array, void> {
    try {
      if (whole.length > 0) yield whole
      yield* stream
    } finally {
      await stream.return()
    }
  }
}

/** Chunks with memory of their own. */
export async function* copied(stream: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of stream) yield Uint8Array.from(chunk)
}
