import {fc} from '@fast-check/vitest'
import {expect, test} from 'vitest'
import {KernelError} from '../../../agent/native/kernel-error.ts'
import {
  clearCounters,
  ENTRIES_START,
  findEntries,
  infoRequest,
  prepareEntries,
  readCounters,
  readInfo,
} from '../../../agent/xtables/entries.ts'

/** An entry with a target and some bytes of a match before it. */
function entry(target: string, {match = 0, data = '', packets = 0, bytes = 0} = {}): Buffer {
  const start = 112 + match
  const made = Buffer.alloc(start + 64)
  made.writeUInt16LE(start, 88)
  made.writeUInt16LE(made.length, 90)
  made.writeBigUInt64LE(BigInt(packets), 96)
  made.writeBigUInt64LE(BigInt(bytes), 104)
  made.write(target, start + 2)
  made.write(data, start + 32)
  return made
}

const LARGE = 2 ** 41 + 7
const forward = [entry('MARK', {match: 40, packets: LARGE, bytes: 3}), entry('', {packets: 9})]
const own = [entry('ERROR', {data: 'AZURE-NPM'}), entry('', {packets: 2, bytes: LARGE}), entry('DROP', {match: 8}), entry('')]
const table = Buffer.concat([Buffer.alloc(ENTRIES_START), ...forward, ...own, entry('ERROR', {data: 'ERROR'})])
const info = {bytes: table.length - ENTRIES_START, hooks: new Map([[0, 'FORWARD']])}

test('rules are found chain by chain, without policies and ends, and read with their counters', () => {
  const {all, chains} = findEntries(table, info)
  expect(all.length).toBe(7)
  expect([...chains].map(([chain, rules]) => [chain, rules.length])).toEqual([
    ['FORWARD', 1],
    ['AZURE-NPM', 2],
  ])
  const places = [...chains.values()].flat()
  expect(readCounters(table, places)).toEqual({
    packets: new Float64Array([LARGE, 2, 0]),
    bytes: new Float64Array([3, LARGE, 0]),
  })
  const cleared = Buffer.from(table)
  clearCounters(cleared, all)
  expect(readCounters(cleared, all).packets.every(count => count === 0)).toBe(true)
  expect(findEntries(cleared, info)).toEqual({all, chains})
})

test('a request names the table and how much there has to be; an answer tells where chains begin', () => {
  const request = Buffer.from(table)
  prepareEntries(request, 'filter')
  expect(request.toString('latin1', 0, 8)).toBe('filter\0\0')
  expect(request.readUInt32LE(32)).toBe(info.bytes)
  const answer = infoRequest('filter')
  expect(answer.toString('latin1', 0, 8)).toBe('filter\0\0')
  // Hooks of table filter, as the kernel numbers them, and where each begins.
  answer.writeUInt32LE(0b01110, 32)
  for (const [hook, place] of [0, 0, 152, 304].entries()) answer.writeUInt32LE(place, 36 + 4 * hook)
  answer.writeUInt32LE(4096, 80)
  expect(readInfo(answer)).toEqual({
    bytes: 4096,
    hooks: new Map([
      [0, 'INPUT'],
      [152, 'FORWARD'],
      [304, 'OUTPUT'],
    ]),
  })
})

test('whatever is cut or damaged is refused, or is a table whose entries lie in it', () => {
  const damaged = fc.tuple(
    fc.integer({min: ENTRIES_START, max: table.length}),
    fc.array(fc.tuple(fc.integer({min: ENTRIES_START, max: table.length - 1}), fc.integer({min: 0, max: 255})), {maxLength: 4}),
  )
  fc.assert(
    fc.property(damaged, ([length, changes]) => {
      const part = Buffer.from(table.subarray(0, length))
      for (const [at, value] of changes) if (at < length) part[at] = value
      try {
        const {all, chains} = findEntries(part, info)
        for (const at of [...all, ...[...chains.values()].flat()]) expect(at + 112).toBeLessThanOrEqual(part.length)
      } catch (error) {
        expect(error).toBeInstanceOf(KernelError)
      }
    }),
  )
  for (let length = ENTRIES_START + 1; length < ENTRIES_START + 176; length++)
    expect(() => findEntries(table.subarray(0, length), info)).toThrow(KernelError)
})
