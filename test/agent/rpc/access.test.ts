import {once} from 'node:events'
import {connect, type Socket} from 'node:net'
import {describe, expect, test} from 'vitest'
import type {Run} from '../../../agent/node/run.ts'
import {closeCodes, type Hello, type Procedure, type Snapshot} from '../../../core/contract/agent.ts'
import type {Client} from '../../support/agent/client.ts'
import {clientHello} from '../../support/agent/client-hello.ts'
import {FakeReviews, madeToken, makeSigner} from '../../support/agent/fake-reviews.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import {ask, knock} from '../../support/agent/http.ts'
import {openAgent} from '../../support/agent/open-agent.ts'
import {connectTls} from '../../support/agent/tls.ts'

describe('without a token', () => {
  test('who asks for a page is told what to use, and nothing of the node', async () => {
    await using agent = await openAgent()
    for (const path of ['/', '/status', '/metrics', '//', '/healthz', '/%'])
      for (const method of ['GET', 'POST'])
        expect(await ask(agent.socket, path, {}, method)).toMatchObject({
          status: 426,
          text: 'npm-agent answers over WebSocket; use kubectl npm\n',
        })
    expect(agent.reviews.tokenReviews).toEqual([])
  })

  test('an agent whose tools never answer serves clients', async () => {
    const run: Run = () => new Promise(() => {})
    await using agent = await openAgent({run})
    await using client = await agent.connect()
    expect(await client.ask('status')).toMatchObject({node: 'bakery-1'})
  })

  test('a neighbour on the node gets nothing but words', async () => {
    await using agent = await openAgent()
    expect(await knock(agent.socket)).toMatchObject({status: 401, code: 'NO_TOKEN', next: expect.stringContaining('kubectl npm')})
    expect(await knock(agent.socket, 'abc')).toMatchObject({status: 401, code: 'BAD_TOKEN'})
  })

  test('plain HTTP, and TLS that is too old, get no answer', async () => {
    await using agent = await openAgent()
    const plain = connect(agent.socket).on('error', () => {})
    const answer = plain.toArray()
    plain.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
    const old = connectTls(agent.socket, {maxVersion: 'TLSv1.2'})
    await expect(once(old, 'secureConnect')).rejects.toThrow(/protocol version|alert/)
    expect(Buffer.concat(await answer).toString('latin1')).not.toContain('HTTP')
  })

  test.each([
    {name: 'say nothing', begin: (socket: Socket) => socket},
    {name: 'stop in the middle of the handshake', begin: (socket: Socket) => socket.write(clientHello.subarray(0, 100))},
    {name: 'stop after their part of the handshake', begin: (socket: Socket) => socket.write(clientHello)},
  ])('those who $name make room for others, and are thrown out in the end', async ({begin}) => {
    await using agent = await openAgent({limits: {unauthenticatedConnections: 4, signInMs: 300}})
    const squatters = await Promise.all(
      Array.from({length: 20}, async () => {
        const socket = connect(agent.socket).on('error', () => {})
        await once(socket, 'connect')
        begin(socket)
        return {socket, closed: once(socket.resume(), 'close')}
      }),
    )
    await using client = await agent.connect()
    expect(await client.ask('status')).toMatchObject({connections: 1})
    // The client took the place of one of them.
    expect(squatters.filter(({socket}) => !socket.closed).length).toBeLessThan(4)
    await Promise.all(squatters.map(({closed}) => closed))
  })

  test('one who never ends a handshake cannot keep an agent from ending', async () => {
    await using agent = await openAgent({limits: {stopMs: 200}})
    const socket = connect(agent.socket).on('error', () => {})
    socket.write(clientHello.subarray(0, 100))
    const closed = once(socket.resume(), 'close')
    await agent.end()
    await closed
  })
})

describe('connections of pods', () => {
  const DOCUMENT = 'conntrack.txt'
  const LINE =
    'ipv4     2 udp      17 28 src=10.0.1.1 dst=10.0.2.1 sport=1 dport=2 src=10.0.2.1 dst=10.0.1.1 sport=2 dport=1 use=1'
  const forbidden = {refusal: {code: 'FORBIDDEN', next: expect.stringContaining('--role=kubectl-npm-operator')}}

  test('are read by the operator only, also when another one reads them already', async () => {
    await using _tools = await fakeTools({conntrack: `echo '${LINE}'`, ipset: 'true'})
    await using agent = await openAgent()
    await using operator = await agent.connect(agent.token({account: 'npm-operator'}))
    await using viewer = await agent.connect()
    await expect(viewer.ask('openSnapshot', {documents: [DOCUMENT]})).rejects.toMatchObject(forbidden)
    const snapshot = await operator.ask<Snapshot>('openSnapshot', {documents: [DOCUMENT, 'ipset-save.txt']})
    expect(await operator.readDocument(snapshot.id, DOCUMENT)).toMatchObject({text: `${LINE}\n`})
    await expect(viewer.ask('readSnapshot', {id: snapshot.id, document: DOCUMENT, offset: 0})).rejects.toMatchObject(forbidden)
    const shared = await viewer.ask<Snapshot>('openSnapshot', {documents: ['ipset-save.txt']})
    expect(shared.documents).toEqual(['ipset-save.txt'])
  })
})

