import {createHash} from 'node:crypto'

/** Source: mach-o/loader.h. */
const MACH_O_64 = 0xfe_ed_fa_cf
const LC_SEGMENT_64 = 0x19
const LC_CODE_SIGNATURE = 0x1d
const HEADER_BYTES = 32
const SIGNATURE_COMMAND_BYTES = 16
const SECTION_BYTES = 80

/** Source: cs_blobs.h of XNU. What is in a signature is big-endian, unlike the file. */
const EMBEDDED_SIGNATURE = 0xfa_de_0c_c0
const CODE_DIRECTORY = 0xfa_de_0c_02
const VERSION_WITH_EXEC_SEGMENT = 0x2_04_00
const AD_HOC_BY_LINKER = 0x2_00_02
const MAIN_BINARY = 1n
const SHA256 = 2
const HASH_BYTES = 32
const PAGE_BITS = 12
const PAGE_BYTES = 1 << PAGE_BITS
const SUPER_BLOB_BYTES = 20
const DIRECTORY_BYTES = 88
/** Memory is mapped in pages of that size on arm64. */
const MAPPED_BYTES = 0x40_00

const aligned = (value: number, to: number): number => Math.ceil(value / to) * to

interface Layout {
  /** Of the last load command. */
  readonly commandsEnd: number
  /** Of the first content behind the load commands. */
  readonly contentStart: number
  /** The command of the segment that ends the file, and where that segment starts and ends. */
  readonly linkEdit: {readonly command: number; readonly start: number; readonly end: number}
  readonly textBytes: bigint
}

/**
 * Signs a program for macOS as linkers do: hashes of its pages, and nobody's name. Macs with Apple's processors start no program without
 * that; whether its maker is trusted is another question.
 *
 * @param file       a program for one processor, without a signature
 * @param identifier what macOS calls it
 * @throws Error when it is none, or has no room for the signature's load command
 */
export function signAdHoc(file: Buffer, identifier: string): Buffer {
  const {commandsEnd, contentStart, linkEdit, textBytes} = layoutOf(file)
  if (commandsEnd + SIGNATURE_COMMAND_BYTES > contentStart) throw new Error('no room for the load command of a signature')
  const codeLimit = aligned(linkEdit.end, 16)
  const pages = Math.ceil(codeLimit / PAGE_BYTES)
  const name = Buffer.from(`${identifier}\0`)
  const directoryBytes = DIRECTORY_BYTES + name.length + pages * HASH_BYTES
  const signatureBytes = aligned(SUPER_BLOB_BYTES + directoryBytes, 16)

  const signed = Buffer.alloc(codeLimit + signatureBytes)
  file.copy(signed, 0, 0, linkEdit.end)
  signed.writeUInt32LE(file.readUInt32LE(16) + 1, 16)
  signed.writeUInt32LE(file.readUInt32LE(20) + SIGNATURE_COMMAND_BYTES, 20)
  writeWords(signed, commandsEnd, [LC_CODE_SIGNATURE, SIGNATURE_COMMAND_BYTES, codeLimit, signatureBytes], 'LE')
  const linkEditBytes = signed.length - linkEdit.start
  signed.writeBigUInt64LE(BigInt(aligned(linkEditBytes, MAPPED_BYTES)), linkEdit.command + 32)
  signed.writeBigUInt64LE(BigInt(linkEditBytes), linkEdit.command + 48)

  // One blob: the code directory, of slot 0.
  writeWords(signed, codeLimit, [EMBEDDED_SIGNATURE, SUPER_BLOB_BYTES + directoryBytes, 1, 0, SUPER_BLOB_BYTES], 'BE')
  const directory = signed.subarray(codeLimit + SUPER_BLOB_BYTES)
  const hashes = DIRECTORY_BYTES + name.length
  const head = [CODE_DIRECTORY, directoryBytes, VERSION_WITH_EXEC_SEGMENT, AD_HOC_BY_LINKER, hashes, DIRECTORY_BYTES, 0]
  writeWords(directory, 0, [...head, pages, codeLimit], 'BE')
  directory.set([HASH_BYTES, SHA256, 0, PAGE_BITS], 36)
  directory.writeBigUInt64BE(textBytes, 72)
  directory.writeBigUInt64BE(MAIN_BINARY, 80)
  name.copy(directory, DIRECTORY_BYTES)
  for (let page = 0; page < pages; page++) {
    const content = signed.subarray(page * PAGE_BYTES, Math.min((page + 1) * PAGE_BYTES, codeLimit))
    createHash('sha256')
      .update(content)
      .digest()
      .copy(directory, hashes + page * HASH_BYTES)
  }
  return signed
}

function layoutOf(file: Buffer): Layout {
  if (file.readUInt32LE(0) !== MACH_O_64) throw new Error('not a program for macOS and one processor')
  let command = HEADER_BYTES
  let contentStart = file.length
  let linkEdit: Layout['linkEdit'] | undefined
  let textBytes = 0n
  let end = 0
  for (let count = file.readUInt32LE(16); count > 0; count--) {
    const kind = file.readUInt32LE(command)
    if (kind === LC_CODE_SIGNATURE) throw new Error('it is signed already')
    if (kind === LC_SEGMENT_64) {
      const name = file.toString('latin1', command + 8, command + 24).replace(/\0.*$/s, '')
      const [start, bytes] = [Number(file.readBigUInt64LE(command + 40)), Number(file.readBigUInt64LE(command + 48))]
      end = Math.max(end, start + bytes)
      if (name === '__TEXT') textBytes = BigInt(bytes)
      if (name === '__LINKEDIT') linkEdit = {command, start, end: start + bytes}
      for (let section = 0; section < file.readUInt32LE(command + 64); section++) {
        const offset = file.readUInt32LE(command + 72 + section * SECTION_BYTES + 48)
        if (offset > 0) contentStart = Math.min(contentStart, offset)
      }
    }
    command += file.readUInt32LE(command + 4)
  }
  if (!linkEdit || linkEdit.end !== end || end > file.length) throw new Error('its last segment is not __LINKEDIT')
  return {commandsEnd: command, contentStart, linkEdit, textBytes}
}

function writeWords(buffer: Buffer, offset: number, words: readonly number[], order: 'LE' | 'BE'): void {
  for (const [index, word] of words.entries()) buffer[`writeUInt32${order}`](word, offset + index * 4)
}
