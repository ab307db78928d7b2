import {randomBytes} from 'node:crypto'
import {lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {fc, test as propertyTest} from '@fast-check/vitest'
import {execaSync} from 'execa'
import {packTar} from 'modern-tar'
import {expect} from 'vitest'
import {faultsOf, limitedCli} from '../../support/plugin/limited-cli.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

/**
 * Folders and archives that somebody made to break things, each read in a process with a small heap. The answer may be anything, but it is
 * one; nothing is written but what was asked for, and nothing outside of what was given is read.
 */

const SECRET = 'azure-npm-outside-of-the-folder'
const RULES = '*filter\n:FORWARD ACCEPT [0:0]\n:AZURE-NPM - [0:0]\n-A FORWARD -j AZURE-NPM\nCOMMIT\n'
const SETS = 'create azure-npm-1 hash:net\nadd azure-npm-1 10.0.0.1\n'

/** A file's content, as a text and how often it is repeated: a failure must be readable. */
const contents = fc.oneof(
  fc
    .constantFrom(
      RULES,
      SETS,
      '',
      '\n\n',
      '{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a"}}]}',
      '{"apiVersion":"kubectl-npm/v1","kind":"Dump","formatVersion":1,"nodes":[{"name":"n","folder":"nodes/n"}]}',
      '{"apiVersion":"kubectl-npm/v1","kind":"Dump","nodes":{"length":9},"failures":7}',
      'kind: List\nitems: [*a]\n',
      'Name: azure-npm-1\nType: hash:net\nMembers:\n',
    )
    .map(text => ({text, times: 1})),
  fc.string({unit: 'binary', maxLength: 100}).map(text => ({text, times: 1})),
  fc.constantFrom('\0', '[', '{"a":', '-A A\n', 'a: ', 'x').map(text => ({text, times: 2_000_000})),
)

const bytesOf = ({text, times}: {readonly text: string; readonly times: number}): Buffer => Buffer.from(text.repeat(times))

/** How a content may be packed. */
const packings = fc.constantFrom('not', 'gzip', 'twice', 'in two members', 'cut off', 'with rubbish behind')
function pack(bytes: Buffer, packing: string): Buffer {
  const packed = gzipSync(bytes)
  switch (packing) {
    case 'gzip':
      return packed
    case 'twice':
      return gzipSync(packed)
    case 'in two members':
      return Buffer.concat([gzipSync(bytes.subarray(0, 100)), gzipSync(bytes.subarray(100))])
    case 'cut off':
      return packed.subarray(0, Math.ceil(packed.length * 0.7))
    case 'with rubbish behind':
      return Buffer.concat([packed, randomBytes(50)])
    default:
      return bytes
  }
}

const names = fc.constantFrom(
  'iptables-nft-save.txt',
  'ipset-save.txt',
  'dump.json',
  'cluster.json',
  'npm.log',
  'nodes',
  'n',
  'x'.repeat(200),
  ' ',
  '-rf',
  '__proto__',
  'a\nb\u001b[2J',
  '\u202e',
)
const paths = fc.array(names, {minLength: 1, maxLength: 4})

const items = fc.array(fc.record({path: paths, content: contents, packing: packings}), {minLength: 1, maxLength: 8})
const links = fc.array(
  fc.record({
    path: paths,
    target: fc.constantFrom('.', '..', '../..', 'nodes', '/', '/proc/self', 'SECRET', 'nothing', '/dev/zero'),
  }),
  {maxLength: 4},
)
const verbs = fc.constantFrom(['translate'], ['sets'], ['matrix', '--ports', '80'], ['diff'], ['dump'], ['dump', '--redact'])

/** What a folder holds, without following anything: Node's own recursion follows links. */
function shapeOf(folder: string): string[] {
  return readdirSync(folder, {withFileTypes: true}).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return [path, ...shapeOf(path)]
    return [`${path} ${entry.isSymbolicLink() ? readlinkSync(path) : entry.isFile() ? lstatSync(path).size : 'special'}`]
  })
}

