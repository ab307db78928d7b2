/** Source: elf(5). Little-endian, 64 bits. */
const HEADER = {sectionTable: 40, sectionCount: 60, sectionNames: 62} as const
const SEGMENT_BYTES = 56
const SECTION_BYTES = 64
export const PT_LOAD = 1
const PT_DYNAMIC = 2
const SHT_NOBITS = 8
const SHF_ALLOC = 2

/** A part of a file that is mapped into memory, or says something about such parts. */
export interface Segment {
  /** Of its entry in the table of segments. */
  readonly entry: number
  readonly type: number
  readonly isCode: boolean
  readonly start: number
  readonly bytes: number
  readonly address: number
}

/** A part of a file as linkers and debuggers see it. */
export interface Section {
  readonly name: string
  readonly entry: number
  readonly type: number
  readonly isMapped: boolean
  readonly start: number
  readonly bytes: number
  readonly address: number
}

/** @throws Error when it is no program for Linux on 64 bits */
export function assertElf(file: Buffer): void {
  if (file.toString('latin1', 0, 4) !== '\x7fELF' || file[4] !== 2 || file[5] !== 1)
    throw new Error('not a program for Linux on 64 bits')
}

const word = (file: Buffer, offset: number): number => Number(file.readBigUInt64LE(offset))

/** What a loader reads. */
export function segmentsOf(file: Buffer): Segment[] {
  const table = word(file, 32)
  return Array.from({length: file.readUInt16LE(56)}, (_, index) => {
    const entry = table + index * SEGMENT_BYTES
    return {
      entry,
      type: file.readUInt32LE(entry),
      isCode: (file.readUInt32LE(entry + 4) & 1) !== 0,
      start: word(file, entry + 8),
      address: word(file, entry + 16),
      bytes: word(file, entry + 32),
    }
  })
}

/** What linkers and debuggers read; none when a program has been stripped of it. */
export function sectionsOf(file: Buffer): Section[] {
  const table = word(file, HEADER.sectionTable)
  const names = word(file, table + file.readUInt16LE(HEADER.sectionNames) * SECTION_BYTES + 24)
  return Array.from({length: file.readUInt16LE(HEADER.sectionCount)}, (_, index) => {
    const entry = table + index * SECTION_BYTES
    const name = names + file.readUInt32LE(entry)
    return {
      name: file.toString('latin1', name, file.indexOf(0, name)),
      entry,
      type: file.readUInt32LE(entry + 4),
      isMapped: (word(file, entry + 8) & SHF_ALLOC) !== 0,
      address: word(file, entry + 16),
      start: word(file, entry + 24),
      bytes: word(file, entry + 32),
    }
  })
}

/** Where in the file that lies which is loaded to an address. */
export function offsetOf(file: Buffer, address: number): number {
  const segment = segmentsOf(file).find(
    each => each.type === PT_LOAD && address >= each.address && address < each.address + each.bytes,
  )
  if (!segment) throw new Error(`nothing of the program is loaded to 0x${address.toString(16)}`)
  return segment.start + address - segment.address
}

/** An entry of what the dynamic linker is told, and where it stands in the file. */
export interface DynamicEntry {
  readonly offset: number
  readonly tag: number
  readonly value: number
}

/** All entries up to the one that ends them. */
export function dynamicEntries(file: Buffer): DynamicEntry[] {
  const segment = segmentsOf(file).find(({type}) => type === PT_DYNAMIC)
  if (!segment) throw new Error('the program is not linked dynamically')
  const entries: DynamicEntry[] = []
  for (let offset = segment.start; offset < segment.start + segment.bytes; offset += 16) {
    const tag = word(file, offset)
    if (tag === 0) break
    entries.push({offset, tag, value: word(file, offset + 8)})
  }
  return entries
}

/**
 * Leaves out what only debuggers read: symbols of functions that nothing links to, and lines of sources.
 *
 * @param file as its linker wrote it: what is mapped comes first, in the table of sections and in the file
 * @returns a program that is loaded in the same way
 */
export function stripped(file: Buffer): Buffer {
  assertElf(file)
  const sections = sectionsOf(file)
  const mapped = sections.slice(0, sections.findLastIndex(({isMapped}) => isMapped) + 1)
  const names = sections[file.readUInt16LE(HEADER.sectionNames)]
  if (mapped.length === 0 || !names || mapped.includes(names)) throw new Error('it is stripped already')
  const end = Math.max(
    ...mapped.filter(({type}) => type !== SHT_NOBITS).map(({start, bytes}) => start + bytes),
    ...segmentsOf(file).map(({start, bytes}) => start + bytes),
  )
  const table = Math.ceil((end + names.bytes) / 8) * 8
  const output = Buffer.alloc(table + (mapped.length + 1) * SECTION_BYTES)
  file.copy(output, 0, 0, end)
  file.copy(output, end, names.start, names.start + names.bytes)
  for (const [index, {entry}] of [...mapped, names].entries())
    file.copy(output, table + index * SECTION_BYTES, entry, entry + SECTION_BYTES)
  output.writeBigUInt64LE(BigInt(end), table + mapped.length * SECTION_BYTES + 24)
  output.writeBigUInt64LE(BigInt(table), HEADER.sectionTable)
  output.writeUInt16LE(mapped.length + 1, HEADER.sectionCount)
  output.writeUInt16LE(mapped.length, HEADER.sectionNames)
  return output
}
