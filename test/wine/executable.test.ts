import {cp} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import packageFacts from '../../package.json' with {type: 'json'}
import {buildOnce} from '../support/build-once.ts'
import {describeWhere} from '../support/describe-where.ts'
import {runCli} from '../support/plugin/run-cli.ts'
import {type TemporaryFolder, temporaryFolder} from '../support/temporary-folder.ts'
import {type NewerWine, noNewerWine, openNewerWine} from './lab/newer-wine.ts'

const SHOP = join(import.meta.dirname, '../../examples/shop')

describeWhere(noNewerWine(), 'the executable for Windows, under Wine 10', () => {
  let folder: TemporaryFolder
  let wine: NewerWine
  const run = (...words: readonly string[]) => wine.run('kubectl-npm.exe', words)

  beforeAll(async () => {
    folder = await temporaryFolder()
    const flags = ['--platform', 'windows-amd64', '--unpacked']
    await cp(await buildOnce('windows', 'scripts/executables/build.ts', ...flags), folder.path, {recursive: true})
    await cp(SHOP, join(folder.path, 'shop'), {recursive: true})
    wine = await openNewerWine(folder.path)
    // On a new machine Wine is fetched first, while other tests want the processors, too.
  }, 900_000)
  afterAll(() => folder?.[Symbol.asyncDispose]())

  test('tells its version and its system', async () => {
    const {exitCode, stdout, stderr} = await run('--version')
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    expect(stdout).toContain(`kubectl-npm/${packageFacts.version} win32-x64 `)
  })

  test.each([
    ['translate', ['--all']],
    ['trace', ['shop/web-1', 'shop/api-1', '--port', '80']],
    ['diff', ['-o', 'json']],
    ['lint', []],
  ])('%s says of a dump what it says elsewhere', async (verb, words) => {
    const here = await runCli([verb, ...words, '--from', SHOP])
    const there = await run(verb, ...words, '--from', 'Z:\\work\\shop')
    expect(here.stdout.length).toBeGreaterThan(100)
    const seen = there.stdout.replaceAll(/Z:(?:\\{1,2}|\/)work(?:\\{1,2}|\/)shop/g, SHOP)
    expect({exitCode: there.exitCode, stdout: seen}).toEqual({exitCode: here.exitCode, stdout: here.stdout})
  })

  test('a file that is not there is named, with what to do', async () => {
    const {exitCode, stdout, stderr} = await run('translate', '--from', 'Z:\\work\\nothing.txt')
    expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
    expect(stderr).toMatch(/nothing\.txt/)
  })
})
