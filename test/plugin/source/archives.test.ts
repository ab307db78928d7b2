import {spawnSync} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync, zstdCompressSync} from 'node:zlib'
import {fc, test as propertyTest} from '@fast-check/vitest'
import {packTar} from 'modern-tar'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {InputBudget, InputLimitError, type InputLimits, inputLimits} from '../../../plugin/bytes/input-budget.ts'
import {readFiles} from '../../../plugin/source/read-files.ts'
import {makeZip, type ZippedFile} from '../../support/plugin/make-zip.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

let home: TemporaryFolder
beforeAll(async () => {
  home = await temporaryFolder()
})
afterAll(() => home[Symbol.asyncDispose]())

const RULES = '*filter\n-A AZURE-NPM -j ACCEPT\nCOMMIT\n'
const files = {'d/n1/rules.txt': RULES, 'd/objects.json': '{"kind": "List", "items": []}', 'd/empty': ''}
const expected = Object.entries(files).map(([name, text]) => [name, text])

const tar = () => packTar(Object.entries(files).map(([name, body]) => ({header: {name, size: body.length}, body})))
const zip = (more: Partial<ZippedFile> = {}) => makeZip(Object.entries(files).map(([name, body]) => ({name, body, ...more})))
/** By the tool, which most machines have. */
const xz = (bytes: Uint8Array, ...words: string[]) => spawnSync('xz', ['-c', ...words], {input: bytes}).stdout
const hasXz = spawnSync('xz', ['--version']).error === undefined
/** `echo hello | xz`. */
const HELLO_XZ = Buffer.from('/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFaGVsbG8KAAAApWCX8ZT2/eAAAR4GwS+kHR+2830BAAAAAARZWg==', 'base64')

async function read(name: string, content: Uint8Array, limits: Partial<InputLimits> = {}) {
  const path = join(home.path, name)
  writeFileSync(path, content)
  const {documents, problems} = await readFiles([path], '--from', new InputBudget('files', {...inputLimits(), ...limits}))
  return {
    documents: documents.map(each => [each.name.replace(`${path}/`, ''), each.text.join('')]),
    areCut: documents.map(({isCut}) => isCut === true),
    codes: problems.map(({code}) => code),
    messages: problems.map(({message, next}) => `${message}\n${next}`).join('\n'),
  }
}

describe('the files are read of', () => {
  test.each<{what: string; bytes: () => Uint8Array | Promise<Uint8Array>}>([
    {what: 'a tar archive', bytes: tar},
    {what: 'a tar archive that is packed with zstd', bytes: async () => zstdCompressSync(await tar())},
    {what: 'a zip archive', bytes: () => zip()},
    {what: 'a zip archive whose files are stored', bytes: () => zip({isStored: true})},
    {what: 'a zip archive that was written to a pipe', bytes: () => zip({hasDescriptor: true})},
    {what: 'a zip archive with sizes of 64 bits', bytes: () => zip({isZip64: true})},
  ])('$what', async ({bytes}) => {
    expect(await read('archive', await bytes())).toMatchObject({documents: expected, codes: []})
  })

  test.skipIf(!hasXz)('a tar archive that is packed with xz', async () => {
    for (const words of [[], ['-9'], ['--check=crc32'], ['-T2', '--block-size=1024']])
      expect(await read('d.tar.xz', xz(await tar(), ...words))).toMatchObject({documents: expected, codes: []})
  })
})

test('a single file may be packed with xz or zstd', async () => {
  expect((await read('hello.xz', HELLO_XZ)).documents[0]?.[1]).toBe('hello\n')
  expect((await read('two.xz', Buffer.concat([HELLO_XZ, HELLO_XZ]))).documents[0]?.[1]).toBe('hello\nhello\n')
  expect((await read('rules.zst', zstdCompressSync(Buffer.from(RULES)))).documents[0]?.[1]).toBe(RULES)
})

test.each([
  {packing: 'bzip2', bytes: Buffer.from('BZh91AY&SY')},
  {packing: '7z', bytes: Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4])},
  {packing: 'rar', bytes: Buffer.from('Rar!\u001a\u0007\u0001\0')},
  {packing: 'lz4', bytes: Buffer.from([0x04, 0x22, 0x4d, 0x18])},
])('$packing is named for what it is', async ({packing, bytes}) => {
  const {documents, messages} = await read('packed', bytes)
  expect(documents).toEqual([])
  expect(messages).toMatch(new RegExp(`packed with ${packing}, which is not read[^]*Unpack it`))
})

