import {once} from 'node:events'
import {createGunzip} from 'node:zlib'
import {LARGEST_UNPACKED_BYTES} from './read-bytes.ts'

/**
 * Unpacks a gzip stream while it comes.
 *
 * @param take is given each part of the content, which is held nowhere else
 * @returns what the generator says at its end
 * @throws zlib's error when the stream is damaged or not whole, Error when it holds more than anybody needs, what the generator throws
 */
export async function gunzip<End>(stream: AsyncGenerator<Uint8Array, End>, take: (part: Uint8Array) => void): Promise<End> {
  const unpacking = createGunzip()
  let sizeBytes = 0
  unpacking.on('data', (part: Buffer) => {
    sizeBytes += part.length
    if (sizeBytes > LARGEST_UNPACKED_BYTES)
      unpacking.destroy(new Error(`it unpacks to more than ${LARGEST_UNPACKED_BYTES} bytes`))
    else take(part)
  })
  const ended = once(unpacking, 'end')
  // Waited for at the end; a stream that breaks before must not count as unheard.
  ended.catch(() => {})
  try {
    for (;;) {
      const {done, value} = await stream.next()
      if (done) {
        unpacking.end()
        await ended
        return value
      }
      if (!unpacking.write(value)) await Promise.race([once(unpacking, 'drain'), ended])
    }
  } finally {
    unpacking.destroy()
  }
}
