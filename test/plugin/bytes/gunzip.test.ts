import {randomBytes} from 'node:crypto'
import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {gunzip, readAll, type UnpackCheck} from '../../../plugin/bytes/gunzip.ts'

const limited =
  (limitBytes: number): UnpackCheck =>
  (_, sizeBytes) => {
    if (sizeBytes > limitBytes) throw new Error(`more than ${limitBytes}`)
  }

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

  test('refuses one byte more', async () => {
    await expect(unpacked(gzipSync(TEXT), TEXT.length - 1)).rejects.toThrow(`more than ${TEXT.length - 1}`)
  })

  test('tells of each piece before it is given: its bytes, all bytes so far, and the packed bytes that became them', async () => {
    const packed = gzipSync(randomBytes(300_000))
    const told: number[][] = []
    let given = 0
    const reading = gunzip(piecesOf(packed, 1000), (...counts) => told.push([...counts, given]))
    await readAll(reading, part => {
      given += part.length
    })
    let before = 0
    for (const [pieceBytes = 0, sizeBytes, packedBytes = 0, givenBefore] of told) {
      expect([sizeBytes, givenBefore]).toEqual([before + pieceBytes, before])
      expect(packedBytes).toBeLessThanOrEqual(packed.length)
      before += pieceBytes
    }
    expect(before).toBe(300_000)
    expect(told.at(-1)?.[2]).toBe(packed.length)
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
    await expect(reading).rejects.toThrow('more than 100000')
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
