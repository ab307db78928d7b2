import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import {runtimeFor} from '../../scripts/platforms/runtimes.ts'
import {builtFolder} from '../support/built-programs.ts'
import {describeWhere} from '../support/describe-where.ts'
import {temporaryFolder} from '../support/temporary-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const missing = await runtimeFor('win32-x64').then(
  () => undefined,
  (error: Error) => `Node for Windows cannot be had: ${error.message.trim().split('\n').at(-1)}`,
)

/** What a program or library is for, by its header. Source: PE format, machine types; ELF */
async function systemOf(file: string): Promise<'windows x64' | 'linux' | undefined> {
  const bytes = await readFile(file)
  if (bytes.subarray(0, 4).toString('latin1') === '\x7fELF') return 'linux'
  if (bytes.subarray(0, 2).toString('latin1') !== 'MZ') return undefined
  const header = bytes.readUInt32LE(0x3c)
  return bytes.subarray(header, header + 4).toString('latin1') === 'PE\0\0' && bytes.readUInt16LE(header + 4) === 0x86_64
    ? 'windows x64'
    : undefined
}

describeWhere(missing, 'the folder of the image for Windows nodes', () => {
  test('has Node and koffi for Windows, the bundle, and nothing of another system', async () => {
    await using work = await temporaryFolder()
    const output = join(work.path, 'image')
    const built = await execa(
      process.execPath,
      ['scripts/image/build.ts', '--os', 'windows', '--dist', builtFolder, '--output', output],
      {
        cwd: ROOT,
      },
    )
    expect(built.stdout).toBe(output)
    const files = (await readdir(output, {recursive: true, withFileTypes: true})).filter(each => each.isFile())
    const systems: Record<string, string> = {}
    for (const {parentPath, name} of files) {
      const system = await systemOf(join(parentPath, name))
      if (system !== undefined) systems[join(parentPath, name).slice(output.length + 1)] = system
    }
    expect(systems).toEqual({
      'kubectl-npm/build/koffi/win32_x64/koffi.node': 'windows x64',
      'node.exe': 'windows x64',
    })
    expect(files.map(({name}) => name)).toContain('npm-agent')
  })

  test('is not made of nothing, nor for a system that is not known', async () => {
    await using work = await temporaryFolder()
    for (const [args, says] of [
      [['--os', 'windows', '--dist', work.path], 'there is no bundle in'],
      [['--os', 'plan9'], '--os plan9: it is linux or windows'],
    ] as const) {
      const {stderr, exitCode} = await execa(process.execPath, ['scripts/image/build.ts', ...args], {cwd: ROOT, reject: false})
      expect(stderr).toContain(says)
      expect(exitCode).toBe(2)
    }
  })
})
