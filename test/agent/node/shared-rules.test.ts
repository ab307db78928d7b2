import {expect, test} from 'vitest'
import type {DocumentReader} from '../../../agent/node/document-reader.ts'
import {ReadTexts} from '../../../agent/node/read-texts.ts'
import {sharedRules} from '../../../agent/node/shared-rules.ts'

const PIECES = ['*filter\n:FORWARD ACC', 'EPT [0:0]\nCOMMIT\n']

/** A reader of rules whose kernel tells a generation, which another program may raise meanwhile. */
function reading({problems = 0, tells = true, large = false} = {}) {
  const texts = new ReadTexts()
  const state = {generation: tells ? 7 : undefined, left: 0}
  const tool: DocumentReader = async function* () {
    try {
      for (const piece of PIECES) yield Buffer.from(piece)
      if (large) for (let count = 0; count < 17; count++) yield Buffer.alloc(1024 ** 2, '#')
      const problem = {code: 'TOOL_FAILED', message: 'it failed', next: ''} as const
      return {command: 'iptables-nft-save', problems: Array.from({length: problems}, () => problem)}
    } finally {
      state.left++
    }
  }
  const read = sharedRules(tool, texts, async () => state.generation)
  return {state, texts, read: () => read(new AbortController().signal)}
}

async function all(pieces: ReturnType<DocumentReader>) {
  const said: string[] = []
  for (;;) {
    const next = await pieces.next()
    if (next.done) return {text: said.join(''), end: next.value}
    said.push(Buffer.from(next.value).toString())
  }
}

test('rules that are read for somebody are known to a write as long as none is changed', async () => {
  const {state, texts, read} = reading()
  expect(await all(read())).toEqual({text: PIECES.join(''), end: {command: 'iptables-nft-save', problems: []}})
  const writer = new ReadTexts(texts)
  expect(writer.rulesOf(7)?.join('')).toBe(PIECES.join(''))
  expect(writer.rulesOf(8)).toBeUndefined()
  // Also those that are read when the writer is there already.
  state.generation = 8
  await all(read())
  expect(writer.rulesOf(8)?.join('')).toBe(PIECES.join(''))
})

test('what is changed while they are printed counts as changed', async () => {
  const {state, texts, read} = reading()
  const pieces = read()
  await pieces.next()
  state.generation = 8
  await all(pieces)
  expect([texts.rulesOf(7)?.length, texts.rulesOf(8)]).toEqual([1, undefined])
})

test.each([
  ['of a tool that failed', {problems: 1}],
  ['of a kernel that tells no generation', {tells: false}],
  ['that are larger than what is kept', {large: true}],
] as const)('rules %s are given as they come, and not kept', async (_, options) => {
  const {texts, read} = reading(options)
  const {text} = await all(read())
  expect(text.startsWith(PIECES.join(''))).toBe(true)
  expect(texts.rulesOf(7)).toBeUndefined()
})

test('rules that are left in the middle are not kept, and their tool is ended', async () => {
  const {state, texts, read} = reading()
  const pieces = read()
  await pieces.next()
  await pieces.return({command: '', problems: []})
  expect([state.left, texts.rulesOf(7)]).toEqual([1, undefined])
})
