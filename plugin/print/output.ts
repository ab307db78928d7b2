import {once} from 'node:events'
import type {Writable} from 'node:stream'
import {escapeControls, escapeJson} from '../../core/text/escape.ts'

/** Node asks for three bytes for each of a chunk's characters, and from 128 KiB on the system gives and takes such memory anew. */
const CHUNK_CHARACTERS = 16 * 1024

/**
 * Writes lines, waiting when the reader is slow, so that output of any size needs little memory. Ends quietly when the
 * reader has gone (`| head`).
 */
export async function writeLines(lines: Iterable<string>, stream: Writable = process.stdout): Promise<void> {
  let chunk = ''
  for (const line of lines) {
    chunk += line
    chunk += '\n'
    if (chunk.length < CHUNK_CHARACTERS) continue
    if (!(await writeChunk(chunk, stream))) return
    chunk = ''
  }
  if (chunk !== '') await writeChunk(chunk, stream)
}

/** @returns false when nobody reads any more */
async function writeChunk(chunk: string, stream: Writable): Promise<boolean> {
  if (!stream.writable) return false
  if (stream.write(chunk)) return true
  // Both are waited for, and the loser is let go: a long answer meets thousands of full buffers.
  const settled = new AbortController()
  const {signal} = settled
  await Promise.race([once(stream, 'drain', {signal}), once(stream, 'close', {signal})]).catch(() => undefined)
  settled.abort()
  return stream.writable
}

/** Aborted when nobody reads standard output any more (`| head`), which is noticed when there is something to write. */
export function readerGone(): AbortSignal {
  const gone = new AbortController()
  process.stdout.once('error', () => gone.abort())
  return gone.signal
}

/** Lines of JSON for a terminal, which stay JSON. */
export function* escapeJsonLines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield escapeJson(line)
}

/** Lines for a terminal: what would control it is escaped. */
export function* escapeLines(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield escapeControls(line)
}