describe('with a token', () => {
  test('the viewer is greeted, and every procedure that is told of is there', async () => {
    await using agent = await openAgent()
    await using client = await agent.connect()
    const hello = await client.ask<Hello>('hello', {contract: {major: 1, minor: 9}, version: '9.9.9', later: ['field']})
    expect(hello).toMatchObject({contract: {major: 1}, version: '1.2.3', node: 'bakery-1', knowledge: {state: 'off'}})
    expect(hello.procedures).toContain('diff')
  })

  test.each<{major: number; says: string; next: string}>([
    {major: 0, says: 'the plugin is older', next: 'Update the plugin.'},
    {major: 2, says: 'the agent is older', next: 'Update the agent: kubectl npm install.'},
  ])('a plugin of contract $major is told which side to update', async ({major, says, next}) => {
    await using agent = await openAgent()
    await using client = await agent.connect()
    await expect(client.ask('hello', {contract: {major, minor: 0}, version: '7.0.0'})).rejects.toMatchObject({
      message: expect.stringContaining(says),
      refusal: {code: 'OTHER_CONTRACT', next},
    })
  })

  test('a newer plugin of the same contract is understood as far as both go', async () => {
    await using agent = await openAgent()
    await using client = await agent.connect()
    const documents = ['hns-policies.json', 'ipset-save.txt', '/etc/shadow']
    const snapshot = await client.ask<Snapshot>('openSnapshot', {documents, compression: 'zstd'})
    expect(snapshot.documents).toEqual(['ipset-save.txt'])
    expect(await client.readDocument(snapshot.id, 'ipset-save.txt')).toEqual({text: '', problems: []})
    const none = await client.ask<Snapshot>('openSnapshot', {documents: ['hns-policies.json']})
    expect(none.documents).toEqual([])
    for (const {id} of [snapshot, none]) await client.ask('closeSnapshot', {id, because: 'done'})
    await expect(client.ask('diff', {deep: true})).rejects.toMatchObject({refusal: {code: 'NO_KNOWLEDGE'}})
    expect(await client.ask('status', {since: 'yesterday'})).toMatchObject({node: 'bakery-1'})
    await expect(client.ask('apply' as Procedure)).rejects.toMatchObject({code: 'NOT_FOUND'})
  })

  test('who lacks a right is told which one, and may do the rest', async () => {
    await using agent = await openAgent()
    agent.reviews.rights.delete('dumps')
    await using client = await agent.connect()
    await expect(client.ask('openSnapshot', {documents: ['ipset-save.txt']})).rejects.toMatchObject({
      code: 'FORBIDDEN',
      refusal: {code: 'FORBIDDEN', message: expect.stringContaining('may not get dumps.npm.kubectl.io "bakery-1"')},
    })
    expect(await client.ask('status')).toMatchObject({node: 'bakery-1', connections: 1})
  })

  test('an input that is not as agreed is refused in words, not in JSON', async () => {
    await using agent = await openAgent()
    await using client = await agent.connect()
    await expect(client.ask('readSnapshot', {id: 'x', document: '/etc/shadow', offset: 0})).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/^the input is not as agreed: document: /),
    })
    await expect(client.ask('nonsense' as Procedure)).rejects.toMatchObject({code: 'NOT_FOUND'})
  })

  test('a connection ends with its token', async () => {
    await using agent = await openAgent()
    await using client = await agent.connect(agent.token({issued: -598}))
    expect(await client.ask('status')).toMatchObject({connections: 1})
    expect(await client.closed).toEqual({code: closeCodes.tokenOver, reason: expect.stringContaining('ask for a new one')})
  })

  test('forged tokens are no reviews, and the log says how many were not told', async () => {
    await using agent = await openAgent()
    const bad = Array.from({length: 300}, () => madeToken({audience: agent.audience}))
    for (let from = 0; from < bad.length; from += 20)
      await Promise.all(bad.slice(from, from + 20).map(token => knock(agent.socket, token)))
    expect(agent.reviews.tokenReviews).toEqual([])
    const refusals = agent.log.filter(line => line.includes('a client was refused'))
    expect(refusals.length).toBeLessThan(60)
    expect(refusals.length).toBeGreaterThan(10)
    for (const token of bad) expect(agent.log.join('\n')).not.toContain(token.split('.')[2])
  })

  test('a hundred forged tokens a second keep nobody out', async () => {
    await using agent = await openAgent()
    const unknownKey = makeSigner('key-2')
    const huge = `a.${'b'.repeat(8000)}.c`
    const forgeries = [
      () => madeToken({audience: agent.audience}),
      () => madeToken({audience: agent.audience}, Date.now(), unknownKey),
      () => agent.token({audience: 'npm-agent/other-key'}),
      () => huge,
    ]
    const over = new AbortController()
    let shown = 0
    const flood = Promise.all(
      forgeries.map(async forge => {
        while (!over.signal.aborted) {
          await Promise.all(Array.from({length: 3}, () => knock(agent.socket, forge()).catch(() => {})))
          shown += 3
        }
      }),
    )
    for (let good = 0; good < 40; good++) {
      await using client = await agent.connect()
      expect(await client.ask('status')).toMatchObject({node: 'bakery-1'})
    }
    over.abort()
    await flood
    expect(shown).toBeGreaterThan(40)
    expect(agent.reviews.keyFetches).toBeLessThan(10)
  })

  test('where the API server does not give its keys, tokens are reviewed one by one, and status and log say so', async () => {
    const reviews = new FakeReviews()
    reviews.keysFault = async () => {
      throw new Error('was refused with 403')
    }
    await using agent = await openAgent({reviews})
    await using client = await agent.connect()
    expect(await client.ask('status')).toMatchObject({signaturesUnchecked: expect.stringContaining('403')})
    expect(agent.log.filter(line => line.includes('Signatures of tokens cannot be checked'))).toHaveLength(1)
    expect(await knock(agent.socket, madeToken({audience: agent.audience}))).toMatchObject({status: 401, code: 'BAD_TOKEN'})
    expect(agent.reviews.tokenReviews).toHaveLength(2)
  })

  test('two hundred clients, one after the other: all get in, and those that were used least make room', async () => {
    await using agent = await openAgent({limits: {connections: 20}})
    await using root = await agent.connectAsRoot()
    await using busy = await agent.connect()
    const others: Client[] = []
    for (let index = 0; index < 199; index++) {
      others.push(await agent.connect())
      expect(await busy.ask('status')).toMatchObject({node: 'bakery-1'})
    }
    expect(await others[0]?.closed).toEqual({code: closeCodes.tooMuch, reason: expect.stringContaining('all places are taken')})
    expect(await root.ask('status')).toMatchObject({connections: 21})
    for (const client of [busy, ...others]) await client[Symbol.asyncDispose]()
    await expect.poll(async () => (await root.ask<{connections: number}>('status')).connections).toBe(1)
  })

  test('a token that takes as many places as it can keeps nobody out', async () => {
    await using agent = await openAgent({limits: {connections: 10}})
    const tokens = [agent.token(), agent.token()]
    const greedy = await Promise.allSettled(Array.from({length: 30}, (_, index) => agent.connect(tokens[index % 2] as string)))
    expect(await knock(agent.socket, tokens[0])).toMatchObject({status: 429, code: 'TOO_MANY'})
    for (let index = 0; index < 8; index++) {
      const client = await agent.connect()
      expect(await client.ask('status')).toMatchObject({node: 'bakery-1'})
    }
    for (const each of greedy) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]()
  })

  test('the log tells who came and went, and holds no token', async () => {
    await using agent = await openAgent()
    const token = agent.token()
    const client = await agent.connect(token)
    await client.ask('status')
    await client[Symbol.asyncDispose]()
    await expect.poll(() => agent.log.filter(line => line.includes('JTI=0')).length).toBe(2)
    expect(agent.log.join('\n')).not.toContain(token)
    for (const part of token.split('.')) expect(agent.log.join('\n')).not.toContain(part)
  })
})

