import {crc32, deflateRawSync} from 'node:zlib'

/** A file of a zip archive, and what is odd about how it is written. */
export interface ZippedFile {
  readonly name: string
  readonly body: string | Uint8Array
  readonly isStored?: boolean
  /** Sizes and checksum stand behind the content, as for an archive that is written to a pipe. */
  readonly hasDescriptor?: boolean
  /** Sizes stand in the field for files of more than 4 GiB. */
  readonly isZip64?: boolean
  /** Type and rights of Unix: `0o120777` is a link. */
  readonly mode?: number
  readonly flags?: number
  readonly method?: number
}

const [U16, U32] = [0xffff, 0xffff_ffff]

const fields = (...all: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Buffer => {
  const buffer = Buffer.alloc(all.reduce((size, [bytes]) => size + bytes, 0))
  let at = 0
  for (const [bytes, value] of all) {
    if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value), at)
    else buffer.writeUIntLE(value, at, bytes)
    at += bytes
  }
  return buffer
}

/** Writes a zip archive. Source: APPNOTE.TXT of PKWARE. */
export function makeZip(files: readonly ZippedFile[]): Buffer {
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const file of files) {
    const {isStored = false, hasDescriptor = false, isZip64 = false, mode = 0o100_644, flags = 0} = file
    const body = Buffer.from(file.body)
    const data = isStored ? body : deflateRawSync(body)
    const name = Buffer.from(file.name)
    const method = file.method ?? (isStored ? 0 : 8)
    const flag = flags | 0x800 | (hasDescriptor ? 8 : 0)
    const sum = crc32(body)
    const local = hasDescriptor ? [0, 0, 0] : [sum, data.length, body.length]
    const head = fields(
      [4, 0x04034b50],
      [2, 20],
      [2, flag],
      [2, method],
      [4, 0],
      ...local.map(value => [4, value] as const),
      [2, name.length],
      [2, 0],
    )
    const behind = hasDescriptor ? fields([4, 0x08074b50], [4, sum], [4, data.length], [4, body.length]) : Buffer.alloc(0)
    const extra = isZip64 ? fields([2, 1], [2, 24], [8, body.length], [8, data.length], [8, offset]) : Buffer.alloc(0)
    central.push(
      fields(
        [4, 0x02014b50],
        [2, (3 << 8) | 45],
        [2, 20],
        [2, flag],
        [2, method],
        [4, 0],
        [4, sum],
        [4, isZip64 ? U32 : data.length],
        [4, isZip64 ? U32 : body.length],
        [2, name.length],
        [2, extra.length],
        [2, 0],
        [2, 0],
        [2, 0],
        [4, (mode << 16) >>> 0],
        [4, isZip64 ? U32 : offset],
      ),
      name,
      extra,
    )
    parts.push(head, name, data, behind)
    offset += head.length + name.length + data.length + behind.length
  }
  const list = Buffer.concat(central)
  const isLarge = files.some(({isZip64}) => isZip64)
  const count = files.length
  const large = isLarge
    ? Buffer.concat([
        fields([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, list.length], [8, offset]),
        fields([4, 0x07064b50], [4, 0], [8, offset + list.length], [4, 1]),
      ])
    : Buffer.alloc(0)
  const end = fields(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, isLarge ? U16 : count],
    [2, isLarge ? U16 : count],
    [4, isLarge ? U32 : list.length],
    [4, isLarge ? U32 : offset],
    [2, 0],
  )
  return Buffer.concat([...parts, list, large, end])
}
