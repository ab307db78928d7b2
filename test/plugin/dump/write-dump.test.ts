import {execFileSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {gzipSync} from 'node:zlib'
import {execa} from 'execa'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {InputError} from '../../../core/problem/input-error.ts'
import {Packed} from '../../../plugin/bytes/packed.ts'
import type {DumpFile} from '../../../plugin/dump/content.ts'
import {checkTarget, writeDump} from '../../../plugin/dump/write-dump.ts'
import {filesIn, unpack} from '../../support/plugin/files.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-write-'))
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

const at = (name: string) => join(folder, name)
const never = new AbortController().signal
const manifest = `${JSON.stringify({apiVersion: 'kubectl-npm/v1', kind: 'Dump', nodes: []}, undefined, 2)}\n`
const files = async (content = 'x'): Promise<DumpFile[]> => [
  {path: 'dump.json', content: manifest},
  {path: 'nodes/aks-1/ipset-save.txt', content: await Packed.of([content])},
  {path: 'nodes/aks-1/versions.txt', content: await Packed.of([])},
  {path: 'nodes/äks/npm.log', content: 'é'},
]
/** Files below a folder, by path. */
function fill(path: string, contents: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(path, name)), {recursive: true})
    writeFileSync(join(path, name), content)
  }
}
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
      'dump.json': manifest,
      'nodes/aks-1/ipset-save.txt': 'set\n',
      'nodes/aks-1/versions.txt': '',
      'nodes/äks/npm.log': 'é',
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

  test.each<{name: string; target: string; make: (path: string) => void; says: string}>([
    {
      name: 'a folder of somebody',
      target: 'home',
      make: path => fill(path, {'letter.txt': 'dear'}),
      says: 'a folder that is no dump; it holds letter.txt',
    },
    {
      name: 'a folder with a dump.json of another program',
      target: 'home',
      make: path => fill(path, {'dump.json': '{"kind": "Dump", "apiVersion": "example/v1"}'}),
      says: 'a folder that is no dump',
    },
    {name: 'a folder with a dump.json of no JSON', target: 'home', make: path => fill(path, {'dump.json': '{'}), says: 'no dump'},
    {
      name: 'a dump with a letter in it',
      target: 'dump',
      make: path => fill(path, {'dump.json': manifest, 'nodes/aks-1/ipset-save.txt': '', 'nodes/aks-1/letter.txt': 'dear'}),
      says: 'it holds what no dump wrote: nodes/aks-1/letter.txt',
    },
    {
      name: 'a dump with a folder in it',
      target: 'dump',
      make: path => fill(path, {'dump.json': manifest, 'letters/one.txt': 'dear'}),
      says: 'it holds what no dump wrote: letters',
    },
    {
      name: 'a dump with a link in it',
      target: 'dump',
      make: path => {
        fill(path, {'dump.json': manifest})
        symlinkSync('/etc', join(path, 'nodes'))
      },
      says: 'it holds what no dump wrote: nodes',
    },
    {name: 'a file', target: 'file', make: path => writeFileSync(path, ''), says: 'a file is in the place of the folder'},
    {name: 'a folder', target: 'a.tgz', make: path => mkdirSync(path), says: 'a folder is in the place of the archive'},
    {
      name: 'an archive of something else',
      target: 'a.tgz',
      make: path => writeFileSync(path, gzipSync('letters')),
      says: 'no dump',
    },
    {name: 'no archive', target: 'a.tgz', make: path => writeFileSync(path, 'dear'), says: 'a file that is no dump'},
    {name: 'a pipe', target: 'a.tgz', make: path => void execFileSync('mkfifo', [path]), says: 'a file that is no dump'},
  ])('when $name is there, with --force too', async ({target, make, says}) => {
    make(at(target))
    const before = [...filesIn(folder)].map(String)
    const content = await files()
    for (const write of [() => checkTarget(at(target), true), () => writeDump(at(target), content, true, never)]) {
      const {message} = await failure(write())
      expect(message).toContain(says)
      expect(message).toContain('with --force neither')
    }
    expect(readdirSync(folder)).toEqual([target])
    expect([...filesIn(folder)].map(String)).toEqual(before)
  })

  test('but an empty folder, an empty file and a link give way to --force', async () => {
    mkdirSync(at('empty'))
    writeFileSync(at('empty.tgz'), '')
    fill(at('home'), {'letter.txt': 'dear'})
    symlinkSync(at('home'), at('link'))
    symlinkSync(at('home/letter.txt'), at('link.tgz'))
    for (const target of ['empty', 'empty.tgz', 'link', 'link.tgz']) {
      await checkTarget(at(target), true)
      await writeDump(at(target), await files(), true, never)
    }
    expect(readFileSync(at('home/letter.txt'), 'utf8')).toBe('dear')
    expect(statSync(at('link')).isDirectory()).toBe(true)
    expect(readdirSync(folder).toSorted()).toEqual(['empty', 'empty.tgz', 'home', 'link', 'link.tgz'])
  })

  test('when a file is on the way to it', async () => {
    writeFileSync(at('file'), '')
    expect((await failure(checkTarget(at('file/dump'), false))).message).toContain('is no folder')
  })

  test.each([
    {name: 'one that fits', length: 255, fits: true},
    {name: 'one that does not', length: 256, fits: false},
    {name: 'one that no file system takes', length: 5000, fits: false},
  ])('when its name is too long: $name', async ({length, fits}) => {
    const content = await files()
    for (const ending of ['', '.tgz']) {
      const target = at(`${'x'.repeat(length - ending.length)}${ending}`)
      if (fits) await writeDump(target, content, false, never)
      else
        for (const write of [() => checkTarget(target, false), () => writeDump(target, content, false, never)])
          expect((await failure(write())).message).toMatch(/^-o .{60}…: the name is too long for the file system$/)
    }
    expect(readdirSync(folder)).toHaveLength(fits ? 2 : 0)
  })

  test('when a name of a folder on the way is too long', async () => {
    expect((await failure(writeDump(at(`${'x'.repeat(300)}/dump`), await files(), false, never))).message).toContain('too long')
    expect(readdirSync(folder)).toEqual([])
  })

  // In a process of its own: what asks without end cannot be interrupted otherwise.
  test
    .skipIf(process.platform !== 'linux')
    .each(['/proc/x', '/proc/x.tgz', '/proc/a/b/c', '/sys/x', '/dev/null/x', '/dev/full/x.tgz'])(
    'when nothing can be made there: %s',
    async target => {
      const dump = ['dump', '--from', fixture('two-nodes'), '-o', target]
      const {stderr, exitCode} = await runCli(dump)
      expect([exitCode, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining(`error: -o ${target}: cannot be written: `)])
      expect(stderr).not.toContain('fault of kubectl npm')
    },
  )

  test.skipIf(process.getuid?.() !== 0)('when the file system is read-only', async () => {
    mkdirSync(at('fixed'))
    await execa('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', at('fixed')])
    try {
      expect((await failure(checkTarget(at('fixed/dump'), false))).message).toContain('the file system is read-only')
    } finally {
      await execa('umount', [at('fixed')])
    }
  })

  test('but not for characters that are odd', async () => {
    for (const name of ['a b', '-x', 'ü\n\u001b[2J', '.hidden', '%s', '*', "it's"])
      for (const ending of ['', '.tgz']) {
        await writeDump(at(name + ending), await files(), false, never)
        await writeDump(at(name + ending), await files(), true, never)
      }
    expect(readdirSync(folder)).toHaveLength(14)
  })
})
