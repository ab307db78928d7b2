import {type CompareAndExchange, compareAndExchange} from './compare-and-exchange.ts'
import {assertElf, dynamicEntries, offsetOf, PT_LOAD, sectionsOf, segmentsOf} from './elf-file.ts'

const LIBRARY = 'libatomic.so.1'
const FUNCTION = '__atomic_compare_exchange'
const ADDRESS_TAKEN = `${FUNCTION} is not only called, its address is taken, too`

/** Source: elf.h of glibc. */
const DT = {needed: 1, namesTable: 5, symbols: 6, rela: 7, relaBytes: 8, pltBytes: 2, plt: 23} as const
const DT_VERSIONS = {ofSymbols: 0x6f_ff_ff_f0, needed: 0x6f_ff_ff_fe, neededCount: 0x6f_ff_ff_ff} as const
const SHT_VERSIONS_NEEDED = 0x6f_ff_ff_fe
const RELOCATION_BYTES = 24
const SYMBOL_BYTES = 24
/** Of a symbol that may be of any version. */
const ANY_VERSION = 1
const PAGE_BYTES = 4096
/** How far before a call its first argument is looked for. */
const ARGUMENT_BYTES = 64

/**
 * Makes a program for Linux start without libatomic, which small images lack. Node takes a single function from it, and calls that for
 * 8 bytes only: a few instructions, which go into the unused end of the last page of code. The dynamic linker takes the function from there.
 *
 * @param file as its linker wrote it, with its table of sections; is not changed
 * @returns the same program where it does not need libatomic
 * @throws Error when it needs more of libatomic than that, or has no room
 */
export function withoutLibatomic(file: Buffer): Buffer {
  assertElf(file)
  const program = Buffer.from(file)
  const isLibrary = (name: number): boolean => textAt(program, name) === LIBRARY
  const needed = dynamicEntries(program).find(({tag, value}) => tag === DT.needed && isLibrary(value))
  if (!needed) return program
  const routine = compareAndExchange[program.readUInt16LE(18)]
  if (!routine) throw new Error(`the instructions of ${FUNCTION} are not known for this processor`)
  const symbol = forgetVersion(program, forgetLibrary(program, isLibrary))
  const relocation = relocationOf(program, symbol, routine)
  assertEightBytes(program, relocation.index, routine)
  const address = appendCode(program, routine.code)
  program.writeBigUInt64LE(BigInt(routine.indirect), relocation.offset + 8)
  program.writeBigUInt64LE(BigInt(address), relocation.offset + 16)

  const last = dynamicEntries(program).at(-1) ?? needed
  program.copyWithin(needed.offset, needed.offset + 16, last.offset + 16)
  program.fill(0, last.offset, last.offset + 16)
  return program
}

/** What the dynamic linker is told under a tag. */
function told(file: Buffer, wanted: number): number {
  const entry = dynamicEntries(file).find(({tag}) => tag === wanted)
  if (!entry) throw new Error(`the dynamic linker is not told 0x${wanted.toString(16)}`)
  return entry.value
}

function textAt(file: Buffer, index: number): string {
  const start = offsetOf(file, told(file, DT.namesTable)) + index
  return file.toString('latin1', start, file.indexOf(0, start))
}

/** Takes the library off the list of versions; returns the numbers of its versions. */
function forgetLibrary(file: Buffer, isLibrary: (name: number) => boolean): ReadonlySet<number> {
  const address = told(file, DT_VERSIONS.needed)
  let previous: number | undefined
  let offset = offsetOf(file, address)
  while (!isLibrary(file.readUInt32LE(offset + 4))) {
    if (file.readUInt32LE(offset + 12) === 0) throw new Error(`${LIBRARY} has no versions`)
    previous = offset
    offset += file.readUInt32LE(offset + 12)
  }
  const numbers = new Set<number>()
  let version = offset + file.readUInt32LE(offset + 8)
  for (let count = file.readUInt16LE(offset + 2); count > 0; count--) {
    numbers.add(file.readUInt16LE(version + 6))
    version += file.readUInt32LE(version + 12)
  }
  const next = file.readUInt32LE(offset + 12)
  const section = sectionsOf(file).find(({type}) => type === SHT_VERSIONS_NEEDED)
  if (previous === undefined) {
    if (next === 0) throw new Error(`only ${LIBRARY} has versions`)
    const first = BigInt(address + next)
    file.writeBigUInt64LE(first, entryOf(file, DT_VERSIONS.needed) + 8)
    if (section) {
      file.writeBigUInt64LE(first, section.entry + 16)
      file.writeBigUInt64LE(BigInt(section.start + next), section.entry + 24)
      file.writeBigUInt64LE(BigInt(section.bytes - next), section.entry + 32)
    }
  } else file.writeUInt32LE(next === 0 ? 0 : offset + next - previous, previous + 12)
  const count = told(file, DT_VERSIONS.neededCount) - 1
  file.writeBigUInt64LE(BigInt(count), entryOf(file, DT_VERSIONS.neededCount) + 8)
  if (section) file.writeUInt32LE(count, section.entry + 44)
  return numbers
}

