import {describe, expect, test} from 'vitest'
import type {DocumentReader} from '../../../agent/node/document-reader.ts'
import {readDocuments} from '../../../agent/node/read-documents.ts'
import type {NodeDocument} from '../../../core/contract/node-documents.ts'

const FILES: readonly NodeDocument[] = ['iptables-nft-save.txt', 'iptables-legacy-save.txt', 'ipset-save.txt', 'ipset-list.txt']

/** Readers that tell when each begins, and end when they are told to. */
function heldReaders(problem?: NodeDocument) {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const reader = (name: NodeDocument): DocumentReader =>
    async function* read() {
      begun.push(name)
      await new Promise<void>(resolve => ends.set(name, resolve))
      yield new TextEncoder().encode(`text of ${name}`)
      const problems = name === problem ? [{code: 'TOOL_FAILED', message: 'it failed', next: 'Again.'} as const] : []
      return {command: `command of ${name}`, problems}
    }
  const end = async (name: NodeDocument) => {
    ends.get(name)?.()
    await new Promise(setImmediate)
  }
  return {begun, end, readers: new Map(FILES.map(name => [name, reader(name)]))}
}

const signal = new AbortController().signal

describe('reading the documents of a node', () => {
  test('reads sets while rules are read, and two tools of one kind one after the other', async () => {
    const {begun, end, readers} = heldReaders()
    const reading = readDocuments(readers, signal)
    await new Promise(setImmediate)
    expect(begun).toEqual(['iptables-nft-save.txt', 'ipset-save.txt'])
    await end('ipset-save.txt')
    expect(begun).toEqual(['iptables-nft-save.txt', 'ipset-save.txt', 'ipset-list.txt'])
    await end('iptables-nft-save.txt')
    expect(begun.at(-1)).toBe('iptables-legacy-save.txt')
    await end('ipset-list.txt')
    await end('iptables-legacy-save.txt')
    await reading
  })

  test('gives them in the order of the readers, whichever ends first, with what each said', async () => {
    const {end, readers} = heldReaders('ipset-save.txt')
    const visited: string[] = []
    const reading = readDocuments(readers, signal, ({name}) => visited.push(name))
    await new Promise(setImmediate)
    for (const name of ['ipset-save.txt', 'ipset-list.txt', 'iptables-nft-save.txt', 'iptables-legacy-save.txt'] as const)
      await end(name)
    const read = await reading
    expect(visited).toEqual(['ipset-save.txt', 'ipset-list.txt', 'iptables-nft-save.txt', 'iptables-legacy-save.txt'])
    expect(read.map(({name, text, command}) => [name, text.join(''), command])).toEqual(
      FILES.map(name => [name, `text of ${name}`, `command of ${name}`]),
    )
    expect(read.flatMap(({name, problems}) => (problems.length > 0 ? [name] : []))).toEqual(['ipset-save.txt'])
  })
})
