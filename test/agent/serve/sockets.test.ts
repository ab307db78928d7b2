import {once} from 'node:events'
import {chmod, lstat, mkdir, readdir, rename, rm, writeFile} from 'node:fs/promises'
import {connect, createServer} from 'node:net'
import {dirname, join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {LIVE_SOCKET, RELAY_GROUP} from '../../../core/contract/agent.ts'
import {readLocalStatus} from '../../../plugin/agents/local-agent.ts'
import {knock} from '../../support/agent/http.ts'
import {type OpenAgent, openAgent} from '../../support/agent/open-agent.ts'
import {startServe} from '../../support/agent/serve-process.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const isRoot = process.geteuid?.() === 0
const liveSocketOf = ({socket}: {readonly socket: string}) => join(dirname(socket), 'live.sock')
const rights = async (path: string) => {
  const {mode, gid} = await lstat(path)
  return {mode: (mode & 0o7777).toString(8), gid}
}

/** What a probe is told: nothing, by an end. */
async function probe(path: string): Promise<string> {
  return Buffer.concat(await connect(path).toArray()).toString()
}

describe('the socket for root of the node', () => {
  test('needs no token, and only root can open it', async () => {
    await using agent = await openAgent()
    const path = String(agent.rootSocket)
    expect((await rights(path)).mode).toBe('600')
    expect((await rights(dirname(path))).mode).toBe('700')
    agent.reviews.fault = async () => {
      throw new Error('the API server is away')
    }
    await using client = await agent.connectAsRoot()
    expect(await client.ask('status')).toMatchObject({node: 'bakery-1'})
    expect(agent.reviews.accessReviews).toEqual([])
  })
})

describe('the sockets for clients and for probes', () => {
  test('have the names that relays and probes know', () => {
    expect(liveSocketOf({socket: '/run/kubectl-npm/clients.sock'})).toBe(LIVE_SOCKET)
  })

  test.runIf(isRoot)('are for root and the group of the relay only', async () => {
    await using agent = await openAgent()
    for (const path of [agent.socket, liveSocketOf(agent)]) expect(await rights(path)).toEqual({mode: '660', gid: RELAY_GROUP})
    expect(await rights(dirname(agent.socket))).toEqual({mode: '750', gid: RELAY_GROUP})
    expect(agent.log.join('\n')).not.toContain('needs its group')
  })

  test('a probe sees that the agent is there, and nothing more, whatever it says', async () => {
    await using agent = await openAgent()
    expect(await probe(liveSocketOf(agent))).toBe('')
    const talkative = connect(liveSocketOf(agent)).on('error', () => {})
    talkative.write('GET / HTTP/1.1\r\n\r\n')
    await new Promise(resolve => talkative.resume().once('close', resolve))
    expect(talkative.bytesRead).toBe(0)
  })

  test('a thousand probes at once end, and clients are served meanwhile', async () => {
    await using agent = await openAgent()
    await using client = await agent.connect()
    const seen = {probes: 0}
    const flood = Promise.all(
      Array.from({length: 20}, async () => {
        for (let each = 0; each < 50; each++, seen.probes++) expect(await probe(liveSocketOf(agent))).toBe('')
      }),
    )
    let asked = 0
    for (; seen.probes < 1000 && asked < 100_000; asked++) expect(await client.ask('status')).toMatchObject({connections: 1})
    expect(asked).toBeGreaterThan(1)
    await flood
    expect(await probe(liveSocketOf(agent))).toBe('')
  })

  test('are gone when the agent has ended, also with clients connected', async () => {
    await using folder = await temporaryFolder()
    const [socket, stateDir] = [join(folder.path, 'run', 'clients.sock'), join(folder.path, 'state')]
    await using agent = await openAgent({socket, stateDir})
    await using _client = await agent.connect()
    expect((await readdir(dirname(socket))).toSorted()).toEqual(['clients.sock', 'live.sock'])
    await agent.end()
    expect(await readdir(dirname(socket))).toEqual([])
    expect(await readdir(stateDir)).toEqual([])
  })
})

describe('a second agent', () => {
  test.each<{name: string; shared: (first: OpenAgent) => {socket?: string; stateDir?: string}; at: (first: OpenAgent) => string}>(
    [
      {
        name: 'at the socket for clients',
        shared: ({socket}) => ({socket}),
        at: ({socket}) => socket,
      },
      {
        name: 'at the socket for root',
        shared: ({rootSocket}) => ({stateDir: dirname(String(rootSocket))}),
        at: ({rootSocket}) => String(rootSocket),
      },
    ],
  )('$name says which one is answered, leaves nothing behind, and the first goes on', async ({shared, at}) => {
    await using first = await openAgent()
    await using folder = await temporaryFolder()
    const own = {socket: join(folder.path, 'run', 'clients.sock'), stateDir: join(folder.path, 'state')}
    await expect(openAgent({...own, ...shared(first)})).rejects.toThrow(`another npm-agent answers at ${at(first)}`)
    for (const each of await readdir(folder.path)) expect(await readdir(join(folder.path, each))).toEqual([])
    await using client = await first.connect()
    await using root = await first.connectAsRoot()
    for (const each of [client, root]) expect(await each.ask('status')).toMatchObject({node: 'bakery-1'})
    expect(await probe(liveSocketOf(first))).toBe('')
  })
})

describe('an agent whose socket is taken away', () => {
  const limits = {socketCheckMs: 20}

  test.each<{name: string; take: (path: string) => Promise<unknown>; which: (agent: OpenAgent) => string}>([
    {name: 'the one for clients is removed', take: path => rm(path), which: ({socket}) => socket},
    {name: 'the one for probes is removed', take: path => rm(path), which: liveSocketOf},
    {name: 'the one for root is removed', take: path => rm(path), which: ({rootSocket}) => String(rootSocket)},
    {name: 'its folder is moved', take: path => rename(dirname(path), `${dirname(path)}-2`), which: ({socket}) => socket},
  ])('ends and says so: $name', async ({take, which}) => {
    await using agent = await openAgent({limits})
    await using client = await agent.connect()
    const path = which(agent)
    await take(path)
    await expect(agent.ended).rejects.toMatchObject({
      message: `${path} was removed or replaced while the agent ran: nobody could reach it there any more`,
      next: expect.stringContaining('Start the agent again'),
    })
    expect(await client.closed).toMatchObject({reason: expect.stringContaining('the agent ends')})
  })

  test('does not remove the one of its successor', async () => {
    await using agent = await openAgent({limits})
    await rm(agent.socket)
    const successor = createServer(socket => socket.end('successor')).listen(agent.socket)
    await once(successor, 'listening')
    await expect(agent.ended).rejects.toThrow('was removed or replaced')
    expect(await probe(agent.socket)).toBe('successor')
    successor.close()
  })

  test('but not one that keeps its sockets', async () => {
    await using agent = await openAgent({limits})
    await new Promise(resolve => setTimeout(resolve, 200))
    await using client = await agent.connect()
    expect(await client.ask('status')).toMatchObject({node: 'bakery-1'})
  })
})

describe.runIf(isRoot)('the agent as a process', () => {
  test('takes over from one that was killed', async () => {
    await using folder = await temporaryFolder()
    {
      await using killed = await startServe({folder: folder.path})
      expect(await knock(killed.socket)).toMatchObject({code: 'NO_TOKEN'})
    }
    expect((await readdir(join(folder.path, 'run'))).toSorted()).toEqual(['clients.sock', 'live.sock'])
    await using agent = await startServe({folder: folder.path})
    expect(await knock(agent.socket)).toMatchObject({code: 'NO_TOKEN'})
    expect(await probe(liveSocketOf(agent))).toBe('')
    expect(await readLocalStatus(dirname(agent.rootSocket), new AbortController().signal)).toMatchObject({node: 'bakery-1'})
    agent.process.kill('SIGTERM')
    await once(agent.process, 'exit')
    expect(agent.process.exitCode).toBe(0)
    for (const each of ['run', 'state']) expect(await readdir(join(folder.path, each))).toEqual([])
  })

  // As in its pod: root without the capability to give files away.
  const withoutCapabilities = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all']

  test("gives its sockets to the relay's group, as it is in that group itself", async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'run'), {mode: 0o755})
    const within = [...withoutCapabilities, '--groups', String(RELAY_GROUP)]
    await using agent = await startServe({folder: folder.path, within})
    expect(await rights(agent.socket)).toEqual({mode: '660', gid: RELAY_GROUP})
    expect(await rights(liveSocketOf(agent))).toEqual({mode: '660', gid: RELAY_GROUP})
    expect(await rights(dirname(agent.socket))).toEqual({mode: '750', gid: RELAY_GROUP})
  })

  test('without that group serves root only, and says what is missing', async () => {
    await using folder = await temporaryFolder()
    await using agent = await startServe({folder: folder.path, within: [...withoutCapabilities, '--clear-groups']})
    expect(await rights(agent.socket)).toEqual({mode: '600', gid: process.getegid?.()})
    expect(agent.log.join('\n')).toMatch(/EPERM.*a relay needs its group/)
    expect(await knock(agent.socket)).toMatchObject({code: 'NO_TOKEN'})
  })

  test('does not start where others could put a socket of theirs, with an error that says what to do', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'run'))
    await writeFile(join(folder.path, 'run', 'of-others'), '')
    await chmod(join(folder.path, 'run'), 0o777)
    await expect(startServe({folder: folder.path})).rejects.toThrow(
      /ended with 2: error: .*run may be written to by others.*\n {2}Give a folder of its own with --socket/,
    )
    expect(await readdir(join(folder.path, 'state'))).toEqual([])
  })
})
