import {gunzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import type {DocumentEnd, DocumentReader} from '../../../agent/node/document-reader.ts'
import {BufferedDocument, type MemoryBudget} from '../../../agent/snapshots/buffered-document.ts'

const KIB = 1024
const END: DocumentEnd = {command: 'ipset save', problems: []}

/** A budget of so many bytes. */
function openBudget(bytes = Number.POSITIVE_INFINITY) {
  let taken = 0
  const budget: MemoryBudget = {
    take: more => {
      taken += more
      return taken <= bytes
    },
    giveBack: less => {
      taken -= less
    },
  }
  return {budget, taken: () => taken}
}

/** A tool whose output the test gives. */
function openTool() {
  const pieces: (Uint8Array | DocumentEnd)[] = []
  let wake = () => {}
  let isStopped = false
  const give = (piece: string | Uint8Array | DocumentEnd) => {
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece)
    wake()
  }
  const read: DocumentReader = async function* (signal) {
    signal.addEventListener('abort', () => wake())
    try {
      while (!signal.aborted) {
        const next = pieces.shift()
        if (next instanceof Uint8Array) yield next
        else if (next) return next
        else await new Promise<void>(resolve => (wake = resolve))
      }
      return END
    } finally {
      isStopped = signal.aborted
    }
  }
  return {read, give, isStopped: () => isStopped}
}

/** Does not shrink when it is compressed. */
function noise(bytes: number): Uint8Array {
  const buffer = Buffer.alloc(bytes)
  let state = 1
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    buffer[at] = state >>> 16
  }
  return buffer
}

async function whole(document: BufferedDocument): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of document.stream()) parts.push(part)
  return gunzipSync(Buffer.concat(parts))
}

