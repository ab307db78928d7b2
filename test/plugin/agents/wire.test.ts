import {EventEmitter, once} from 'node:events'
import {connect} from 'node:net'
import {gzipSync} from 'node:zlib'
import {createTRPCClient, TRPCClientError} from '@trpc/client'
import {describe, expect, test} from 'vitest'
import type {WebSocket} from 'ws'
import type {AgentRouter} from '../../../agent/rpc/router.ts'
import {closeCodes, type Procedure, procedureRights} from '../../../core/contract/agent.ts'
import {agentLink} from '../../../plugin/agents/agent-link.ts'
import {openAgentSocket} from '../../../plugin/agents/agent-socket.ts'
import {listen} from '../../../plugin/agents/listen.ts'
import {fakeTools} from '../../support/agent/fake-tools.ts'
import {FakeWatch} from '../../support/agent/fake-watch.ts'
import {type OpenAgent, openAgent} from '../../support/agent/open-agent.ts'
import {somePlan} from '../../support/plan/plan.ts'

interface Frame {
  readonly from: 'plugin' | 'agent'
  readonly text: string
}

/** The plugin's client on a connection of root, and every text frame that either side sends. */
async function openWire(agent: OpenAgent) {
  const stream = connect(agent.rootSocket ?? '')
  await once(stream, 'connect')
  const socket = await openAgentSocket(stream, undefined, 'bakery-1', new AbortController().signal)
  const frames: Frame[] = []
  const send = socket.send.bind(socket) as (text: string) => void
  socket.send = (text: unknown) => {
    frames.push({from: 'plugin', text: String(text)})
    send(String(text))
  }
  socket.on('message', (data: Buffer) => frames.push({from: 'agent', text: data.toString()}))
  const ends: string[] = []
  const whyClosed = (code: number, reason: string) => {
    ends.push(`${code} ${reason}`)
    return new Error(`closed with ${code}`)
  }
  const client = createTRPCClient<AgentRouter>({links: [agentLink(socket, whyClosed)]})
  const seen = (from: Frame['from'], text: string | RegExp) =>
    expect
      .poll(() =>
        frames.some(frame => frame.from === from && (typeof text === 'string' ? frame.text === text : text.test(frame.text))),
      )
      .toBe(true)
  return {socket, client, frames, ends, seen, [Symbol.asyncDispose]: async () => socket.terminate()}
}

const textsOf = (frames: readonly Frame[], from: Frame['from']) =>
  frames.filter(frame => frame.from === from).map(({text}) => text)
const CONTRACT_NOW = {contract: {major: 1, minor: 0}, version: '0.1.0'}

