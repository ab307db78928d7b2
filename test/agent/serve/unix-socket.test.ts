import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmod, chown, lstat, mkdir, readdir, readFile, stat, symlink, writeFile} from 'node:fs/promises'
import {connect, createServer, type Server, type Socket} from 'node:net'
import {join} from 'node:path'
import {Worker} from 'node:worker_threads'
import {describe, expect, test} from 'vitest'
import {isAnswered, listenUnix, type UnixSocket} from '../../../agent/serve/unix-socket.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const isRoot = process.geteuid?.() === 0
/** Nobody has it. */
const GROUP = 10_292
const NOBODY = 65_534
const flag = '--socket'

/** What can be seen of a file by others. */
const rights = async (path: string) => {
  const {mode, gid} = await lstat(path)
  return {mode: (mode & 0o7777).toString(8), gid}
}

/** Looks at a folder as fast as it can, and tells all modes that a socket in it ever had. */
const WATCH_MODES = `
  const {readdirSync, lstatSync} = require('node:fs')
  const {parentPort, workerData: {folder, isOver}} = require('node:worker_threads')
  const modes = new Set()
  parentPort.postMessage('ready')
  for (let end = Date.now() + 10_000; Date.now() < end && !Atomics.load(isOver, 0); )
    for (const name of readdirSync(folder))
      try {
        const found = lstatSync(folder + '/' + name)
        if (found.isSocket()) modes.add((found.mode & 0o777).toString(8))
      } catch {}
  parentPort.postMessage([...modes])
`

interface Listening extends AsyncDisposable {
  readonly socket: UnixSocket
  readonly server: Server
}

async function listening(path: string, group?: number): Promise<Listening> {
  const server = createServer(client => client.on('error', () => {}).end('here\n'))
  const socket = await listenUnix(server, {path, flag, ...(group !== undefined && {group})})
  return {socket, server, [Symbol.asyncDispose]: async () => void server.close()}
}

const answerOf = async (path: string): Promise<string> => Buffer.concat(await connect(path).toArray()).toString()

/** Another process that listens at a path and has room for few that wait. */
async function otherProcess(path: string): Promise<ChildProcess> {
  const program = `require('node:net').createServer(c => c.end('other\\n')).listen({path: ${JSON.stringify(path)}, backlog: 1}, () => console.log())`
  const child = spawn(process.execPath, ['-e', program], {stdio: ['ignore', 'pipe', 'inherit']})
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('a unix socket', () => {
  test('is for its user only, in a folder that only the user can enter, whatever files usually get', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'new', 'agent.sock')
    const before = process.umask(0)
    try {
      await using _one = await listening(path)
      expect((await rights(path)).mode).toBe('600')
      expect((await rights(join(folder.path, 'new'))).mode).toBe('700')
      expect(await answerOf(path)).toBe('here\n')
    } finally {
      process.umask(before)
    }
  })

  test('is never open to more than that, also while it is made', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'agent.sock')
    const before = process.umask(0)
    const isOver = new Int32Array(new SharedArrayBuffer(4))
    const watcher = new Worker(WATCH_MODES, {eval: true, workerData: {folder: folder.path, isOver}})
    try {
      await once(watcher, 'message')
      for (let round = 0; round < 50; round++) await (await listening(path))[Symbol.asyncDispose]()
      Atomics.store(isOver, 0, 1)
      const [modes] = (await once(watcher, 'message')) as [string[]]
      expect(modes).toEqual(['600'])
    } finally {
      process.umask(before)
      await watcher.terminate()
    }
  })

  test.runIf(isRoot)('is for a group, when there is one', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'new', 'clients.sock')
    await using one = await listening(path, GROUP)
    expect(one.socket.groupFailure).toBeUndefined()
    expect(await rights(path)).toEqual({mode: '660', gid: GROUP})
    expect(await rights(join(folder.path, 'new'))).toEqual({mode: '750', gid: GROUP})
  })

  test.each([0o755, 0o777])('closes an empty folder that was there with the rights %o', async mode => {
    await using folder = await temporaryFolder()
    await chmod(folder.path, mode)
    await using _one = await listening(join(folder.path, 'agent.sock'))
    expect((await rights(folder.path)).mode).toBe('700')
  })

  test('closes a folder in which a killed process has left sockets', async () => {
    await using folder = await temporaryFolder()
    await kill(await otherProcess(join(folder.path, 'live.sock')))
    await chmod(folder.path, 0o755)
    await using _one = await listening(join(folder.path, 'agent.sock'))
    expect((await rights(folder.path)).mode).toBe('700')
  })

  test('leaves a folder that holds files of others as it is', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'of-others'), '')
    await chmod(folder.path, 0o755)
    await using _one = await listening(join(folder.path, 'agent.sock'))
    expect((await rights(folder.path)).mode).toBe('755')
  })

  test.each<{name: string; folder: string; prepare: (folder: string) => Promise<void>; says: RegExp; root?: true}>([
    {
      name: 'others may write to',
      folder: 'open',
      prepare: async folder => {
        await mkdir(folder)
        await writeFile(join(folder, 'of-others'), '')
        await chmod(folder, 0o777)
      },
      says: /open may be written to by others, who could put a socket of theirs into it/,
    },
    {
      name: 'is a link',
      folder: 'link',
      prepare: folder => symlink('/tmp', folder),
      says: /link is a link/,
    },
    {
      name: 'belongs to somebody else',
      folder: 'foreign',
      prepare: async folder => {
        await mkdir(folder, {mode: 0o700})
        await chown(folder, NOBODY, NOBODY)
      },
      says: /foreign belongs to user 65534/,
      root: true,
    },
    {
      name: 'is a file',
      folder: 'file',
      prepare: folder => writeFile(folder, ''),
      says: /cannot open .*EEXIST/,
    },
    {
      name: 'makes the path too long',
      folder: 'x'.repeat(120),
      prepare: async () => {},
      says: /cannot open/,
    },
  ])('is not made where the folder $name', async ({folder: name, prepare, says, root}) => {
    if (root && !isRoot) return
    await using folder = await temporaryFolder()
    const place = join(folder.path, name)
    await prepare(place)
    await expect(listening(join(place, 'agent.sock'))).rejects.toMatchObject({
      message: expect.stringMatching(says),
      next: expect.stringContaining(flag),
    })
  })
})

