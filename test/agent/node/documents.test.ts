import {expect, test} from 'vitest'
import {openHns} from '../../../agent/hns/open-hns.ts'
import {limits} from '../../../agent/limits/limits.ts'
import {documentReaders} from '../../../agent/node/documents.ts'
import type {Run, Start} from '../../../agent/node/run.ts'
import {type DocumentRow, documentRow, nodeDocuments} from '../../../core/contract/node-documents.ts'
import {HnsEmulator} from '../../support/hns/emulator.ts'
import {fixtureState} from '../../support/hns/state.ts'

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
  expect(await toldBy(readers)).toEqual({
    'iptables-nft-save.txt': 'iptables-save -c',
    'iptables-legacy-save.txt': 'iptables-legacy-save -c',
    'ipset-save.txt': 'ipset save',
    'ipset-list.txt': 'ipset list -t',
    'conntrack.txt': 'conntrack -L -o extended',
    'conntrack-count.txt': 'conntrack -C',
    'versions.txt': expect.stringContaining('uname -a'),
  })
})

test('of a Windows node HNS is read, and no tool of Linux is run', async () => {
  const notRun = () => {
    throw new Error('a tool was run')
  }
  const hns = openHns(new HnsEmulator(fixtureState()), {callMs: 1000})
  const sources = {version: '1', cluster: undefined, limits, run: notRun, start: notRun, legacyTables: notRun, hns, npmPort: 1}
  expect(await toldBy(await documentReaders(nodeDocuments, sources))).toEqual({
    'hns-networks.json': 'networks of HNS, by the emulator',
    'hns-endpoints.json': 'endpoints of HNS, by the emulator',
    'versions.txt': 'versions of Windows and HNS',
  })
})

/** Reads each document. @returns what was run or asked, which is in the table */
async function toldBy(readers: Awaited<ReturnType<typeof documentReaders>>): Promise<Record<string, string>> {
  const told: Record<string, string> = {}
  for (const [name, reader] of readers) {
    const pieces = reader(new AbortController().signal)
    let next = await pieces.next()
    while (!next.done) next = await pieces.next()
    const {command} = next.value
    const {tool, commands = []}: DocumentRow = documentRow(name)
    expect([tool, ...commands].some(each => each !== undefined && command.includes(each))).toBe(true)
    told[name] = command
  }
  return told
}
