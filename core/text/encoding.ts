/** Encodings of texts, as `TextDecoder` names them. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

/** Bytes of a text that show its encoding. */
export const ENCODING_BYTES = 64

/**
 * Finds the encoding of a text by its first bytes: by its byte order mark, and without one by the zeros that are every second byte of
 * UTF-16 where a text is in English. Windows PowerShell writes UTF-16 with a mark.
 *
 * @param head the first `ENCODING_BYTES` bytes, or all of a shorter text
 */
export function encodingOf(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  if (head.length < 4) return 'utf-8'
  const zeros = [0, 0]
  const looked = Math.min(head.length, ENCODING_BYTES) & ~1
  for (let at = 0; at < looked; at++) if (head[at] === 0) zeros[at % 2] = (zeros[at % 2] as number) + 1
  const half = looked / 2
  const [even = 0, odd = 0] = zeros
  if (odd * 3 > half * 2 && even * 10 < half) return 'utf-16le'
  return even * 3 > half * 2 && odd * 10 < half ? 'utf-16be' : 'utf-8'
}
