import {spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterEach, beforeEach, describe, expect, test, vi} from 'vitest'
import {isAbandoned, ownedPrefix} from '../../../plugin/cleanup/owned-name.ts'
import {openSocketFolder, removeAbandoned} from '../../../plugin/kubernetes/socket-folder.ts'
import {startFakeApiServer} from '../../support/plugin/fake-api-server.ts'
import {runCli} from '../../support/plugin/run-cli.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubectl-npm-sockets-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, {recursive: true, force: true})
})

const at = (name: string) => join(folder, name)
const nameOf = (pid: number): string => `${ownedPrefix().replace(String(process.pid), String(pid))}AbCdEf`
const deadPid = (): number => spawnSync('true').pid

describe('a folder for a socket', () => {
  test('is for its owner only, and goes with its socket', async () => {
    vi.stubEnv('TMPDIR', folder)
    {
      await using opened = await openSocketFolder()
      expect(statSync(opened.path).mode & 0o777).toBe(0o700)
      expect(isAbandoned(readdirSync(folder)[0] as string)).toBe(false)
      writeFileSync(opened.socketPath, '')
    }
    expect(readdirSync(folder)).toEqual([])
  })

  test.each<{name: string; make: () => string}>([
    {name: 'is not there', make: () => at('no/such')},
    {name: 'is a file', make: () => (writeFileSync(at('file'), ''), at('file'))},
    {
      name: 'has a path that is too long for a socket',
      make: () => {
        mkdirSync(at('x'.repeat(100)))
        return at('x'.repeat(100))
      },
    },
  ])('is elsewhere when TMPDIR $name', async ({make}) => {
    vi.stubEnv('TMPDIR', make())
    vi.stubEnv('XDG_RUNTIME_DIR', at('runtime'))
    mkdirSync(at('runtime'))
    {
      await using opened = await openSocketFolder()
      expect(readdirSync(at('runtime'))).toHaveLength(1)
      // The length does fit.
      const server = createServer().listen(opened.socketPath)
      await new Promise(resolve => server.once('listening', resolve))
      await new Promise(resolve => server.close(resolve))
    }
    expect(readdirSync(at('runtime'))).toEqual([])
  })

  test('that a verb needs is found: it reaches the API server', async () => {
    await using api = await startFakeApiServer({agents: {}})
    for (const TMPDIR of ['/no/such/folder', `/tmp/${'x'.repeat(200)}`]) {
      const {stderr} = await runCli(['translate'], {env: {...api.env, TMPDIR}})
      expect(stderr).toContain('no agent runs in namespace')
    }
  })
})

describe('folders of runs that were killed', () => {
  test('go, with the socket in them', async () => {
    mkdirSync(at(nameOf(deadPid())))
    const second = nameOf(deadPid())
    mkdirSync(at(second))
    writeFileSync(join(at(second), 'api.sock'), '')
    await removeAbandoned(folder)
    expect(readdirSync(folder)).toEqual([])
  })

  test('stay when their run goes on, something else is in them, or they are links or not ours', async () => {
    mkdirSync(at('home'))
    writeFileSync(at('home/api.sock'), '')
    symlinkSync(at('home'), at(nameOf(deadPid())))
    mkdirSync(at(nameOf(process.ppid)))
    const used = nameOf(deadPid())
    mkdirSync(at(used))
    writeFileSync(join(at(used), 'letter'), 'dear')
    mkdirSync(at(`kubectl-npm-00000000-${deadPid()}-AbCdEf`))
    writeFileSync(at(nameOf(deadPid())), 'a file')
    const before = new Set(readdirSync(folder, {recursive: true, encoding: 'utf8'}))
    await removeAbandoned(folder)
    expect(new Set(readdirSync(folder, {recursive: true, encoding: 'utf8'}))).toEqual(before)
    expect(existsSync(join(at(used), 'letter'))).toBe(true)
  })

  test.skipIf(process.getuid?.() !== 0)('stay when they are of another user', async () => {
    const name = nameOf(deadPid())
    mkdirSync(at(name))
    await execa('chown', ['65534', at(name)])
    await removeAbandoned(folder)
    expect(readdirSync(folder)).toEqual([name])
  })

  test('in a folder that cannot be read are no fault', async () => {
    await removeAbandoned(at('no/such'))
    chmodSync(folder, 0o700)
    expect(readdirSync(folder)).toEqual([])
  })
})
