import {execFile} from 'node:child_process'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {readLegacyTables} from '../../../agent/node/legacy-tables.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

describe('the list of legacy tables', () => {
  test('is what the kernel says, or nothing where it has none', async () => {
    await using folder = await temporaryFolder()
    const names = join(folder.path, 'names')
    expect(await readLegacyTables(names)).toBeUndefined()
    await writeFile(names, 'filter\nnat\n')
    expect(await readLegacyTables(names)).toBe('filter\nnat\n')
  })

  test('that is there and cannot be read is not taken for none', async () => {
    await using folder = await temporaryFolder()
    await expect(readLegacyTables(folder.path)).rejects.toThrow(/EISDIR/)
    // The next one asks again.
    expect(await readLegacyTables(join(folder.path, 'gone'))).toBeUndefined()
  })

  test('is given up when the kernel does not answer, and asked for by one thread only', async () => {
    await using folder = await temporaryFolder()
    const names = join(folder.path, 'names')
    // Opening a pipe that nobody writes to does not return.
    await promisify(execFile)('mkfifo', [names])
    const asked = await Promise.allSettled(Array.from({length: 8}, () => readLegacyTables(names)))
    expect(new Set(asked.map(each => (each as PromiseRejectedResult).reason.message))).toEqual(
      new Set(['the kernel did not answer within 2 s']),
    )
    // Compression needs a thread, too.
    expect((await promisify(gzip)('sets')).length).toBeGreaterThan(0)
    await writeFile(names, 'filter\n')
    await expect.poll(() => readLegacyTables(join(folder.path, 'gone'))).toBeUndefined()
  })
})