describe('the wire between plugin and agent', () => {
  test('asks with these messages, one for each procedure', async () => {
    await using _tools = await fakeTools({'iptables-nft-save': 'exit 1', 'iptables-legacy-save': 'exit 1', ipset: 'exit 1'})
    await using agent = await openAgent({watch: new FakeWatch()})
    await using wire = await openWire(agent)
    const {client} = wire
    await client.hello.query(CONTRACT_NOW)
    await client.status.query()
    const {id} = await client.openSnapshot.mutate({documents: ['cluster.json']})
    await client.readSnapshot.query({id, document: 'cluster.json', offset: 0})
    await client.closeSnapshot.mutate({id})
    await expect(client.diff.query({lite: false})).rejects.toThrow('the rules could not be read')
    expect(await client.writes.query()).toEqual({restorePoints: []})
    const plan = gzipSync(JSON.stringify(somePlan())).toString('base64')
    const {stagedId} = await client.stagePlan.mutate({offset: 0, base64: plan})
    expect(await client.applyPlan.mutate({stagedId, confirmWithinMs: 60_000})).toMatchObject({outcome: 'applied'})
    await client.rollback.mutate({to: 'r1'})
    await client.confirm.mutate({})
    const subscription = client.statusChanges.subscribe(undefined, {onData: () => {}})
    await wire.seen('agent', /"type":"data","data":\{"status"/)
    subscription.unsubscribe()
    const input = {intervalMs: 1000, detail: 'rules'} as const
    const failed = new Promise<Error>(resolve => void client.samples.subscribe(input, {onError: resolve}))
    expect(await failed).toMatchObject({data: {refusal: {code: 'READ_FAILED'}}})
    await expect(client.metrics.query({setCounts: true, compare: false})).rejects.toThrow('nothing of this node could be read')
    expect(textsOf(wire.frames, 'plugin')).toEqual([
      '{"id":1,"method":"query","params":{"path":"hello","input":{"contract":{"major":1,"minor":0},"version":"0.1.0"}}}',
      '{"id":2,"method":"query","params":{"path":"status"}}',
      '{"id":3,"method":"mutation","params":{"path":"openSnapshot","input":{"documents":["cluster.json"]}}}',
      `{"id":4,"method":"query","params":{"path":"readSnapshot","input":{"id":"${id}","document":"cluster.json","offset":0}}}`,
      `{"id":5,"method":"mutation","params":{"path":"closeSnapshot","input":{"id":"${id}"}}}`,
      '{"id":6,"method":"query","params":{"path":"diff","input":{"lite":false}}}',
      '{"id":7,"method":"query","params":{"path":"writes"}}',
      `{"id":8,"method":"mutation","params":{"path":"stagePlan","input":{"offset":0,"base64":"${plan}"}}}`,
      `{"id":9,"method":"mutation","params":{"path":"applyPlan","input":{"stagedId":"${stagedId}","confirmWithinMs":60000}}}`,
      '{"id":10,"method":"mutation","params":{"path":"rollback","input":{"to":"r1"}}}',
      '{"id":11,"method":"mutation","params":{"path":"confirm","input":{}}}',
      '{"id":12,"method":"subscription","params":{"path":"statusChanges"}}',
      '{"id":12,"method":"subscription.stop"}',
      '{"id":13,"method":"subscription","params":{"path":"samples","input":{"intervalMs":1000,"detail":"rules"}}}',
      '{"id":14,"method":"query","params":{"path":"metrics","input":{"setCounts":true,"compare":false}}}',
    ])
    const asked = textsOf(wire.frames, 'plugin').flatMap(text => /"path":"(\w+)"/.exec(text)?.[1] ?? [])
    expect(new Set(asked as Procedure[])).toEqual(new Set(Object.keys(procedureRights)))
  })

  test('answers with data, with nothing, and with a refusal', async () => {
    await using agent = await openAgent()
    await using wire = await openWire(agent)
    const {client} = wire
    const hello = await client.hello.query(CONTRACT_NOW)
    expect(await client.closeSnapshot.mutate({id: 'unknown'})).toBeUndefined()
    const error = await client.diff.query({}).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(TRPCClientError)
    const message = 'the agent does not watch the cluster, so it does not know what the policies ask for'
    const next = 'Start it without --no-watch, or give the objects: kubectl npm diff --from cluster.json'
    const data = {code: 'PRECONDITION_FAILED', httpStatus: 412, path: 'diff', refusal: {code: 'NO_KNOWLEDGE', message, next}}
    expect(error).toMatchObject({message, data})
    expect(textsOf(wire.frames, 'agent')).toEqual([
      JSON.stringify({id: 1, result: {type: 'data', data: hello}}),
      '{"id":2,"result":{"type":"data"}}',
      JSON.stringify({id: 3, error: {message, code: -32_012, data}}),
    ])
  })

  test('streams a subscription: started, data, stopped', async () => {
    const watch = new FakeWatch()
    await using agent = await openAgent({watch, limits: {changeMs: 1}})
    await using wire = await openWire(agent)
    const events: string[] = []
    const subscription = wire.client.statusChanges.subscribe(undefined, {
      onStarted: () => events.push('started'),
      onData: data => events.push((data as {status: {node: string}}).status.node),
    })
    await expect.poll(() => events).toEqual(['started', 'bakery-1'])
    watch.tell()
    await expect.poll(() => events).toEqual(['started', 'bakery-1', 'bakery-1'])
    subscription.unsubscribe()
    await wire.seen('agent', '{"id":1,"result":{"type":"stopped"}}')
    expect(textsOf(wire.frames, 'agent')[0]).toBe('{"id":1,"result":{"type":"started"}}')
    expect(events).toHaveLength(3)
  })

  test('leaves a subscription whose listener has gone, and takes the next one', async () => {
    await using _tools = await fakeTools({'iptables-nft-save': 'echo "*filter"; echo COMMIT', ipset: 'exit 0'})
    await using agent = await openAgent()
    await using wire = await openWire(agent)
    for (const intervalMs of [1000, 500]) {
      const leave = new AbortController()
      const intervals: number[] = []
      await listen(
        hearing => wire.client.samples.subscribe({intervalMs, detail: 'summary'}, hearing),
        leave.signal,
        data => {
          intervals.push((data as {intervalMs: number}).intervalMs)
          leave.abort()
        },
      )
      expect(intervals).toEqual([intervalMs])
    }
    for (const id of [1, 2]) await wire.seen('agent', `{"id":${id},"result":{"type":"stopped"}}`)
    await expect(
      listen(
        hearing => wire.client.samples.subscribe({intervalMs: 1000, detail: 'summary'}, hearing),
        new AbortController().signal,
        () => {
          throw new RangeError('not as agreed')
        },
      ),
    ).rejects.toThrow('not as agreed')
    await wire.seen('agent', '{"id":3,"result":{"type":"stopped"}}')
  })

  test('takes a batch of requests, and says of what is no request that it is none', async () => {
    await using agent = await openAgent()
    await using wire = await openWire(agent)
    wire.socket.send(
      JSON.stringify([
        {id: 'a', method: 'query', params: {path: 'status'}},
        {id: 'b', method: 'query', params: {path: 'status', input: null}},
      ]),
    )
    wire.socket.send('{"id":')
    await wire.seen('agent', /^\{"id":"a","result":\{"type":"data","data":\{"node":"bakery-1"/)
    await wire.seen('agent', /^\{"id":"b"/)
    await wire.seen('agent', /^\{"id":null,"error":\{"message":"the message is no request","code":-32700,/)
  })

  test('keeps a silent connection alive with PING and PONG', async () => {
    await using agent = await openAgent({limits: {pingMs: 20, pongMs: 60}})
    await using wire = await openWire(agent)
    await expect.poll(() => textsOf(wire.frames, 'agent').filter(text => text === 'PING').length).toBeGreaterThan(5)
    expect(textsOf(wire.frames, 'plugin')).toContain('PONG')
    expect(wire.ends).toEqual([])
    expect(await wire.client.status.query()).toMatchObject({node: 'bakery-1'})
  })

  test('ends all calls with the reason for which the connection ended', async () => {
    await using agent = await openAgent({watch: new FakeWatch()})
    await using wire = await openWire(agent)
    const failed = new Promise<Error>(resolve => void wire.client.statusChanges.subscribe(undefined, {onError: resolve}))
    await wire.seen('agent', /"type":"data"/)
    await agent.end('told to')
    expect((await failed).cause).toMatchObject({message: `closed with ${closeCodes.goingAway}`})
    expect(wire.ends).toEqual(['1001 the agent ends: told to'])
    await expect(wire.client.status.query()).rejects.toMatchObject({cause: {message: 'closed with 1001'}})
  })

  test('leaves an aborted call with the reason of its signal', async () => {
    await using agent = await openAgent()
    await using wire = await openWire(agent)
    const abort = new AbortController()
    const asked = wire.client.status.query(undefined, {signal: abort.signal})
    abort.abort(new Error('interrupted'))
    await expect(asked).rejects.toMatchObject({cause: {message: 'interrupted'}})
    expect(await wire.client.status.query()).toMatchObject({node: 'bakery-1'})
    expect(textsOf(wire.frames, 'plugin').filter(text => text.includes('subscription.stop'))).toEqual([])
  })
})

/** The plugin's client on a socket whose messages the test makes. */
function openLink() {
  const sent: string[] = []
  const socket = Object.assign(new EventEmitter(), {send: (text: string) => void sent.push(text)})
  const link = agentLink(socket as unknown as WebSocket, code => new Error(`closed with ${code}`))
  const client = createTRPCClient<AgentRouter>({links: [link]})
  return {
    client,
    sent,
    receive: (text: string) => socket.emit('message', Buffer.from(text)),
    close: () => socket.emit('close', 1006, ''),
  }
}

describe('the client of an agent', () => {
  test('takes answers in a batch, and passes over what is no answer', async () => {
    const {client, receive} = openLink()
    const asked = Promise.all([client.status.query(), client.status.query()])
    for (const text of ['nonsense', 'null', '[null]', '7', '{"id":99,"result":{"type":"data"}}']) receive(text)
    receive('[{"id":1,"result":{"type":"data","data":"one"}},{"id":2,"result":{"type":"data","data":"two"}}]')
    expect(await asked).toEqual(['one', 'two'])
  })

  test.each([
    {name: 'ends', end: '{"id":1,"result":{"type":"stopped"}}', events: ['complete']},
    {name: 'refuses', end: '{"id":1,"error":{"message":"no","code":-32000,"data":{}}}', events: ['error no']},
    {name: 'closes', end: undefined, events: ['error closed with 1006']},
  ])('does not stop a subscription that the agent $name', ({end, events}) => {
    const {client, sent, receive, close} = openLink()
    const seen: string[] = []
    client.statusChanges.subscribe(undefined, {
      onComplete: () => seen.push('complete'),
      onError: error => seen.push(`error ${error.message}`),
    })
    if (end === undefined) close()
    else receive(end)
    expect(seen).toEqual(events)
    expect(sent).toEqual(['{"id":1,"method":"subscription","params":{"path":"statusChanges"}}'])
  })
})
