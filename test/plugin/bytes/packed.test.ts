import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {Packed} from '../../../plugin/bytes/packed.ts'

async function* piecesOf<End>(bytes: Uint8Array, size: number, end: End): AsyncGenerator<Uint8Array, End> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  return end
}

const textOf = async (packed: Packed): Promise<string> => (await packed.text()).join('')
async function bytesOf(packed: Packed): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of packed.bytes()) parts.push(part)
  return Buffer.concat(parts)
}

const unchecked = () => {}
const RULE = '-A AZURE-NPM-INGRESS -m set --match-set azure-npm-123 src -j MARK --set-xmark 0x2000/0x2000\n'

describe('a packed file', () => {
  test.each([
    {name: 'nothing', parts: []},
    {name: 'an empty text', parts: ['']},
    {name: 'texts and bytes', parts: ['é\n', Uint8Array.of(0, 255, 10), 'end']},
    {name: 'more than a piece', parts: Array.from({length: 100_000}, () => RULE)},
  ])('of $name gives it back, and knows its size', async ({parts}) => {
    const whole = Buffer.concat(parts.map(part => Buffer.from(part)))
    const packed = await Packed.of(parts)
    expect(packed.sizeBytes).toBe(whole.length)
    expect((await bytesOf(packed)).equals(whole)).toBe(true)
    // Once more: a dump that is redacted is read twice.
    expect(await textOf(packed)).toBe(new TextDecoder().decode(whole))
  })

  test.each([1, 7, 1000, 1_000_000])(
    'of a gzip stream in pieces of %i bytes is what was packed, with what was said at the end',
    async size => {
      const text = RULE.repeat(200)
      const {packed, end} = await Packed.ofGzip(piecesOf(gzipSync(text), size, 'said'), unchecked)
      expect([packed.sizeBytes, await textOf(packed), end]).toEqual([text.length, text, 'said'])
    },
  )

  test.each([
    {name: 'cut off', bytes: gzipSync(RULE.repeat(200)).subarray(0, -9), error: /unexpected end of file/},
    {name: 'damaged', bytes: Buffer.from(gzipSync(RULE.repeat(200))).fill(7, 30, 60), error: /./},
    {name: 'no gzip', bytes: Buffer.from(RULE), error: /incorrect header check/},
    {name: 'empty', bytes: Buffer.alloc(0), error: /unexpected end of file/},
  ])('of a stream that is $name is none', async ({bytes, error}) => {
    await expect(Packed.ofGzip(piecesOf(bytes, 16, undefined), unchecked)).rejects.toThrow(error)
  })

  test('of parts that fail fails with them', async () => {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(RULE)
      throw new Error('the tool has gone')
    }
    await expect(Packed.of(failing())).rejects.toThrow('the tool has gone')
    await expect(Packed.ofGzip(failing(), unchecked)).rejects.toThrow('the tool has gone')
  })
})
