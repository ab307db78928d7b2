/** How a file is packed, by its first bytes. */
const packings = ['gzip', 'xz', 'zstd', 'zip', 'bzip2', '7z', 'rar', 'lz4'] as const
export type Packing = (typeof packings)[number]

/** Bytes that a packed file begins with. Source: RFC 1952, the .xz format, RFC 8878, APPNOTE.TXT of PKWARE, and the tools. */
const MAGIC: Readonly<Record<Packing, readonly (readonly number[])[]>> = {
  gzip: [[0x1f, 0x8b]],
  xz: [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  zstd: [[0x28, 0xb5, 0x2f, 0xfd]],
  // Of the latter an empty archive consists.
  zip: [
    [0x50, 0x4b, 0x03, 0x04],
    [0x50, 0x4b, 0x05, 0x06],
  ],
  bzip2: [[0x42, 0x5a, 0x68]],
  '7z': [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  rar: [[0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
  lz4: [[0x04, 0x22, 0x4d, 0x18]],
}

/** So many first bytes show it. */
export const PACKING_BYTES = 6

/** How a file is packed; undefined when it is not. */
export const packingOf = (head: Uint8Array): Packing | undefined =>
  packings.find(packing => MAGIC[packing].some(bytes => bytes.every((byte, at) => head[at] === byte)) && !isWord(packing, head))

/** A text may begin with `BZh`: behind it bzip2 has a digit and the digits of pi. */
const isWord = (packing: Packing, head: Uint8Array): boolean => packing === 'bzip2' && head[4] !== 0x31