/** Runs a verb on what was made, and says what was wrong with it. */
async function faultsWith(home: string, input: string, verb: readonly string[]): Promise<string[]> {
  const before = shapeOf(join(home, 'given'))
  const output = verb[0] === 'dump' ? ['-o', join(home, 'out')] : []
  const answer = await limitedCli([...verb, '--from', input, ...output], 160)
  const written = readdirSync(home).filter(name => name !== 'given' && name !== 'outside' && name !== 'out')
  const dumped = verb[0] === 'dump' && answer.exitCode < 2 ? shapeOf(join(home, 'out')) : []
  const texts = dumped
    .flatMap(line => /^(?<file>.*\.txt) \d+$/s.exec(line)?.groups?.['file'] ?? [])
    .map(file => readFileSync(file, 'utf8'))
  return [
    ...faultsOf(answer),
    ...([answer.stdout, answer.stderr, ...texts].some(text => text.includes(SECRET)) ? ['read what is outside'] : []),
    ...(JSON.stringify(shapeOf(join(home, 'given'))) === JSON.stringify(before) ? [] : ['changed what was given']),
    ...written.map(name => `wrote ${name}`),
  ]
}

/** Whether a folder of a path is a link: what were made below it would stand outside. */
const leadsThroughLink = (given: string, path: readonly string[]): boolean =>
  path.slice(0, -1).some((_, at) => {
    const folder = join(given, ...path.slice(0, at + 1))
    return lstatSync(folder, {throwIfNoEntry: false})?.isSymbolicLink() === true
  })

/** As far as the file system lets them be: a file may stand where a folder should. */
function attempt(make: () => void): void {
  try {
    make()
  } catch (error) {
    if (!['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

async function madeHome() {
  const folder = await temporaryFolder()
  for (const name of ['given', 'outside']) mkdirSync(join(folder.path, name))
  writeFileSync(join(folder.path, 'outside/ipset-save.txt'), `create ${SECRET} hash:net\n`)
  return folder
}

propertyTest.prop([items, links, fc.boolean(), verbs], {numRuns: 12})(
  'whatever a folder holds, the answer is words',
  async (files, made, hasPipe, verb) => {
    await using home = await madeHome()
    const given = join(home.path, 'given')
    for (const {path, content, packing} of files)
      attempt(() => {
        const file = join(given, ...path)
        if (leadsThroughLink(given, path)) return
        mkdirSync(join(file, '..'), {recursive: true})
        writeFileSync(file, pack(bytesOf(content), packing), {flag: 'wx'})
      })
    for (const {path, target} of made)
      attempt(() => {
        const link = join(given, ...path)
        if (leadsThroughLink(given, path)) return
        mkdirSync(join(link, '..'), {recursive: true})
        symlinkSync(target === 'SECRET' ? join(home.path, 'outside') : target, link)
      })
    if (hasPipe) execaSync('mkfifo', [join(given, 'pipe')])
    expect(await faultsWith(home.path, given, verb)).toEqual([])
  },
)

/** Sizes in headers that are not those of the content, and sums that do not fit. */
function damaged(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at % copy.length] = value
  return copy
}

const entryNames = fc.oneof(
  paths.map(path => path.join('/')),
  fc.constantFrom('../outside/new.txt', '/tmp/kubectl-npm-hostile', '..', '.', '', 'a//b', 'd/'.repeat(300), 'y'.repeat(6000)),
)
const entries = fc.array(
  fc.record({
    name: entryNames,
    content: contents,
    type: fc.constantFrom('file', 'file', 'file', 'symlink', 'link', 'fifo', 'directory', 'character-device'),
  }),
  {minLength: 1, maxLength: 8},
)

propertyTest.prop([entries, packings, fc.nat(), fc.nat(255), verbs], {numRuns: 12})(
  'whatever an archive holds, the answer is words',
  async (all, packing, at, value, verb) => {
    await using home = await madeHome()
    const input = join(home.path, 'given/input.tgz')
    const bytes = await packTar(
      all.map(({name, content, type}) => {
        const body = new Uint8Array(type === 'file' ? bytesOf(content) : [])
        const linkname = join(home.path, 'outside/ipset-save.txt')
        return {header: {name, type: type as 'file', size: body.length, linkname}, body}
      }),
    )
    writeFileSync(input, pack(Buffer.from(damaged(bytes, at, value)), packing === 'not' ? 'gzip' : packing))
    expect(await faultsWith(home.path, input, verb)).toEqual([])
  },
)
