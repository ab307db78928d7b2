import {open, stat} from 'node:fs/promises'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {Text} from '../../core/text/lines.ts'

const READ_BYTES = 1024 * 1024

/** A file's content: text, or the bytes of a gzip file. */
export type Content = {readonly kind: 'text'; readonly text: Text} | {readonly kind: 'gzip'; readonly bytes: Uint8Array}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Reads a file or, for `-`, standard input. */
export async function readContent(path: string): Promise<Content> {
  const text = new TextDecoding(path === '-' ? 0 : (await stat(path)).size)
  const packed: Uint8Array[] = []
  let isFirst = true
  for await (const chunk of path === '-' ? (process.stdin as AsyncIterable<Uint8Array>) : chunksOf(path)) {
    if (isFirst ? isGzip(chunk) : packed.length > 0) packed.push(Uint8Array.from(chunk))
    else text.push(chunk)
    isFirst = false
  }
  return packed.length > 0 ? {kind: 'gzip', bytes: Buffer.concat(packed)} : {kind: 'text', text: text.end()}
}

/** A file's bytes in chunks that share one buffer: each is valid until the next one is read. A stream would allocate as much as the file has. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  try {
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

/** Unpacks gzip data of a file that a flag names. Of a damaged or cut-off file everything before the damage is kept. */
export async function unpackGzip(
  bytes: Uint8Array,
  file: string,
  limitBytes?: number,
): Promise<{bytes: Uint8Array; problems: Problem[]}> {
  // Few files are packed, and this takes longer to load than a small file to read.
  const {gunzip, UnpackLimitError, unpackLimits} = await import('./gunzip.ts')
  const limit = {
    name: file,
    limitBytes: limitBytes ?? unpackLimits.inputFileBytes,
    next: 'Unpack it by hand and give the folder.',
  }
  const parts: Uint8Array[] = []
  try {
    for await (const part of gunzip(onePiece(bytes), limit)) parts.push(part)
  } catch (error) {
    if (error instanceof UnpackLimitError) throw error
    const message = `the compressed file is damaged or cut off (${error instanceof Error ? error.message : String(error)}); what stands before the damage is read`
    const next = 'Copy the file again; compare its size with the original.'
    return {bytes: Buffer.concat(parts), problems: [{code: 'TRUNCATED_FILE', file, message, next}]}
  }
  return {bytes: Buffer.concat(parts), problems: []}
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
