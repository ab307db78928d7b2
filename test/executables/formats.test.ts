import {open, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {shipmentOf, writeArchive} from '../../scripts/executables/archive.ts'
import {makeBundle} from '../../scripts/executables/bundle.ts'
import {makeExecutable} from '../../scripts/executables/executable.ts'
import {pieceSource} from '../../scripts/executables/pieces.ts'
import {type Platform, platforms} from '../../scripts/executables/platforms.ts'
import {runtimeFor} from '../../scripts/platforms/runtimes.ts'
import {describeWhere} from '../support/describe-where.ts'
import {readCodeDirectory} from '../support/executables/code-directory.ts'
import {type TemporaryFolder, temporaryFolder} from '../support/temporary-folder.ts'

/** Files and their load commands fit into it. */
const HEAD_BYTES = 16_384

interface Format {
  readonly format: 'ELF' | 'Mach-O' | 'PE'
  readonly machine: string
  /** A signature of the Node that was copied would be wrong. */
  readonly isSigned: boolean
}

const expected: Readonly<Record<string, Format>> = {
  'linux-amd64': {format: 'ELF', machine: 'x86-64', isSigned: false},
  'linux-arm64': {format: 'ELF', machine: 'AArch64', isSigned: false},
  'darwin-amd64': {format: 'Mach-O', machine: 'x86-64', isSigned: true},
  'darwin-arm64': {format: 'Mach-O', machine: 'AArch64', isSigned: true},
  'windows-amd64': {format: 'PE', machine: 'x86-64', isSigned: false},
  'windows-arm64': {format: 'PE', machine: 'AArch64', isSigned: false},
}

/** Source: elf(5) e_machine; mach-o/loader.h and mach/machine.h; Microsoft's "PE Format". */
const MACHINES: Readonly<Record<number, string>> = {
  62: 'x86-64',
  183: 'AArch64',
  0x01_00_00_07: 'x86-64',
  0x01_00_00_0c: 'AArch64',
  0x86_64: 'x86-64',
  0xaa_64: 'AArch64',
}

const MACH_O_64 = 0xfe_ed_fa_cf
const LC_CODE_SIGNATURE = 0x1d
/** Of the certificate table in the optional header of PE32+. */
const CERTIFICATES_OFFSET = 24 + 112 + 4 * 8

function formatOf(head: Buffer): Format {
  const machine = (value: number): string => MACHINES[value] ?? `machine ${value}`
  if (head.toString('latin1', 0, 4) === '\x7fELF')
    return {format: 'ELF', machine: machine(head.readUInt16LE(18)), isSigned: false}
  if (head.readUInt32LE(0) === MACH_O_64) {
    let [offset, isSigned] = [32, false]
    for (let command = 0; command < head.readUInt32LE(16); command++) {
      if (head.readUInt32LE(offset) === LC_CODE_SIGNATURE) isSigned = true
      offset += head.readUInt32LE(offset + 4)
    }
    return {format: 'Mach-O', machine: machine(head.readUInt32LE(4)), isSigned}
  }
  const pe = head.readUInt32LE(0x3c)
  expect(head.toString('latin1', pe, pe + 4)).toBe('PE\0\0')
  const isSigned = head.readUInt32LE(pe + CERTIFICATES_OFFSET + 4) > 0
  return {format: 'PE', machine: machine(head.readUInt16LE(pe + 4)), isSigned}
}

async function headOf(path: string): Promise<Buffer> {
  await using file = await open(path)
  const {buffer} = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  return buffer
}

/** Node looks for what it runs only where this is told. Source: node_sea.cc of Node, postject's sentinel. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

test('each system has an expectation', () => {
  expect(platforms.map(({name}) => name)).toEqual(Object.keys(expected))
})

/** Those that no test starts: emulated.test.ts has the one for Linux on arm64. */
const others = platforms.filter(({runtime, name}) => runtime !== `${process.platform}-${process.arch}` && name !== 'linux-arm64')
const missing = await Promise.all(others.map(({runtime}) => runtimeFor(runtime))).then(
  () => undefined,
  (error: Error) => `Node for other systems cannot be had: ${error.message}`,
)

describeWhere(missing, 'executables for other systems', () => {
  let folder: TemporaryFolder
  beforeAll(async () => {
    folder = await temporaryFolder()
    await makeBundle(join(folder.path, 'bundle'))
  })
  afterAll(() => folder?.[Symbol.asyncDispose]())

  test('the signature of Node for macOS, by Apple\u2019s own tools, is read as we read ours', async () => {
    const program = await runtimeFor('darwin-arm64')
    const {wrongPages, rest, pages} = await readCodeDirectory(program)
    expect({wrongPages, rest}).toEqual({wrongPages: [], rest: 0})
    expect(pages).toBeGreaterThan(10_000)
  })

  test('the archive for Windows has what Windows starts, and all licences', async () => {
    const windows = platforms.find(({name}) => name === 'windows-amd64') as Platform
    const [program, archive] = [join(folder.path, 'stand-in'), join(folder.path, 'windows.tar.gz')]
    await writeFile(program, 'a program')
    await writeArchive(await shipmentOf(windows, join(folder.path, 'bundle'), program), archive)
    await execa('tar', ['-xzf', archive, '-C', folder.path])
    const {stdout} = await execa('tar', ['-tzf', archive])
    expect(stdout.split('\n')).toEqual([
      'LICENSE',
      'NODE-LICENSE.txt',
      'THIRD-PARTY-LICENSES.txt',
      'sbom.cdx.json',
      'kubectl-npm.exe',
      'kubectl_complete-npm.cmd',
    ])
    const read = (name: string) => readFile(join(folder.path, name), 'utf8')
    expect(await read('kubectl-npm.exe')).toBe('a program')
    expect(await read('kubectl_complete-npm.cmd')).toBe('@"%~dp0kubectl-npm.exe" __complete %*\r\n')
    expect(await read('NODE-LICENSE.txt')).toContain('OpenSSL')
  })

  test.each(others)('$name has the format of its system, and no signature of another program', async (platform: Platform) => {
    const output = join(folder.path, `kubectl-npm-${platform.name}`)
    await makeExecutable(platform, join(folder.path, 'bundle'), output)
    const head = await headOf(output)
    expect(formatOf(head)).toEqual(expected[platform.name])
    const node = formatOf(await headOf(await runtimeFor(platform.runtime)))
    expect({...node, isSigned: false}).toEqual({...expected[platform.name], isSigned: false})
    if (node.format === 'Mach-O')
      expect(await readCodeDirectory(output)).toMatchObject({identifier: 'kubectl-npm', wrongPages: [], rest: 0})
    const file = await readFile(output)
    expect([file.includes(`${FUSE}:1`), file.includes(`${FUSE}:0`)]).toEqual([true, false])
    const pieces = ['lib/executable.js', 'lib/koffi/koffi.js'].map(name => readFile(join(folder.path, 'bundle', name), 'utf8'))
    const texts = (await Promise.all(pieces)).map(text => Buffer.from(pieceSource(text), 'latin1'))
    expect(texts.map(text => file.includes(text))).toEqual([true, true])
    const natives = ['linux_x64', 'linux_arm64', 'win32_x64'].filter(name => file.includes(`build/koffi/${name}/koffi.node`))
    expect(natives).toEqual(platform.native === undefined ? [] : [platform.native])
  })
})
