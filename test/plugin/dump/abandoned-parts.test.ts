import {spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {execa} from 'execa'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {ownedPrefix} from '../../../plugin/cleanup/owned-name.ts'
import {removeAbandonedParts} from '../../../plugin/dump/abandoned-parts.ts'
import {writeDump} from '../../../plugin/dump/write-dump.ts'
import {until} from '../../support/plugin/own-processes.ts'
import {fixture, runCli} from '../../support/plugin/run-cli.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-parts-'))
})
afterEach(() => rmSync(folder, {recursive: true, force: true}))

const at = (name: string) => join(folder, name)
const deadPid = (): number => spawnSync('true').pid
const partOf = (pid: number, end = '.part'): string =>
  `.${ownedPrefix().replace(String(process.pid), String(pid))}0123456789ab${end}`

function fill(path: string, ...names: string[]): void {
  for (const name of names) {
    mkdirSync(dirname(at(join(path, name))), {recursive: true})
    writeFileSync(at(join(path, name)), 'x')
  }
}

describe('of dumps that were killed', () => {
  test('parts go, and it is said', () => {
    const [file, whole] = [partOf(deadPid()), partOf(deadPid())]
    writeFileSync(at(file), 'x')
    fill(whole, 'dump.json', 'collection.log', 'cluster.json', 'nodes/aks-1/ipset-save.txt', 'nodes/aks-2/npm.log')
    const said = removeAbandonedParts(folder)
    expect(readdirSync(folder)).toEqual([])
    expect(said).toHaveLength(2)
    for (const sentence of said) expect(sentence).toContain('was left by a dump that was killed, and is removed')
  })

  test('what no dump wrote stays, and the folder that it is in', () => {
    const [part, other] = [partOf(deadPid()), partOf(deadPid())]
    fill(part, 'dump.json', 'nodes/aks-1/letter.txt')
    fill(other, 'home/letter.txt')
    expect(removeAbandonedParts(folder)).toEqual([])
    expect(readdirSync(folder, {recursive: true})).toContain(`${part}/nodes/aks-1/letter.txt`)
    expect(readdirSync(folder, {recursive: true})).toContain(`${other}/home/letter.txt`)
  })

  test('a replaced dump goes when another has its place, and stays when none has', () => {
    const [placed, killed] = [deadPid(), deadPid()]
    fill(partOf(placed, '.part.old'), 'dump.json')
    fill(partOf(killed, '.part.old'), 'dump.json')
    fill(partOf(killed), 'dump.json')
    const said = removeAbandonedParts(folder)
    expect(readdirSync(folder).toSorted()).toEqual([partOf(killed), partOf(killed, '.part.old')].toSorted())
    expect(said.join('\n')).toContain('is an earlier dump')
  })
})

test('parts of a dump that still runs stay, and so do links and names that are not ours', () => {
  mkdirSync(at('home'))
  writeFileSync(at('home/dump.json'), 'x')
  const names = [
    partOf(process.pid),
    partOf(process.ppid),
    '.out.tgz.1234.part',
    '.kubectl-npm-00000000-1-0123456789ab.part',
    'x.part',
  ]
  for (const name of names) writeFileSync(at(name), 'x')
  const link = partOf(deadPid())
  symlinkSync(at('home'), at(link))
  expect(removeAbandonedParts(folder)).toEqual([])
  expect(readdirSync(folder).toSorted()).toEqual([...names, link, 'home'].toSorted())
  expect(existsSync(at('home/dump.json'))).toBe(true)
})

test.skipIf(process.getuid?.() !== 0)("another user's part stays", async () => {
  const part = partOf(deadPid())
  writeFileSync(at(part), 'x')
  await execa('chown', ['65534', at(part)])
  expect(removeAbandonedParts(folder)).toEqual([])
  expect(readdirSync(folder)).toEqual([part])
})

describe.skipIf(process.platform !== 'linux')('a dump that is killed in the middle', () => {
  const module = fileURLToPath(new URL('../../../plugin/dump/write-dump.ts', import.meta.url))

  test.each(['out', 'out.tgz'])('leaves nothing after the next one: %s', async name => {
    const script = `
      import {writeDump} from ${JSON.stringify(module)}
      const bytes = async function* () {
        for (;;) {
          yield Buffer.alloc(1 << 16)
          console.log('writing')
          await new Promise(resolve => setTimeout(resolve, 10))
        }
      }
      await writeDump(${JSON.stringify(at(name))}, [{path: 'dump.json', content: '{'}, {path: 'nodes/a/npm.log', content: {sizeBytes: 2 ** 30, bytes}}], false, new AbortController().signal)
    `
    const running = execa(process.execPath, ['--input-type=module', '-e', script], {reject: false})
    let said = ''
    running.stdout.on('data', chunk => {
      said += chunk
    })
    await until(() => said !== '' && readdirSync(folder).length > 0)
    const [part] = readdirSync(folder)
    expect(part).toMatch(/^\.kubectl-npm-.*\.part$/)
    // One that runs at the same time is not hurt.
    expect(await writeDump(at('other.tgz'), [], false, new AbortController().signal)).toEqual([])
    expect(readdirSync(folder).toSorted()).toEqual([part, 'other.tgz'])
    running.kill('SIGKILL')
    await running
    const {stderr, exitCode} = await runCli(['dump', '--from', fixture('two-nodes'), '-o', at(name)])
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`${part} was left by a dump that was killed`)])
    expect(readdirSync(folder).toSorted()).toEqual(['other.tgz', name].toSorted())
  })
})

const isRoot = process.getuid?.() === 0 && process.platform === 'linux'

test.skipIf(!isRoot)('in a root folder without /proc a dump is written, too', async () => {
  const script = 'mount -t tmpfs none /proc && exec "$@"'
  const program = fileURLToPath(new URL('../../../bin/kubectl-npm.ts', import.meta.url))
  const words = [process.execPath, program, 'dump', '--from', fixture('drifted'), '-o', at('out.tgz')]
  const {stderr, exitCode} = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', ...words], {reject: false})
  expect([stderr, exitCode, readdirSync(folder)]).toEqual([expect.any(String), 0, ['out.tgz']])
})