test('what is packed within an archive is named, with what to do', async () => {
  const packed = gzipSync(RULES)
  const inTar = await packTar([{header: {name: 'd/inner.tgz', size: packed.length}, body: packed}])
  for (const bytes of [inTar, makeZip([{name: 'd/inner.tgz', body: packed}])]) {
    const {documents, codes, messages} = await read('outer', bytes)
    expect(documents).toEqual([])
    expect(codes).toEqual(['UNSUPPORTED_FILE'])
    expect(messages).toMatch(/inner\.tgz[^]*Unpack the archive/)
  }
})

test('a text that begins with BZh is a text', async () => {
  expect((await read('text', Buffer.from('BZhello\n'))).documents[0]?.[1]).toBe('BZhello\n')
})

describe('of a zip archive', () => {
  test('links are passed over, and files with a password or an odd method are told', async () => {
    const bytes = makeZip([
      {name: 'a', body: RULES},
      {name: 'link', body: '/etc/passwd', mode: 0o120_777},
      {name: 'secret', body: RULES, flags: 1},
      {name: 'odd', body: RULES, method: 14},
      {name: 'folder/', body: '', isStored: true},
      {name: '.hidden', body: RULES},
    ])
    const {documents, codes, messages} = await read('d.zip', bytes)
    expect(documents.map(([name]) => name)).toEqual(['a'])
    expect(codes).toEqual(['UNSUPPORTED_FILE', 'UNREADABLE_FILE'])
    expect(messages).toContain('odd, secret')
  })

  test('names say where a file stands, and nothing is written there', async () => {
    const names = ['../../outside', '/etc/cron.d/x', 'C:/x', 'a\\b']
    const {documents} = await read('d.zip', makeZip(names.map(name => ({name, body: RULES}))))
    expect(documents).toHaveLength(4)
    const {codes} = await read('d.zip', makeZip([{name: `${'d/'.repeat(200)}x`, body: RULES}]))
    expect(codes).toEqual(['UNREADABLE_FILE'])
  })

  test('files that became far more than was packed, or too many, end the command', async () => {
    const zeros = makeZip([{name: 'a', body: Buffer.alloc(50_000_000)}])
    await expect(read('d.zip', zeros)).rejects.toThrow(InputLimitError)
    await expect(read('d.zip', makeZip([{name: 'a', body: RULES.repeat(100)}]), {bytes: 1000})).rejects.toThrow(InputLimitError)
    const many = makeZip(Array.from({length: 100}, (_, index) => ({name: `${index}`, body: ''})))
    await expect(read('d.zip', many, {entries: 50})).rejects.toThrow(InputLimitError)
  })
})

test.skipIf(!hasXz)('zeros that are packed with xz are not unpacked to their end', async () => {
  await expect(read('z.tar.xz', xz(Buffer.concat([await tar(), Buffer.alloc(60_000_000)])))).rejects.toThrow(InputLimitError)
})

describe('a damaged or cut-off', () => {
  const whole = async (): Promise<Record<string, Uint8Array>> => ({
    tar: await tar(),
    zip: zip(),
    zst: zstdCompressSync(await tar()),
    tgz: gzipSync(await tar()),
    xz: HELLO_XZ,
  })

  propertyTest.prop([fc.constantFrom('tar', 'zip', 'zst', 'tgz', 'xz'), fc.nat(), fc.nat(255), fc.boolean()])(
    'archive gives what can be read, and never another error than a limit',
    async (form, place, byte, isCut) => {
      const bytes = Buffer.from((await whole())[form] as Uint8Array)
      const at = place % bytes.length
      bytes[at] = byte
      const {areCut, codes} = await read(`d.${form}`, isCut ? bytes.subarray(0, at) : bytes)
      if (codes.includes('TRUNCATED_FILE')) expect(areCut).not.toContain(false)
    },
  )

  test.each(['zip', 'zst', 'tgz', 'xz'])('%s is said to be so', async form => {
    const bytes = (await whole())[form] as Uint8Array
    expect((await read(`d.${form}`, bytes.subarray(0, bytes.length - 10))).codes).toContain('TRUNCATED_FILE')
  })

  test('archive of xz does not keep the next one waiting', async () => {
    await read('bad.xz', HELLO_XZ.subarray(0, 40))
    expect((await read('hello.xz', HELLO_XZ)).documents[0]?.[1]).toBe('hello\n')
  })
})