describe('what stands at the path already', () => {
  test('is replaced when it is a socket of a killed process', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'agent.sock')
    await kill(await otherProcess(path))
    expect((await lstat(path)).isSocket()).toBe(true)
    await using _one = await listening(path)
    expect(await answerOf(path)).toBe('here\n')
  })

  test('is replaced when it is a file or a link; what the link leads to is not touched', async () => {
    await using folder = await temporaryFolder()
    const [file, link, target] = ['file.sock', 'link.sock', 'target'].map(name => join(folder.path, name)) as [
      string,
      string,
      string,
    ]
    for (const each of [file, target]) await writeFile(each, 'kept')
    await symlink(target, link)
    for (const each of [file, link]) {
      await using _one = await listening(each)
      expect(await answerOf(each)).toBe('here\n')
    }
    expect(await readFile(target, 'utf8')).toBe('kept')
    expect((await stat(target)).mode & 0o777).not.toBe(0o600)
  })

  test('is left alone when somebody answers, and the error says where', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'agent.sock')
    await using first = await listening(path)
    await expect(listening(path)).rejects.toMatchObject({
      message: `another npm-agent answers at ${path}`,
      next: expect.stringContaining(flag),
    })
    expect(await first.socket.isInPlace()).toBe(true)
    expect(await readdir(folder.path)).toEqual(['agent.sock'])
  })

  test('is left alone when its process lives but has no time to answer', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'agent.sock')
    const other = await otherProcess(path)
    const waiting: Socket[] = []
    try {
      other.kill('SIGSTOP')
      // Until the kernel lets nobody wait any more.
      for (let isFull = false; !isFull && waiting.length < 100; ) {
        const socket = connect(path)
        waiting.push(socket)
        isFull = await Promise.race([
          once(socket, 'connect').then(() => false),
          new Promise<boolean>(resolve => socket.once('error', () => resolve(true))),
        ])
      }
      expect(await isAnswered(path)).toBe(true)
      await expect(listening(path)).rejects.toThrow(/another npm-agent answers/)
    } finally {
      for (const socket of waiting) socket.destroy()
      await kill(other)
    }
  })

  test('and was left half made by a killed process is cleared away', async () => {
    await using folder = await temporaryFolder()
    await kill(await otherProcess(join(folder.path, '.agent.sock.0a1b2c3d')))
    await using _one = await listening(join(folder.path, 'agent.sock'))
    expect(await readdir(folder.path)).toEqual(['agent.sock'])
  })
})

describe('a socket whose path was taken by another one', () => {
  test('is no longer in place, and does not remove the other one when it ends', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'agent.sock')
    const one = await listening(path)
    expect(await one.socket.isInPlace()).toBe(true)
    await one.socket.remove()
    expect(await one.socket.isInPlace()).toBe(false)
    await using other = await listening(path)
    expect(await one.socket.isInPlace()).toBe(false)
    await one.socket.remove()
    await one[Symbol.asyncDispose]()
    expect(await other.socket.isInPlace()).toBe(true)
    expect(await answerOf(path)).toBe('here\n')
  })
})