describe('a buffered document', () => {
  test('gives what was read, as gzip, as often as it is asked for', async () => {
    const {read, give} = openTool()
    const document = new BufferedDocument(read, openBudget().budget)
    give('create a\n')
    give('create b\n')
    give(END)
    await document.done
    expect((await whole(document)).toString()).toBe('create a\ncreate b\n')
    expect((await whole(document)).toString()).toBe('create a\ncreate b\n')
    expect(document.plainBytes).toBe(18)
    expect(document.end).toMatchObject(END)
  })

  test('is given out while it still grows, and its reader waits for more', async () => {
    const {read, give} = openTool()
    const document = new BufferedDocument(read, openBudget().budget)
    const reading = whole(document)
    const content = noise(600 * KIB)
    give(content.subarray(0, 300 * KIB))
    await document.reaches(256 * KIB)
    expect(document.end).toBeUndefined()
    expect(document.piece(0, 100).bytes).toHaveLength(100)
    const early = Buffer.from(document.piece(256 * KIB, 1024 * KIB).bytes)
    expect(early.length).toBeLessThan(50 * KIB)
    give(content.subarray(300 * KIB))
    give(END)
    expect(Buffer.compare(await reading, content)).toBe(0)
    expect(Buffer.compare(document.piece(256 * KIB, early.length).bytes, early)).toBe(0)
  })

  test('gives pieces that end with their block, the last of them as the end', async () => {
    const {read, give} = openTool()
    const document = new BufferedDocument(read, openBudget().budget)
    give(noise(300 * KIB))
    give(END)
    await document.done
    const first = document.piece(0, 1024 * KIB)
    expect(first).toMatchObject({isEnd: false, bytes: {length: 256 * KIB}})
    expect(document.piece(256 * KIB - 10, 1024 * KIB).bytes).toHaveLength(10)
    const last = document.piece(256 * KIB, 1024 * KIB)
    expect(last.isEnd).toBe(true)
    const total = 256 * KIB + last.bytes.length
    expect(document.piece(total - 1, 1)).toMatchObject({isEnd: true, bytes: {length: 1}})
    expect(document.piece(total, 1024)).toMatchObject({isEnd: true, bytes: {length: 0}})
    expect(document.piece(10_000 * KIB, 1024)).toMatchObject({isEnd: true, bytes: {length: 0}})
  })

  test('shows each byte that it reads to who looks on', async () => {
    const {read, give} = openTool()
    const seen: string[] = []
    const document = new BufferedDocument(read, openBudget().budget, bytes => seen.push(Buffer.from(bytes).toString()))
    give('one')
    give('two')
    give(END)
    await document.done
    expect(seen).toEqual(['one', 'two'])
  })

  test('takes memory in blocks, and in the end only what it needs', async () => {
    const {read, give} = openTool()
    const {budget, taken} = openBudget()
    const document = new BufferedDocument(read, budget)
    give('little')
    give(END)
    await document.done
    const bytes = document.piece(0, 1024).bytes.length
    expect(taken()).toBe(bytes)
    document.drop()
    expect(taken()).toBe(0)
  })

  test('is cut when there is no memory left, is whole as gzip, and says so', async () => {
    const {read, give, isStopped} = openTool()
    const document = new BufferedDocument(read, openBudget(300 * KIB).budget)
    const content = noise(2048 * KIB)
    for (let at = 0; at < content.length; at += 64 * KIB) give(content.subarray(at, at + 64 * KIB))
    await document.done
    const got = await whole(document)
    expect(got.length).toBeGreaterThan(200 * KIB)
    expect(got.length).toBeLessThan(content.length)
    expect(Buffer.compare(got, content.subarray(0, got.length))).toBe(0)
    const message = `the agent holds no more than it may: it stopped after ${document.plainBytes} bytes`
    expect(document.end?.problems).toMatchObject([{code: 'TRUNCATED_FILE', message}])
    expect(isStopped()).toBe(true)
  })

  test('that has come to its end without memory for it keeps its end: it is not cut', async () => {
    const {read, give} = openTool()
    const {budget} = openBudget(0)
    const document = new BufferedDocument(read, budget)
    const late = {code: 'TOOL_FAILED', message: 'ipset save: it did not end within 120 s', next: 'Run it by hand.'} as const
    give('half\n')
    give({command: 'ipset save', problems: [late]})
    await document.done
    expect(document.end).toMatchObject({command: 'ipset save', problems: [late]})
    expect((await whole(document)).toString()).toBe('half\n')
  })

  test('stays cut when there is memory again', async () => {
    const {read, give} = openTool()
    let asked = 0
    const document = new BufferedDocument(read, {take: () => ++asked !== 2, giveBack: () => {}})
    give(noise(1024 * KIB))
    give(END)
    await document.done
    expect(asked).toBeGreaterThan(2)
    expect(document.end?.problems).toMatchObject([{code: 'TRUNCATED_FILE'}])
  })

  test('that is dropped stops its tool, gives back its memory and keeps nobody waiting', async () => {
    const {read, give, isStopped} = openTool()
    const {budget, taken} = openBudget()
    const document = new BufferedDocument(read, budget)
    give(noise(600 * KIB))
    await document.reaches(256 * KIB)
    const waiting = document.reaches(10_000 * KIB)
    expect(taken()).toBeGreaterThan(0)
    document.drop()
    await waiting
    await document.done
    expect(isStopped()).toBe(true)
    expect(taken()).toBe(0)
    expect(document.piece(0, 1024)).toMatchObject({isEnd: true, bytes: {length: 0}})
    expect(document.end?.problems).toMatchObject([{code: 'TRUNCATED_FILE', message: expect.stringContaining('does not hold')}])
  })

  test('that is dropped after its end does not pass for an empty one', async () => {
    const {read, give} = openTool()
    const document = new BufferedDocument(read, openBudget().budget)
    give('create a\n')
    give(END)
    await document.done
    document.drop()
    expect(document.piece(0, 1024)).toMatchObject({isEnd: true, bytes: {length: 0}})
    expect(document.end?.problems).toMatchObject([{code: 'TRUNCATED_FILE'}])
  })

  test('keeps nobody waiting who has gone', async () => {
    const {read} = openTool()
    const document = new BufferedDocument(read, openBudget().budget)
    const abort = new AbortController()
    const waiting = document.reaches(0, abort.signal)
    abort.abort()
    await waiting
    expect(document.end).toBeUndefined()
    document.drop()
    await document.done
  })

  test('of a reader that throws has a problem, and what was read before', async () => {
    const read: DocumentReader = async function* () {
      yield Buffer.from('half\n')
      throw new Error('a fault of ours')
    }
    const document = new BufferedDocument(read, openBudget().budget)
    await document.done
    expect((await whole(document)).toString()).toBe('half\n')
    expect(document.end?.problems).toMatchObject([{code: 'TOOL_FAILED', message: 'reading failed: Error: a fault of ours'}])
  })
})
