import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {InputError} from '../../../core/problem/input-error.ts'
import {Packed} from '../../../plugin/bytes/packed.ts'
import type {DumpFile} from '../../../plugin/dump/content.ts'
import {checkTarget, writeDump} from '../../../plugin/dump/write-dump.ts'
import {filesIn, unpack} from '../../support/plugin/files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-write-'))
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

const at = (name: string) => join(folder, name)
const never = new AbortController().signal
const files = async (content = 'x'): Promise<DumpFile[]> => [
  {path: 'dump.json', content: '{"kind": "Dump"}\n'},
  {path: 'nodes/aks-1/ipset-save.txt', content: await Packed.of([content])},
  {path: 'nodes/aks-1/empty.txt', content: await Packed.of([])},
  {path: 'nodes/äks/é.txt', content: 'é'},
]
/** A file that does something when it is asked for its content. */
const doing = (sizeBytes: number, work: () => AsyncGenerator<Uint8Array>): DumpFile => ({
  path: 'nodes/aks-1/iptables-nft-save.txt',
  content: {sizeBytes, bytes: work, text: async () => []} as unknown as Packed,
})
const failure = async (promise: Promise<unknown>): Promise<InputError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(InputError)
  return error as InputError
}

describe.each(['dump', 'dump.tgz', 'dump.tar.gz'])('a dump called %s', name => {
  const read = async () => (name === 'dump' ? filesIn(at(name)) : unpack(at(name), at('unpacked')))

  test('holds all files, for nobody but its owner', async () => {
    await writeDump(at(name), await files('set\n'), false, never)
    const written = await read()
    expect(Object.fromEntries([...written].map(([path, bytes]) => [path, bytes.toString()]))).toEqual({
      'dump.json': '{"kind": "Dump"}\n',
      'nodes/aks-1/ipset-save.txt': 'set\n',
      'nodes/aks-1/empty.txt': '',
      'nodes/äks/é.txt': 'é',
    })
    expect(statSync(at(name)).mode & 0o077).toBe(0)
    if (name === 'dump')
      for (const path of ['dump.json', 'nodes', 'nodes/aks-1/ipset-save.txt'])
        expect(statSync(at(join(name, path))).mode & 0o077).toBe(0)
  })

  test('is not overwritten unless it is forced', async () => {
    await writeDump(at(name), await files('old'), false, never)
    expect(await failure(checkTarget(at(name), false))).toMatchObject({
      message: expect.stringContaining('it is there already'),
      next: expect.stringContaining('--force'),
    })
    await failure(writeDump(at(name), await files('new'), false, never))
    expect((await read()).get('nodes/aks-1/ipset-save.txt')?.toString()).toBe('old')
    await writeDump(at(name), await files('new'), true, never)
    expect((await read()).get('nodes/aks-1/ipset-save.txt')?.toString()).toBe('new')
    expect(readdirSync(folder).filter(each => each !== 'unpacked')).toEqual([name])
  })

  test('does not overwrite what somebody put there meanwhile', async () => {
    const taken = doing(1, async function* () {
      writeFileSync(at(name), 'mine')
      yield Buffer.from('x')
    })
    expect((await failure(writeDump(at(name), [taken], false, never))).message).toContain('it is there already')
    expect([readdirSync(folder), readFileSync(at(name), 'utf8')]).toEqual([[name], 'mine'])
  })

  test('leaves nothing when it is interrupted, also of the folders above it', async () => {
    const controller = new AbortController()
    const interrupted = doing(1 << 30, async function* () {
      for (let count = 0; ; count++) {
        if (count === 50) controller.abort()
        yield Buffer.alloc(64 * 1024, count)
      }
    })
    mkdirSync(at('there'))
    const writing = writeDump(at(`there/new/er/${name}`), [...(await files()), interrupted], false, controller.signal)
    await expect(writing).rejects.toMatchObject({name: 'AbortError'})
    expect(readdirSync(folder, {recursive: true})).toEqual(['there'])
  })

  test('keeps the old one when the new one fails', async () => {
    await writeDump(at(name), await files('old'), false, never)
    const failing = doing(9, async function* () {
      yield Buffer.from('x')
      throw new Error('broken')
    })
    expect((await failure(writeDump(at(name), [...(await files('new')), failing], true, never))).message).toContain('broken')
    expect((await read()).get('nodes/aks-1/ipset-save.txt')?.toString()).toBe('old')
    expect(readdirSync(folder).filter(each => each !== 'unpacked')).toEqual([name])
  })

  test.skipIf(process.getuid?.() !== 0)('leaves nothing on a full disk, and says that it is full', async () => {
    mkdirSync(at('small'))
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', at('small')])
    try {
      // Random, so that it does not become small by packing.
      const {randomBytes} = await import('node:crypto')
      const large = doing(1 << 20, async function* () {
        for (let count = 0; count < 16; count++) yield randomBytes(1 << 16)
      })
      const error = await failure(writeDump(at(`small/${name}`), [...(await files()), large], false, never))
      expect(error.message).toContain('the disk is full')
      expect(readdirSync(at('small'))).toEqual([])
      await writeDump(at(`small/${name}`), await files(), false, never)
    } finally {
      await execa('umount', [at('small')])
    }
  })

  test('leaves nothing when the process ends in the middle', async () => {
    const module = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
    const script = `
      import {writeDump} from ${JSON.stringify(module('plugin/dump/write-dump.ts'))}
      const bytes = async function* () {
        yield Buffer.alloc(1 << 20)
        console.log('writing')
        process.exit(2)
      }
      await writeDump(${JSON.stringify(at(`new/${name}`))}, [{path: 'a', content: {sizeBytes: 2 ** 30, bytes}}], false, new AbortController().signal)
    `
    const {exitCode, stdout} = await execa(process.execPath, ['--input-type=module', '-e', script], {reject: false})
    expect([exitCode, stdout]).toEqual([2, 'writing'])
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a target is refused before anything is read', () => {
  test('when it has no name', async () => {
    for (const target of ['-', '']) expect((await failure(checkTarget(target, true))).next).toContain('.tgz')
  })

  test('when it is something else, with --force too', async () => {
    mkdirSync(at('home'))
    writeFileSync(at('home/letter.txt'), 'dear')
    expect((await failure(checkTarget(at('home'), true))).message).toContain('no dump')
    writeFileSync(at('file'), '')
    expect((await failure(checkTarget(at('file'), true))).message).toContain('a file is in the place of the folder')
    mkdirSync(at('folder.tgz'))
    expect((await failure(checkTarget(at('folder.tgz'), true))).message).toContain('not overwritten')
    expect(existsSync(at('home/letter.txt'))).toBe(true)
    mkdirSync(at('empty'))
    await checkTarget(at('empty'), true)
  })

  test('when a file is on the way to it', async () => {
    writeFileSync(at('file'), '')
    expect((await failure(checkTarget(at('file/dump'), false))).message).toContain('is no folder')
  })
})
