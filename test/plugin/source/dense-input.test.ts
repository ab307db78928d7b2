import {appendFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {faultsOf, limitedCli} from '../../support/plugin/limited-cli.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

/**
 * Inputs that take far more memory than they have bytes. A heap that is full ends the process, and nothing can catch that: it must be
 * refused before, in words.
 */

let home: TemporaryFolder
beforeEach(async () => {
  home = await temporaryFolder()
})
afterEach(() => home[Symbol.asyncDispose]())

const HEAP_MEGABYTES = 160
const SIZE_BYTES = 45_000_000

/** Writes a file of lines until it has the size. */
function fileOf(head: string, line: (index: number) => string, tail: string): string {
  const path = join(home.path, 'input')
  writeFileSync(path, head)
  for (let index = 0, size = 0; size < SIZE_BYTES; ) {
    const lines: string[] = []
    for (const end = index + 100_000; index < end; index++) lines.push(line(index))
    const text = lines.join('')
    appendFileSync(path, text)
    size += text.length
  }
  appendFileSync(path, tail)
  return path
}

describe('of dense input the answer is words, never a full heap:', () => {
  test.each<{name: string; head: string; line: (index: number) => string; tail: string}>([
    {name: 'rules', head: '*filter\n:AZURE-NPM - [0:0]\n', line: () => '-A AZURE-NPM -j ACCEPT\n', tail: 'COMMIT\n'},
    {name: 'chains', head: '*filter\n', line: index => `:C${index} - [0:0]\n`, tail: 'COMMIT\n'},
    {name: 'sets', head: '', line: index => `create s${index} hash:net\n`, tail: ''},
    {
      name: 'members',
      head: 'create s hash:net\n',
      line: index => `add s 1.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}\n`,
      tail: '',
    },
    {name: 'objects', head: '{"kind":"List","items":[', line: () => '{},', tail: '{}]}'},
    {name: 'names of a cache', head: '{"SetMap":{', line: index => `"a${index}":{},`, tail: '"z":{}}}'},
    {name: 'brackets', head: '', line: () => '[', tail: ''},
    {name: 'YAML', head: 'kind: List\nitems:\n', line: () => '- {}\n', tail: ''},
  ])('$name', async ({head, line, tail}) => {
    const answer = await limitedCli(['translate', '--from', fileOf(head, line, tail)], HEAP_MEGABYTES)
    expect(faultsOf(answer)).toEqual([])
    expect(answer.stderr).toMatch(/error: this input takes more than the \d+ MiB that Node may use for its heap\n {2}Give fewer/)
    expect(answer.exitCode).toBe(2)
  })
})