const entryOf = (file: Buffer, wanted: number): number =>
  dynamicEntries(file).find(({tag}) => tag === wanted)?.offset ?? Number.NaN

/** Takes the versions off the only symbol that has one of them; returns that symbol's number. */
function forgetVersion(file: Buffer, versions: ReadonlySet<number>): number {
  const start = offsetOf(file, told(file, DT_VERSIONS.ofSymbols))
  const symbols = offsetOf(file, told(file, DT.symbols))
  const found: number[] = []
  const bytes = sectionsOf(file).find(({address}) => address === told(file, DT_VERSIONS.ofSymbols))?.bytes ?? 0
  for (let index = 0; index < bytes / 2; index++) if (versions.has(file.readUInt16LE(start + index * 2))) found.push(index)
  const names = found.map(index => textAt(file, file.readUInt32LE(symbols + index * SYMBOL_BYTES)))
  const [symbol] = found
  if (symbol === undefined || names.join(', ') !== FUNCTION)
    throw new Error(`of ${LIBRARY} only ${FUNCTION} can be replaced, the program takes: ${names.join(', ')}`)
  // A stub that stands for the function wherever its address is taken.
  if (file.readBigUInt64LE(symbols + symbol * SYMBOL_BYTES + 8) !== 0n) throw new Error(ADDRESS_TAKEN)
  file.writeUInt16LE(ANY_VERSION, start + symbol * 2)
  return symbol
}

/** Where the address of the function is put when the program starts; calls go by it. */
function relocationOf(file: Buffer, symbol: number, {jumpSlot}: CompareAndExchange): {index: number; offset: number} {
  const [rela, plt] = [
    {start: told(file, DT.rela), bytes: told(file, DT.relaBytes)},
    {start: told(file, DT.plt), bytes: told(file, DT.pltBytes)},
  ].map(({start, bytes}) =>
    Array.from({length: bytes / RELOCATION_BYTES}, (_, index) => ({
      index,
      offset: offsetOf(file, start) + index * RELOCATION_BYTES,
    })).filter(({offset}) => file.readUInt32LE(offset + 12) === symbol),
  )
  const [found, ...more] = plt ?? []
  if (!found || more.length > 0 || rela?.length !== 0 || file.readUInt32LE(found.offset + 8) !== jumpSlot)
    throw new Error(ADDRESS_TAKEN)
  return found
}

function assertEightBytes(file: Buffer, index: number, {callsTo, eight, stubs}: CompareAndExchange): void {
  const [plt, text] = ['.plt', '.text'].map(name => sectionsOf(file).find(each => each.name === name))
  if (!plt || !text) throw new Error('the program does not say where its code is')
  const calls = callsTo(file, text.start, text.start + text.bytes, plt.start + stubs.first + index * stubs.bytes)
  if (calls.length === 0) throw new Error(`nothing is seen to call ${FUNCTION}`)
  const other = calls.find(call => !file.subarray(call - ARGUMENT_BYTES, call).includes(eight))
  if (other !== undefined)
    throw new Error(`at 0x${(text.address + other - text.start).toString(16)} ${FUNCTION} is not called for 8 bytes`)
}

/** Puts instructions behind the last ones; returns their address. */
function appendCode(file: Buffer, code: Buffer): number {
  const segment = segmentsOf(file).find(({type, isCode}) => type === PT_LOAD && isCode)
  if (!segment) throw new Error('the program has no code')
  const start = Math.ceil((segment.start + segment.bytes) / 16) * 16
  const end = Math.ceil(start / PAGE_BYTES) * PAGE_BYTES
  const rest = file.subarray(segment.start + segment.bytes, end)
  if (start + code.length > end || rest.some(byte => byte !== 0)) throw new Error('there is no room behind the code')
  code.copy(file, start)
  const bytes = BigInt(start + code.length - segment.start)
  file.writeBigUInt64LE(bytes, segment.entry + 32)
  file.writeBigUInt64LE(bytes, segment.entry + 40)
  return segment.address + start - segment.start
}
