import {chmod, mkdir, readdir, readFile, stat, symlink, writeFile} from 'node:fs/promises'
import {delimiter, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {shellCommands} from '../../../plugin/print/completion.ts'
import {kubectlNpm} from '../../support/built-programs.ts'
import {complete} from '../../support/plugin/complete.ts'
import {runCli} from '../../support/plugin/run-cli.ts'
import {type TemporaryFolder, temporaryFolder} from '../../support/temporary-folder.ts'

/** A PATH with kubectl-npm alone on it, as krew leaves it: each test has its own. */

const NAME = 'kubectl_complete-npm'
const INSTALL = fileURLToPath(new URL('../../../docs/install.md', import.meta.url))

let folder: TemporaryFolder
let bin: string
let earlier: string
let path: string
beforeEach(async () => {
  folder = await temporaryFolder()
  bin = join(folder.path, 'bin')
  earlier = join(folder.path, 'earlier')
  await mkdir(bin)
  await mkdir(earlier)
  await script(join(bin, 'kubectl-npm'), `exec "${process.execPath}" "${kubectlNpm}" "$@"`)
  path = [earlier, bin, process.env['PATH']].join(delimiter)
})
afterEach(() => folder[Symbol.asyncDispose]())

const script = (file: string, line: string) => writeFile(file, `#!/bin/sh\n${line}\n`, {mode: 0o755})
const completion = (args: readonly string[], env: Record<string, string> = {}) =>
  runCli(['completion', ...args], {env: {PATH: path, SHELL: '/bin/bash', ...env}})

describe('completion', () => {
  test('is said to be missing, is installed, serves kubectl, and is taken away', async () => {
    const before = await completion([])
    expect(before.exitCode).toBe(1)
    expect(before.stdout).toContain(`${NAME}  not on PATH; put it there: kubectl npm completion --install`)

    const installed = await completion(['--install'])
    expect(installed).toMatchObject({exitCode: 0, stderr: ''})
    expect(installed.stdout).toContain(`${join(bin, NAME)} is made\n`)
    expect(installed.stdout).toContain(`  ${shellCommands['bash']}\n`)
    expect(installed.stdout).not.toContain('zsh')
    expect(Object.keys((await complete(path, ['trans'])).items)).toEqual(['translate'])

    const after = await completion([])
    expect(after.exitCode).toBe(0)
    expect(after.stdout).toContain(`${NAME}  ${join(bin, NAME)}\n`)
    expect((await completion(['--install'])).stdout).toContain('is there already')

    expect(await completion(['--uninstall'])).toMatchObject({exitCode: 0, stdout: `${join(bin, NAME)} is removed\n`})
    expect(await readdir(bin)).toEqual(['kubectl-npm'])
    expect(await completion(['--uninstall'])).toMatchObject({exitCode: 0, stdout: `${join(bin, NAME)} is not there\n`})
  })

  test('goes into the folder that --dir names, and serves from there', async () => {
    expect((await completion(['--install', '--dir', `${earlier}/`])).stdout).toContain(`${join(earlier, NAME)} is made`)
    expect(Object.keys((await complete(path, ['trans'])).items)).toEqual(['translate'])
    expect((await completion(['--uninstall', '--dir', earlier])).exitCode).toBe(0)
    expect([await readdir(earlier), await readdir(bin)]).toEqual([[], ['kubectl-npm']])
    expect(await completion(['--dir', earlier])).toMatchObject({exitCode: 2, stderr: expect.stringContaining('--dir is for')})
  })

  test('may be run again after somebody has taken that right away', async () => {
    await completion(['--install'])
    await chmod(join(bin, NAME), 0o644)
    expect((await completion([])).exitCode).toBe(1)
    expect((await completion(['--install'])).exitCode).toBe(0)
    expect((await stat(join(bin, NAME))).mode & 0o777).toBe(0o755)
  })

  test('tells the lines of all shells where it does not know which one it is; docs/install.md has the same', async () => {
    const {stdout} = await completion([], {SHELL: ''})
    const page = (await readFile(INSTALL, 'utf8')).replaceAll(String.raw`\|`, '|')
    for (const line of Object.values(shellCommands)) {
      expect(stdout).toContain(line)
      expect(page).toContain(line)
    }
  })
})

describe('what is not ours stays:', () => {
  test.each([
    {what: 'a script', make: (file: string) => script(file, 'echo mine')},
    {what: 'a file that is not to be run', make: (file: string) => writeFile(file, '')},
    {what: 'a link to nowhere', make: (file: string) => symlink('/no/such/file', file)},
    {what: 'a folder', make: (file: string) => mkdir(file)},
  ])('$what', async ({make}) => {
    await make(join(bin, NAME))
    const before = await readdir(bin, {withFileTypes: true})
    for (const flag of ['--install', '--uninstall']) {
      const {exitCode, stdout, stderr} = await completion([flag])
      expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
      expect(stderr).toContain(`error: ${join(bin, NAME)} is `)
      expect(stderr).toContain('not of kubectl npm')
    }
    expect(await readdir(bin, {withFileTypes: true})).toEqual(before)
  })

  test('a script before ours on PATH is named, as kubectl would run it', async () => {
    await script(join(earlier, NAME), 'echo mine')
    const {exitCode, stderr} = await completion(['--install'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`error: ${join(earlier, NAME)} is there already`)
    expect(await readdir(bin)).toEqual(['kubectl-npm'])
    const told = await completion([])
    expect(told.exitCode).toBe(1)
    expect(told.stdout).toContain(`${join(earlier, NAME)}, which is not of kubectl npm`)
  })

  test.each([
    {what: 'the bundle', text: `#!/usr/bin/env node\nimport './lib/kubectl_complete-npm.js'\n`},
    {what: 'an archive', text: `#!/bin/sh\nexec "\${0%/*}/kubectl-npm" __complete "$@"\n`},
    {what: 'a link to the executable', text: undefined},
  ])('what came along with the program: $what', async ({text}) => {
    if (text === undefined) await symlink('kubectl-npm', join(bin, NAME))
    else await writeFile(join(bin, NAME), text, {mode: 0o755})
    expect((await completion([])).exitCode).toBe(0)
    const installed = await completion(['--install'])
    expect(installed).toMatchObject({exitCode: 0, stdout: expect.stringContaining('is there already')})
    const removed = await completion(['--uninstall'])
    expect(removed).toMatchObject({exitCode: 2, stderr: expect.stringContaining('came along with the program')})
    expect(await readdir(bin)).toEqual(['kubectl-npm', NAME])
  })
})

describe('an error says what to do', () => {
  test('where kubectl-npm is not on PATH', async () => {
    for (const flag of ['--install', '--uninstall'])
      expect(await completion([flag], {PATH: earlier})).toMatchObject({
        exitCode: 2,
        stderr:
          'error: kubectl-npm is not on PATH, where kubectl looks for it\n  Add the folder of kubectl-npm to PATH, and say it again.\n',
      })
    const {exitCode, stdout} = await completion([], {PATH: earlier})
    expect(exitCode).toBe(1)
    expect(stdout).toContain('kubectl-npm           not on PATH: add its folder\n')
  })

  test('where the folder is not on PATH', async () => {
    const {exitCode, stderr} = await completion(['--install', '--dir', folder.path])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`error: --dir ${folder.path} is not on PATH, where kubectl looks for ${NAME}\n`)
    expect(await readdir(folder.path)).toEqual(['bin', 'earlier'])
  })

  test('where the folder is not there', async () => {
    const gone = join(folder.path, 'gone')
    const {exitCode, stderr} = await completion(['--install', '--dir', gone], {PATH: `${gone}${delimiter}${path}`})
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`error: ${join(gone, NAME)}: no such file or folder\n`)
  })

  // Not even root makes files there.
  test.skipIf(process.platform !== 'linux')('where the folder may not be written', async () => {
    const {exitCode, stderr} = await completion(['--install', '--dir', '/sys'], {PATH: `${path}${delimiter}/sys`})
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^error: \/sys\/kubectl_complete-npm: (?:permission denied|read-only file system)\n/)
    expect(stderr).toContain('  Do it as somebody who may write to /sys, or choose another folder on PATH with --dir FOLDER.\n')
  })
})
