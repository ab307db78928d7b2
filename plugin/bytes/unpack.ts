import * as zlib from 'node:zlib'
import {type UnpackCheck, unpackThrough} from './gunzip.ts'
import type {Packing} from './packing.ts'

/** The packed content is damaged or cut off, or packed in a way that is not known. */
class PackedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PackedError'
  }
}

/**
 * Unpacks a stream while it comes.
 *
 * @returns undefined when this Node cannot unpack it
 */
export function unpack(
  packing: Packing,
  stream: AsyncGenerator<Uint8Array, void>,
  check: UnpackCheck,
): AsyncGenerator<Uint8Array, void> | undefined {
  if (packing === 'gzip') return unpackThrough(zlib.createGunzip(), stream, check)
  if (packing === 'xz') return unxz(stream, check)
  // Node has it since 22.15 only.
  if (packing === 'zstd' && zlib.createZstdDecompress) return unpackThrough(zlib.createZstdDecompress(), stream, check)
  return undefined
}

/** Codes of xz-embedded, which the library hands on as numbers. */
const XZ_REASONS: Readonly<Record<string, string>> = {
  4: 'it needs more memory than an .xz file may',
  5: 'it is no .xz file',
  6: 'it is packed or checked in a way that is not known',
  7: 'its content is damaged',
  8: 'it ends early',
}

async function* unxz(stream: AsyncGenerator<Uint8Array, void>, check: UnpackCheck): AsyncGenerator<Uint8Array, void> {
  const {default: library} = await import('xz-decompress')
  let packedBytes = 0
  let sizeBytes = 0
  const packed = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const {done, value} = await stream.next()
        if (done) return controller.close()
        packedBytes += value.length
        controller.enqueue(value)
      },
      async cancel() {
        await stream.return()
      },
    },
    {highWaterMark: 0},
  )
  const parts = new library.XzReadableStream(packed).getReader()
  try {
    for (;;) {
      const {done, value} = await parts.read().catch((error: unknown) => {
        const code = /^get_next_output failed with error code (\d+)$/.exec((error as Error).message)?.[1]
        throw code === undefined ? error : new PackedError(XZ_REASONS[code] ?? `xz error ${code}`)
      })
      if (done) return
      sizeBytes += value.length
      check(value.length, sizeBytes, packedBytes)
      if (value.length > 0) yield value
    }
  } finally {
    // It lets go of the memory that all such streams share.
    await parts.cancel().catch(() => {})
  }
}

/** Whether the content is at fault, and not the system. Node's own streams say so by a code of their library. */
export const isDamage = (error: unknown): error is Error =>
  error instanceof PackedError ||
  (error instanceof Error && /^(?:Z_|ZSTD_|ERR_ZSTD)/.test((error as NodeJS.ErrnoException).code ?? ''))
