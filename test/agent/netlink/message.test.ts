import {expect, test} from 'vitest'
import {NetlinkError, readPart} from '../../../agent/netlink/message.ts'
import {
  clearCounter,
  generationRequest,
  readChain,
  readCounter,
  readGeneration,
  rulesRequest,
} from '../../../agent/netlink/nft-rules.ts'
import {doneMessage, message, ruleMessage} from '../../support/live/fake-netlink.ts'

const LARGE = 2 ** 40 + 5
const DUMP_INTERRUPTED = 0x12

function counted(part: Buffer) {
  const found: {chain: string; packets: number | undefined; bytes: number | undefined}[] = []
  const numbers = {packets: new Float64Array(1), bytes: new Float64Array(1)}
  const state = readPart(part, (start, end) => {
    readCounter(part, start, end, numbers, 0)
    found.push({chain: readChain(part, start, end), packets: numbers.packets[0], bytes: numbers.bytes[0]})
  })
  return {found, ...state}
}

test('requests are the bytes that strace shows of nft', () => {
  expect(generationRequest().toString('hex')).toBe('14000000100a0100010000000000000000000000')
  expect(rulesRequest('filter', 'FORWARD').toString('hex')).toBe(
    '2c000000070a01030100000000000000020000000b00010066696c74657200000c000200464f525741524400',
  )
})

test('rules of a part are read with their counters, also those that count nothing', () => {
  const part = Buffer.concat([
    ruleMessage('AZURE-NPM', 3, {packets: LARGE, bytes: 9}),
    ruleMessage('FORWARD', 4, {packets: 8, bytes: 8, counts: false}),
    doneMessage(),
  ])
  expect(counted(part)).toEqual({
    found: [
      {chain: 'AZURE-NPM', packets: LARGE, bytes: 9},
      {chain: 'FORWARD', packets: 0, bytes: 0},
    ],
    isLast: true,
    isInterrupted: false,
  })
})

test('an answer during which something was changed says so', () => {
  const part = ruleMessage('AZURE-NPM', 3, {packets: 1, bytes: 9}, DUMP_INTERRUPTED)
  expect(counted(part)).toMatchObject({isLast: false, isInterrupted: true})
  expect(counted(Buffer.concat([part, doneMessage()]))).toMatchObject({isLast: true, isInterrupted: true})
})

test.each([
  ['an error', message(2, Buffer.from([0xff, 0xff, 0xff, 0xff]))],
  ['an end that is an error', doneMessage(-1)],
])('%s of the kernel is thrown, with its number', (_, part) => {
  expect(() => readPart(part, () => {})).toThrow(expect.objectContaining({errno: 1}))
})

test('an acknowledgement is no message and no error', () => {
  expect(counted(message(2, Buffer.alloc(20))).found).toEqual([])
})

test('whatever is cut is refused', () => {
  const whole = ruleMessage('AZURE-NPM', 3, {packets: 1, bytes: 9})
  for (let length = 1; length < whole.length; length++) expect(() => counted(whole.subarray(0, length))).toThrow(NetlinkError)
  // A message that says that it is shorter than its attributes.
  for (let length = 21; length < whole.length; length++) {
    const short = Buffer.from(whole.subarray(0, length))
    short.writeUInt32LE(length, 0)
    try {
      expect(counted(short).found.length).toBe(1)
    } catch (error) {
      expect(error).toBeInstanceOf(NetlinkError)
    }
  }
})

test('a generation is read, and its lack is told', () => {
  const netfilter = Buffer.alloc(4)
  const found = (content: Buffer) => {
    const part = message(0xa0f, Buffer.concat([netfilter, content]))
    let generation: number | undefined
    readPart(part, (start, end) => {
      generation = readGeneration(part, start, end)
    })
    return generation
  }
  expect(found(Buffer.from([8, 0, 1, 0, 0, 1, 0, 2]))).toBe(65_538)
  expect(found(Buffer.alloc(0))).toBeUndefined()
})

test('without what they have counted, equal rules are equal bytes, and others are not', () => {
  const cleared = (chain: string, handle: number, packets: number) => {
    const part = ruleMessage(chain, handle, {packets, bytes: packets})
    readPart(part, (start, end) => clearCounter(part, start, end))
    return part.toString('hex')
  }
  expect(cleared('A', 1, 5)).toBe(cleared('A', 1, LARGE))
  expect(cleared('A', 1, 5)).not.toBe(cleared('B', 1, 5))
  expect(cleared('A', 1, 5)).not.toBe(cleared('A', 2, 5))
})
