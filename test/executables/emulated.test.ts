import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import packageFacts from '../../package.json' with {type: 'json'}
import {makeBundle} from '../../scripts/executables/bundle.ts'
import {makeExecutable} from '../../scripts/executables/executable.ts'
import {OTHERS} from '../../scripts/executables/names.ts'
import {type Platform, platforms} from '../../scripts/executables/platforms.ts'
import {runtimeFor} from '../../scripts/platforms/runtimes.ts'
import {describeWhere} from '../support/describe-where.ts'
import {type TemporaryFolder, temporaryFolder} from '../support/temporary-folder.ts'

const ROOT = join(import.meta.dirname, '../..')
const EMULATOR = '/usr/bin/qemu-aarch64-static'
/** Where Debian has the libraries of arm64 for other machines. */
const LIBRARIES = '/usr/aarch64-linux-gnu'

const arm = platforms.find(({name}) => name === 'linux-arm64') as Platform
const missing = await whatIsMissing()

async function whatIsMissing(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `this is ${process.platform} on ${process.arch}`
  const absent = [EMULATOR, join(LIBRARIES, 'lib/libstdc++.so.6')].find(path => !existsSync(path))
  if (absent !== undefined) return `${absent} is not there; see scripts/install-tools.sh`
  return runtimeFor(arm.runtime).then(
    () => undefined,
    (error: Error) => `Node for it cannot be had: ${error.message}`,
  )
}

describeWhere(missing, 'the executable for Linux on arm64, on an emulated processor', () => {
  let folder: TemporaryFolder
  const run = (words: readonly string[]) =>
    execa(EMULATOR, ['-L', LIBRARIES, join(folder.path, 'kubectl-npm'), ...words], {
      reject: false,
      extendEnv: false,
      env: {PATH: '', HOME: folder.path},
    })

  beforeAll(async () => {
    folder = await temporaryFolder()
    await makeBundle(join(folder.path, 'bundle'))
    // A rehearsal of a line takes as long here as one of all lines elsewhere.
    expect(
      await makeExecutable(arm, join(folder.path, 'bundle'), join(folder.path, 'kubectl-npm'), {[OTHERS]: [['--version']]}),
    ).toBeUndefined()
  }, 600_000)
  afterAll(() => folder?.[Symbol.asyncDispose]())

  test('takes nothing from libatomic, which a small image lacks', async () => {
    const {stdout} = await execa('readelf', ['--dynamic', '--relocs', '--wide', join(folder.path, 'kubectl-npm')])
    expect(stdout).toContain('Shared library: [libstdc++.so.6]')
    expect(stdout).toContain('R_AARCH64_IRELATIVE')
    expect(stdout).not.toContain('libatomic')
  })

  test('tells its version and its processor', async () => {
    const {exitCode, stdout, stderr} = await run(['--version'])
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    expect(stdout).toContain(`kubectl-npm/${packageFacts.version} linux-arm64 `)
  })

  test('says of a dump what the sources say', async () => {
    const words = ['translate', '--from', join(ROOT, 'test/fixtures/captures/v2-base36-nft')]
    const {exitCode, stdout, stderr} = await execa(process.execPath, [join(ROOT, 'bin/kubectl-npm.ts'), ...words])
    expect(stdout).toContain('allow tcp/8080')
    const seen = await run(words)
    expect({exitCode: seen.exitCode, stdout: seen.stdout, stderr: seen.stderr}).toEqual({exitCode, stdout, stderr})
  })
})
