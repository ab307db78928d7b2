import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {unpack} from '../../../plugin/agents/read-snapshot.ts'
import type {DocumentEnd} from '../../../plugin/agents/snapshot-pieces.ts'
import {InputBudget, type InputLimits, inputLimits} from '../../../plugin/bytes/input-budget.ts'

const END: DocumentEnd = {problems: [], command: 'ipset save', durationMs: 1}
const TEXT = 'add azure-npm-1 10.0.0.1\n'.repeat(40_000)

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, DocumentEnd> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
  return END
}

const budgetOf = (limits: Partial<InputLimits>) => new InputBudget('agents', {...inputLimits(), ...limits})

describe('a document of an agent', () => {
  test('that fits is its text, with what the agent says at the end', async () => {
    const {text, end} = await unpack(piecesOf(gzipSync(TEXT)), 'n1/ipset-save.txt', budgetOf({bytes: TEXT.length}))
    expect([text.join(''), end]).toEqual([TEXT, END])
  })

  test('that is too much beside others that come at the same time is refused, with its name', async () => {
    const budget = budgetOf({bytes: 3 * TEXT.length})
    const names = ['n1/ipset-save.txt', 'n1/ipset-list.txt', 'n2/ipset-save.txt', 'n2/ipset-list.txt']
    const read = await Promise.allSettled(names.map(name => unpack(piecesOf(gzipSync(TEXT)), name, budget)))
    const refused = read.flatMap(each => (each.status === 'rejected' ? [each.reason as Error] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const {message} of refused) expect(message).toMatch(/^n[12]\/ipset-\w+\.txt: with it the inputs have more than \d+ MiB/)
  })

  test('that grows more than any document of a node does is refused, whatever there is room for', async () => {
    const reading = unpack(
      piecesOf(gzipSync(Buffer.alloc(10_000_000, 'a'))),
      'n1/npm-cache.json',
      budgetOf({ratioFloorBytes: 1_000_000}),
    )
    await expect(reading).rejects.toMatchObject({
      message: expect.stringMatching(/^n1\/npm-cache\.json: .* more than 200 times as much$/),
      next: 'No node has that. Look at its agent: kubectl npm status',
    })
  })
})