describe('the end', () => {
  test('clients are told why, and nobody new is let in', async () => {
    await using agent = await openAgent()
    await using client = await agent.connect()
    await using root = await agent.connectAsRoot()
    expect(await agent.end('it was told to (SIGTERM)')).toBe('it was told to (SIGTERM)')
    for (const each of [client, root])
      expect(await each.closed).toEqual({code: closeCodes.goingAway, reason: 'the agent ends: it was told to (SIGTERM)'})
    await expect(knock(agent.socket, agent.token())).rejects.toThrow(/ENOENT/)
  })

  test('a client that does not listen cannot keep the agent from ending', async () => {
    await using agent = await openAgent({limits: {stopMs: 200}})
    await using client = await agent.connect()
    client.socket.pause()
    const raw = connect(agent.socket).on('error', () => {})
    await once(raw, 'connect')
    await agent.end()
    expect(agent.log.some(line => line.includes('a client has gone'))).toBe(true)
  })

  test('an agent that nobody uses any more ends by itself', async () => {
    await using agent = await openAgent({exitAfterIdleMs: 100})
    expect(await agent.ended).toBe('nobody uses it any more')
  })

  test('one that is used goes on', async () => {
    await using agent = await openAgent({exitAfterIdleMs: 300})
    const client = await agent.connect()
    let isOver = false
    void agent.ended.then(() => {
      isOver = true
    })
    for (let asked = 0; asked < 10; asked++) {
      await new Promise(resolve => setTimeout(resolve, 50))
      await client.ask('status')
    }
    expect(isOver).toBe(false)
    await client[Symbol.asyncDispose]()
    expect(await agent.ended).toBe('nobody uses it any more')
  })
})
