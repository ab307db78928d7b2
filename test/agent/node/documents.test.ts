import {expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {documentReaders} from '../../../agent/node/documents.ts'
import type {Run, Start} from '../../../agent/node/run.ts'
import {documentRow, nodeDocuments} from '../../../core/contract/node-documents.ts'

/** A node without `iptables-nft-save`, whose other tools print nothing. */
function fakeNode(): {run: Run; start: Start} {
  const endingOf = (command: string) => ({
    command,
    durationMs: 1,
    failure: '',
    end: command.startsWith('iptables-nft-save') ? ('missing' as const) : ('ok' as const),
  })
  return {
    run: async (command, args) => ({
      ...endingOf([command, ...args].join(' ')),
      stdout: new TextEncoder().encode('iptables v1.8.9 (nf_tables)'),
    }),
    start: (command, args) => {
      const line = [command, ...args].join(' ')
      return {command: line, stdout: (async function* () {})(), ending: Promise.resolve(endingOf(line))}
    },
  }
}

// What a redaction keeps of collection.log is found in the table: a command that is not in it would be taken for somebody's words.
test('what is run to read a document is in the table of documents', async () => {
  const readers = await documentReaders(nodeDocuments, {
    version: '1',
    cluster: undefined,
    limits,
    ...fakeNode(),
    legacyTables: async () => 'filter\n',
    npmPort: 1,
  })
  const told = new Map<string, string>()
  for (const [name, reader] of readers) {
    const pieces = reader(new AbortController().signal)
    let next = await pieces.next()
    while (!next.done) next = await pieces.next()
    told.set(name, next.value.command)
  }
  expect(Object.fromEntries(told)).toEqual({
    'iptables-nft-save.txt': 'iptables-save -c',
    'iptables-legacy-save.txt': 'iptables-legacy-save -c',
    'ipset-save.txt': 'ipset save',
    'ipset-list.txt': 'ipset list -t',
    'conntrack.txt': 'conntrack -L -o extended',
    'conntrack-count.txt': 'conntrack -C',
    'versions.txt': expect.stringContaining('uname -a'),
  })
  for (const [name, command] of told) {
    const {tool, commands = []} = documentRow(name) ?? {}
    expect([tool, ...commands].some(each => each !== undefined && command.includes(each))).toBe(true)
  }
})
