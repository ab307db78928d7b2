import {spawn} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {packTar} from 'modern-tar'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {InputBudget, type InputLimits, inputLimits} from '../../../plugin/bytes/input-budget.ts'
import {readFiles} from '../../../plugin/source/read-files.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

let home: TemporaryFolder
beforeEach(async () => {
  home = await temporaryFolder()
})
afterEach(() => home[Symbol.asyncDispose]())

const at = (...parts: string[]) => join(home.path, ...parts)
const limited = (limits: Partial<InputLimits>) => new InputBudget('files', {...inputLimits(), ...limits})

function put(path: string, content: string | Uint8Array): string {
  mkdirSync(join(at(path), '..'), {recursive: true})
  writeFileSync(at(path), content)
  return at(path)
}

/** A tar archive of files by name. */
const tar = (files: Record<string, string>) =>
  packTar(Object.entries(files).map(([name, body]) => ({header: {name, size: Buffer.byteLength(body)}, body})))

async function read(paths: string[], budget?: InputBudget) {
  const {documents, problems} = await readFiles(paths, '--from', budget)
  const plain = (text: string) => text.replaceAll(`${home.path}/`, '')
  return {
    documents: documents.map(({name, folder, text}) => [plain(name), plain(folder), text.join('')]),
    problems: problems.map(({code}) => code),
  }
}

const RULE = '-A AZURE-NPM -j ACCEPT\n'

describe('what is read', () => {
  test('of a folder: each file with its folder', async () => {
    put('in/n1/a.txt', 'one')
    put('in/b.txt', 'two')
    expect(await read([at('in')])).toEqual({
      documents: [
        ['in/b.txt', 'in', 'two'],
        ['in/n1/a.txt', 'in/n1', 'one'],
      ],
      problems: [],
    })
  })

  test('of an archive, packed in one or in several gzip members: each file', async () => {
    const bytes = await tar({'d/n1/a.txt': 'one', 'd/.hidden': 'x', 'd/b.txt': 'two'})
    const parts = [0, 700, 1536, bytes.length]
    const members = parts.slice(1).map((end, index) => gzipSync(bytes.subarray(parts[index], end)))
    const documents = [
      ['d.tgz/d/n1/a.txt', 'd.tgz/d/n1', 'one'],
      ['d.tgz/d/b.txt', 'd.tgz/d', 'two'],
    ]
    expect(await read([put('d.tgz', gzipSync(bytes))])).toEqual({documents, problems: []})
    expect(await read([put('d.tgz', Buffer.concat(members))])).toEqual({documents, problems: []})
  })

  test('of an archive in a folder: its files, beside those of the folder', async () => {
    put('in/d.tgz', gzipSync(await tar({'a.txt': 'one'})))
    put('in/b.txt', 'two')
    expect((await read([at('in')])).documents).toEqual([
      ['in/b.txt', 'in', 'two'],
      ['in/d.tgz/a.txt', 'in/d.tgz/.', 'one'],
    ])
  })

  test('of a gzip file: its text', async () => {
    const text = RULE.repeat(100_000)
    expect(await read([put('rules.gz', gzipSync(text))])).toEqual({documents: [['rules.gz', '', text]], problems: []})
  })

  test.each([0, 1, 2, 10, 100])('of a gzip file with %i bytes less: what stands before, and a problem', async less => {
    const packed = gzipSync(RULE.repeat(1000))
    const {documents, problems} = await read([put('rules.gz', packed.subarray(0, packed.length - less))])
    expect(RULE.repeat(1000).startsWith(String(documents[0]?.[2]))).toBe(true)
    expect(problems).toEqual(less === 0 ? [] : ['TRUNCATED_FILE'])
  })

  test('of an archive that is cut off: the files before, as far as they go', async () => {
    const packed = gzipSync(await tar({'a.txt': 'one', 'b.txt': Array.from({length: 5000}, (_, index) => index).join('\n')}))
    const {documents, problems} = await read([put('d.tgz', packed.subarray(0, packed.length - 1000))])
    expect(documents.map(([name]) => name)).toEqual(['d.tgz/a.txt', 'd.tgz/b.txt'])
    expect(documents[1]?.[2]).toMatch(/^0\n1\n2\n/)
    expect(problems).toEqual(['TRUNCATED_FILE'])
  })

  test('of files of the system whose size is said to be 0: all of it', async () => {
    expect((await read(['/proc/self/status'])).documents[0]?.[2]).toMatch(/^Name:/)
  })

  test('of a pipe: all that comes', async () => {
    const writer = spawn('sh', ['-c', `mkfifo ${at('pipe')} && cat > ${at('pipe')}`], {stdio: ['pipe', 'ignore', 'ignore']})
    writer.stdin.end(RULE.repeat(10_000))
    await expect
      .poll(() => read([at('pipe')]).catch(() => undefined))
      .toEqual({
        documents: [['pipe', '', RULE.repeat(10_000)]],
        problems: [],
      })
  })
})

