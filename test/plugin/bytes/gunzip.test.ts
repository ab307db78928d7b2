import {randomBytes} from 'node:crypto'
import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {gunzip, readAll, UnpackLimitError} from '../../../plugin/bytes/gunzip.ts'
import {Packed} from '../../../plugin/bytes/packed.ts'
import {unpackGzip} from '../../../plugin/bytes/read-bytes.ts'

const limited = (limitBytes: number) => ({name: 'n1/ipset-save.txt', limitBytes, next: 'Look at its agent.'})

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, string> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  return 'all was read'
}

async function unpacked(bytes: Uint8Array, limitBytes: number): Promise<{text: string; end: string}> {
  const parts: Uint8Array[] = []
  const end = await readAll(gunzip(piecesOf(bytes, 1000), limited(limitBytes)), part => parts.push(part))
  return {text: Buffer.concat(parts).toString(), end}
}

const TEXT = 'add azure-npm-123 10.0.0.1\n'.repeat(10_000)

describe('unpacking', () => {
  test('gives content of just as many bytes as the limit, and what the stream says at its end', async () => {
    expect(await unpacked(gzipSync(TEXT), TEXT.length)).toEqual({text: TEXT, end: 'all was read'})
  })

  test('gives nothing of a stream that holds nothing, whatever the limit', async () => {
    expect(await unpacked(gzipSync(''), 0)).toEqual({text: '', end: 'all was read'})
  })

  test('refuses one byte more, with the file, the limit and what to do', async () => {
    const error: unknown = await unpacked(gzipSync(TEXT), TEXT.length - 1).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(UnpackLimitError)
    expect(error).toMatchObject({
      message: `n1/ipset-save.txt: unpacks to more than ${TEXT.length - 1} bytes`,
      next: 'Look at its agent.',
    })
  })

  test('stops at the limit, and reads no further', async () => {
    // Random, so that it is large when it is packed, too.
    const bomb = gzipSync(randomBytes(5_000_000))
    let read = 0
    let given = 0
    const counted = async function* () {
      for await (const piece of piecesOf(bomb, 1000)) {
        read += piece.length
        yield piece
      }
    }
    const reading = readAll(gunzip(counted(), limited(100_000)), part => {
      given += part.length
    })
    await expect(reading).rejects.toThrow(UnpackLimitError)
    expect(given).toBeLessThanOrEqual(100_000)
    expect(read).toBeLessThan(bomb.length)
  })

  test('fails as the stream does', async () => {
    const failing = async function* () {
      yield gzipSync(TEXT).subarray(0, 100)
      throw new Error('the connection broke')
    }
    await expect(readAll(gunzip(failing(), limited(TEXT.length)), () => {})).rejects.toThrow('the connection broke')
  })

  test('fails as whoever takes the content does', async () => {
    const refusing = readAll(gunzip(piecesOf(gzipSync(TEXT), 10), limited(TEXT.length)), () => {
      throw new Error('no room')
    })
    await expect(refusing).rejects.toThrow('no room')
  })

  test('lets go of the stream when nobody wants the rest', async () => {
    for await (const part of gunzip(piecesOf(gzipSync(TEXT), 10), limited(TEXT.length))) {
      expect(part.length).toBeGreaterThan(0)
      break
    }
  })
})

describe.each<{name: string; unpack: (bytes: Buffer, limitBytes: number) => Promise<unknown>}>([
  {name: 'a file', unpack: (bytes, limitBytes) => unpackGzip(bytes, 'n1/ipset-save.txt', limitBytes)},
  {name: 'a document of an agent', unpack: (bytes, limitBytes) => Packed.ofGzip(piecesOf(bytes, 1000), limited(limitBytes))},
])('the limit of $name', ({unpack}) => {
  test('refuses more, and is no damage of which a part could be kept', async () => {
    await expect(unpack(gzipSync(TEXT), 1000)).rejects.toThrow('n1/ipset-save.txt: unpacks to more than 1000 bytes')
  })

  test('lets through what fits', async () => {
    await expect(unpack(gzipSync(TEXT), TEXT.length)).resolves.toBeDefined()
  })
})