describe('what never ends, or is much larger than it looks,', () => {
  test.each(['/dev/zero', '/dev/urandom'])('%s, is told by its first bytes, and no more is read', async path => {
    const {documents} = await read([path], limited({bytes: 4_000_000}))
    expect(documents[0]?.[2]?.length).toBeLessThan(1_000_000)
  })

  test('zeros in a gzip file, is not unpacked', async () => {
    const {documents} = await read([put('z.gz', gzipSync(Buffer.alloc(50_000_000)))], limited({bytes: 1_000_000}))
    expect(documents[0]?.[2]?.length).toBeLessThan(1_000_000)
  })

  test('a text without an end, is ended by the limit, with the input and what to do', async () => {
    // `yes` is ended by the pipe that nobody reads any more.
    const writer = spawn('sh', ['-c', `mkfifo ${at('pipe')} && exec yes ':AZURE-NPM - [0:0]' > ${at('pipe')}`], {stdio: 'ignore'})
    const ended = new Promise(resolve => {
      writer.once('exit', resolve)
    })
    await expect
      .poll(() => read([at('pipe')], limited({bytes: 20 * 1024 * 1024})).catch((error: unknown) => error))
      .toMatchObject({
        message: `${at('pipe')}: with it the inputs have more than 20 MiB, the limit for this machine's memory`,
        next: expect.stringMatching(/^Give fewer inputs at once, or a larger heap: NODE_OPTIONS=/),
      })
    await ended
  })

  test('a file that packs far better than any save, is refused', async () => {
    const packed = gzipSync(RULE.repeat(500_000))
    const reading = read([put('bomb.gz', packed)], limited({ratioFloorBytes: 1_000_000}))
    await expect(reading).rejects.toMatchObject({
      message: expect.stringMatching(/bomb\.gz: \d+ bytes of it unpack to 1000000 bytes|bomb\.gz: .*more than 200 times as much/),
      next: expect.stringContaining('unpack it by hand'),
    })
    expect((await read([at('bomb.gz')], limited({}))).problems).toEqual([])
  })

  test('several inputs that fit one by one, are counted together', async () => {
    const text = RULE.repeat(1000)
    const paths = [put('a.txt', text), put('b.gz', gzipSync(text)), put('c.tgz', gzipSync(await tar({'c.txt': text})))]
    for (const path of paths) await expect(read([path], limited({bytes: text.length + 10_000}))).resolves.toBeDefined()
    const all = read(paths, limited({bytes: 2 * text.length + 10_000}))
    await expect(all).rejects.toThrow(/c\.tgz: with it the inputs have more than/)
  })

  test('more entries than a dump has, are refused', async () => {
    const path = put(
      'many.tgz',
      gzipSync(await tar(Object.fromEntries(Array.from({length: 300}, (_, index) => [`${index}`, ''])))),
    )
    await expect(read([path], limited({entries: 299}))).rejects.toThrow(
      /many\.tgz: with it the inputs have more than 299 files and folders/,
    )
    expect((await read([path], limited({entries: 300}))).documents).toHaveLength(300)
  })
})

describe('an archive with odd entries', () => {
  test('gives no links and devices, and says so', async () => {
    const bytes = await packTar([
      {header: {name: 'a.txt', size: 3}, body: 'one'},
      {header: {name: 'link', size: 0, type: 'symlink', linkname: '/etc/passwd'}},
      {header: {name: 'hard', size: 0, type: 'link', linkname: 'a.txt'}},
      {header: {name: 'pipe', size: 0, type: 'fifo'}},
    ])
    const path = put('d.tgz', gzipSync(bytes))
    const {documents, problems} = await readFiles([path])
    expect(documents.map(({text}) => text.join(''))).toEqual(['one'])
    expect(problems.map(({message}) => message)).toEqual([
      'hard, link, pipe: links, pipes and devices of the archive are passed over',
    ])
  })

  test.each([
    {name: 'too long', entry: 'x'.repeat(5000)},
    {name: 'too deep', entry: `${'d/'.repeat(101)}x`},
  ])('passes over names that are $name, and says so', async ({entry}) => {
    const path = put('d.tgz', gzipSync(await tar({[entry]: 'lost', 'a.txt': 'one'})))
    expect(await read([path])).toEqual({documents: [['d.tgz/a.txt', 'd.tgz/.', 'one']], problems: ['UNREADABLE_FILE']})
  })

  test('writes nothing, wherever names lead', async () => {
    const secret = put('secret.txt', 'as it was')
    const path = put(
      'in/d.tgz',
      gzipSync(await tar({'../../secret.txt': 'new', [secret]: 'new', '/etc/kubectl-npm-test': 'new'})),
    )
    expect((await read([path])).documents).toHaveLength(3)
    expect(readFileSync(secret, 'utf8')).toBe('as it was')
  })
})
