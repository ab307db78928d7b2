import {randomBytes} from 'node:crypto'
import {appendFile, mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {limits} from '../../../agent/limits/limits.ts'
import {
  type AgentStatus,
  type Hello,
  type Procedure,
  procedureRights,
  STAGED_PIECE_BYTES,
  writeProcedures,
} from '../../../core/contract/agent.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {AgentRefusal, type Client} from '../../support/agent/client.ts'
import {FakeWriter} from '../../support/agent/fake-writer.ts'
import {type OpenAgent, type OpenAgentOptions, openAgent} from '../../support/agent/open-agent.ts'
import {somePlan} from '../../support/plan/plan.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const HELLO = {contract: {major: 1, minor: 1}, version: 'x'}

async function openAgentWith(options: OpenAgentOptions = {}) {
  const writer = new FakeWriter()
  const agent = await openAgent({writer, ...options})
  const asOperator = () => agent.connect(agent.token({account: 'npm-operator'}))
  return {agent, writer, asOperator, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]()}
}

interface Staged {
  readonly stagedId: string
  readonly bytes: number
}

/** Sends a plan in pieces. */
async function stage(client: Client, plan: unknown, pieceBytes = STAGED_PIECE_BYTES): Promise<string> {
  const bytes = Buffer.isBuffer(plan) ? plan : gzipSync(JSON.stringify(plan))
  let staged: Staged | undefined
  for (let offset = 0; offset < bytes.length || !staged; offset += pieceBytes) {
    const base64 = bytes.subarray(offset, offset + pieceBytes).toString('base64')
    staged = await client.ask<Staged>('stagePlan', {...(staged && {stagedId: staged.stagedId}), offset, base64})
  }
  return staged.stagedId
}

const refusalOf = async (asked: Promise<unknown>) => {
  const error = await asked.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(AgentRefusal)
  return (error as AgentRefusal).refusal
}

const auditLines = (agent: OpenAgent) =>
  agent.log.map(line => JSON.parse(line) as Record<string, unknown>).filter(({level}) => level === 'audit')
const refusedWrites = (agent: OpenAgent) => auditLines(agent).filter(({message}) => message === 'a write was refused')

/** An input that the procedure takes. */
const inputs: Readonly<Partial<Record<Procedure, unknown>>> = {
  stagePlan: {offset: 0, base64: 'AAAA'},
  applyPlan: {stagedId: 'x'},
  rollback: {},
  confirm: {},
}
const writing = writeProcedures.filter(name => procedureRights[name].verb === 'create')

/** A plan that gzip makes hardly smaller. */
const largePlan = (operations = 2000): Plan => {
  const {operations: some} = somePlan()
  const [first] = some
  return somePlan({
    operations: Array.from({length: operations}, (_, index) => ({
      ...(first as (typeof some)[number]),
      order: index + 1,
      step: 1,
      tool: 'ipset',
      reason: randomBytes(60).toString('base64'),
    })),
  })
}

describe('who may write', () => {
  test.each(writing)('the viewer may not %s: it is told who may, and the record has it', async name => {
    await using opened = await openAgentWith()
    const {agent, writer} = opened
    await using client = await agent.connect()
    expect(await refusalOf(client.ask(name, inputs[name]))).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('npm-viewer may not create applies.npm.kubectl.io "bakery-1"'),
      next: expect.stringContaining('--role=kubectl-npm-operator'),
    })
    expect(writer.calls).toEqual([['recover']])
    expect(refusedWrites(agent)).toMatchObject([{path: name, code: 'FORBIDDEN', credential: 'JTI=0'}])
  })

  test('the operator and root of the node may, by the name that the record and the restore point have', async () => {
    await using opened = await openAgentWith()
    const {agent, writer, asOperator} = opened
    await using operator = await asOperator()
    await using root = await agent.connectAsRoot()
    for (const client of [operator, root]) {
      const {digest} = somePlan()
      expect(await client.ask('applyPlan', {stagedId: await stage(client, somePlan()), confirmWithinMs: 60_000})).toMatchObject({
        outcome: 'applied',
        planDigest: digest,
      })
      await client.ask('rollback', {to: 'r1'})
      await client.ask('confirm', {id: 'w1'})
    }
    const {digest: planDigest} = somePlan()
    expect(writer.calls.filter(([verb]) => verb.endsWith('begins'))).toEqual(
      ['JTI=0', 'root'].flatMap(by => [
        ['apply begins', {planDigest, by, confirmWithinMs: 60_000}],
        ['rollback begins', {by, to: 'r1'}],
        ['confirm begins', {by, id: 'w1'}],
      ]),
    )
    expect(refusedWrites(agent)).toEqual([])
  })

  test('the viewer sees what was written', async () => {
    await using opened = await openAgentWith()
    const {agent, writer} = opened
    const point = {id: 'w1', takenAt: '2026-11-30T09:00:00Z', by: 'root', verb: 'apply', outcome: 'applied'}
    writer.now = {restorePoints: [point]}
    await using client = await agent.connect()
    expect(await client.ask<WriteStatus>('writes')).toEqual({restorePoints: [point]})
  })

  test('the right is asked for each time: one who loses it writes no more', async () => {
    await using opened = await openAgentWith({limits: {goodReviewMs: 0}})
    const {agent, writer, asOperator} = opened
    await using client = await asOperator()
    const stagedId = await stage(client, somePlan())
    agent.reviews.operatorRights.delete('create applies')
    expect(await refusalOf(client.ask('applyPlan', {stagedId}))).toMatchObject({code: 'FORBIDDEN'})
    expect(writer.calls).toEqual([['recover']])
  })

  test('refused writes without an end are a few lines of the record, and their number', async () => {
    await using opened = await openAgentWith()
    const {agent} = opened
    const client = await agent.connect()
    for (let asked = 0; asked < 40; asked++) await refusalOf(client.ask('rollback', {}))
    await client[Symbol.asyncDispose]()
    const gone = () => auditLines(agent).find(({message}) => message === 'a client has gone')
    await expect.poll(gone).toMatchObject({refusedWrites: 40})
    expect(refusedWrites(agent)).toHaveLength(limits.loggedRefusedWrites)
  })
})

describe('an agent that only reads', () => {
  test('names no procedure that writes, refuses them all, and loads nothing that could', async () => {
    await using opened = await openAgentWith({readOnly: true})
    const {agent, writer, asOperator} = opened
    await using client = await asOperator()
    const {procedures} = await client.ask<Hello>('hello', HELLO)
    expect(procedures.toSorted()).toEqual(
      Object.keys(procedureRights)
        .filter(name => !(writeProcedures as string[]).includes(name))
        .toSorted(),
    )
    for (const name of writeProcedures)
      expect(await refusalOf(client.ask(name, inputs[name]))).toMatchObject({
        code: 'READ_ONLY',
        next: expect.stringContaining('kubectl npm install'),
      })
    expect(writer.calls).toEqual([])
    expect(await client.ask<AgentStatus>('status')).not.toHaveProperty('writes')
    expect(refusedWrites(agent).length).toBeGreaterThan(0)
  })

  test('one that writes names them', async () => {
    await using opened = await openAgentWith()
    await using client = await opened.agent.connect()
    const {procedures, contract} = await client.ask<Hello>('hello', HELLO)
    expect(procedures).toEqual(expect.arrayContaining([...writeProcedures]))
    expect(contract).toEqual({major: 1, minor: 3})
  })
})

describe('a plan on its way', () => {
  test('comes in pieces that fit into frames, as it was sent', async () => {
    await using opened = await openAgentWith()
    const {writer, asOperator} = opened
    const plan = largePlan()
    await using client = await asOperator()
    expect(gzipSync(JSON.stringify(plan)).length).toBeGreaterThan(2 * STAGED_PIECE_BYTES)
    await client.ask('applyPlan', {stagedId: await stage(client, plan)})
    expect(writer.calls.at(-1)).toEqual(['apply ends'])
    expect(writer.calls.at(-2)).toEqual(['apply begins', {planDigest: plan.digest, by: 'JTI=0'}])
  })

  test('is applied once, and only by its token', async () => {
    await using opened = await openAgentWith()
    const {writer, asOperator} = opened
    await using one = await asOperator()
    await using other = await asOperator()
    const stagedId = await stage(one, somePlan())
    expect(await refusalOf(other.ask('applyPlan', {stagedId}))).toMatchObject({code: 'NO_PLAN'})
    expect(await refusalOf(other.ask('stagePlan', {stagedId, offset: 0, base64: ''}))).toMatchObject({code: 'NO_PLAN'})
    await one.ask('applyPlan', {stagedId})
    expect(await refusalOf(one.ask('applyPlan', {stagedId}))).toMatchObject({code: 'NO_PLAN'})
    expect(writer.calls.filter(([verb]) => verb === 'apply begins')).toHaveLength(1)
  })

  test('is forgotten when its client goes, and after a time', async () => {
    await using opened = await openAgentWith({limits: {stagedMs: 50}})
    const {agent, asOperator} = opened
    const token = agent.token({account: 'npm-operator'})
    const gone = await agent.connect(token)
    const stagedId = await stage(gone, somePlan())
    await gone[Symbol.asyncDispose]()
    await using again = await agent.connect(token)
    await expect.poll(async () => (await refusalOf(again.ask('applyPlan', {stagedId})))?.code).toBe('NO_PLAN')
    await using late = await asOperator()
    const old = await stage(late, somePlan())
    await expect
      .poll(async () => (await refusalOf(late.ask('stagePlan', {stagedId: old, offset: 1, base64: ''})))?.code)
      .toBe('NO_PLAN')
  })

  test.each<{name: string; send: (client: Client) => Promise<unknown>; code: string; limits?: object}>([
    {name: 'that is no gzip', send: async client => stage(client, Buffer.from('no gzip')), code: 'BAD_PLAN'},
    {
      name: 'that is cut off',
      send: async client => stage(client, gzipSync(JSON.stringify(somePlan())).subarray(0, -30)),
      code: 'BAD_PLAN',
    },
    {name: 'that is no JSON', send: async client => stage(client, gzipSync('{')), code: 'BAD_PLAN'},
    {name: 'that is no plan', send: async client => stage(client, {kind: 'Drift'}), code: 'BAD_PLAN'},
    {name: 'that somebody has changed', send: async client => stage(client, {...somePlan(), node: 'other'}), code: 'BAD_PLAN'},
    {
      name: 'that unpacks to more than there is room for',
      send: async client => stage(client, {...somePlan(), notes: ['x'.repeat(100_000)]}),
      code: 'BAD_PLAN',
      limits: {planBytes: 50_000},
    },
    {
      name: 'that has more values than its length allows',
      send: async client => stage(client, {...somePlan(), notes: Array.from({length: 5000}, () => '')}),
      code: 'BAD_PLAN',
    },
    {
      name: 'of more than a token may send',
      send: async client => stage(client, largePlan()),
      code: 'TOO_MANY',
      limits: {stagedBytes: 100_000},
    },
    {
      name: 'whose pieces do not follow each other',
      send: async client => {
        const {stagedId} = await client.ask<Staged>('stagePlan', {offset: 0, base64: 'AAAA'})
        await client.ask('stagePlan', {stagedId, offset: 2, base64: 'AAAA'})
      },
      code: 'BAD_PLAN',
    },
    {
      name: 'beside others that were never applied',
      send: async client => {
        for (let sent = 0; sent <= limits.stagedPlans; sent++) await stage(client, somePlan())
      },
      code: 'TOO_MANY',
    },
  ])('$name is refused, and nothing is written', async ({send, code, limits: given = {}}) => {
    await using opened = await openAgentWith({limits: given})
    const {agent, writer, asOperator} = opened
    await using client = await asOperator()
    const refusal = await refusalOf(send(client).then(stagedId => client.ask('applyPlan', {stagedId})))
    expect(refusal).toMatchObject({code, next: expect.stringMatching(/again|--local|first/i)})
    expect(writer.calls).toEqual([['recover']])
    expect(refusedWrites(agent)).toMatchObject([{code, credential: 'JTI=0'}])
  })
})

describe('writes', () => {
  test('wait until what an earlier process left is taken back', async () => {
    const {promise, resolve} = Promise.withResolvers<undefined>()
    const writer = new FakeWriter()
    writer.recovering = promise
    await using opened = await openAgentWith({writer})
    await using client = await opened.asOperator()
    const answers = Promise.all([client.ask('rollback', {}), client.ask('writes')])
    // Who reads does not wait.
    expect(await client.ask<AgentStatus>('status')).toMatchObject({node: 'bakery-1'})
    expect(writer.calls).toEqual([['recover']])
    resolve(undefined)
    await answers
    expect(writer.calls.map(([verb]) => verb)).toEqual(['recover', 'rollback begins', 'rollback ends'])
  })

  test('are done one after the other, and too many are refused', async () => {
    const {promise, resolve} = Promise.withResolvers<void>()
    await using opened = await openAgentWith()
    const {writer, asOperator} = opened
    writer.gate = promise
    await using client = await asOperator()
    const running = Array.from({length: 1 + limits.waitingWrites}, () => client.ask<WriteResult>('rollback', {}))
    await expect.poll(() => writer.calls.length).toBe(2)
    expect(await refusalOf(client.ask('confirm', {}))).toMatchObject({code: 'TOO_MANY'})
    expect(writer.calls.map(([verb]) => verb)).toEqual(['recover', 'rollback begins'])
    resolve()
    await Promise.all(running)
    expect(writer.calls.slice(1).map(([verb]) => verb)).toEqual(running.flatMap(() => ['rollback begins', 'rollback ends']))
  })

  test('go on when their client has gone; those that have not begun are left', async () => {
    const {promise, resolve} = Promise.withResolvers<void>()
    await using opened = await openAgentWith()
    const {writer, asOperator, agent} = opened
    writer.gate = promise
    const client = await asOperator()
    for (const name of ['rollback', 'confirm'] as const) client.ask(name, {}).catch(() => {})
    await expect.poll(() => writer.calls.length).toBe(2)
    await client[Symbol.asyncDispose]()
    await expect.poll(() => auditLines(agent).some(({message}) => message === 'a client has gone')).toBe(true)
    resolve()
    await expect.poll(() => writer.calls.map(([verb]) => verb)).toEqual(['recover', 'rollback begins', 'rollback ends'])
    await using other = await asOperator()
    await other.ask('confirm', {})
    expect(writer.calls.map(([verb]) => verb)).toEqual([
      'recover',
      'rollback begins',
      'rollback ends',
      'confirm begins',
      'confirm ends',
    ])
  })

  test('that are under way end before the agent does, and their client is told', async () => {
    const {promise, resolve} = Promise.withResolvers<void>()
    await using opened = await openAgentWith()
    const {writer, asOperator, agent} = opened
    writer.gate = promise
    await using client = await asOperator()
    const answer = client.ask<WriteResult>('rollback', {})
    await expect.poll(() => writer.calls.length).toBe(2)
    const ended = agent.end('its time is over')
    expect(writer.stopped).toBe(false)
    resolve()
    expect(await answer).toMatchObject({outcome: 'applied'})
    await ended
    expect(writer.stopped).toBe(true)
  })

  test('that await their confirmation keep an agent that ends when idle, and are taken back when it ends for good', async () => {
    const writer = new FakeWriter()
    writer.now = {pending: {id: 'w1', by: 'JTI=0', since: '2026-11-30T09:00:00Z', secondsLeft: 60}, restorePoints: []}
    const agent = await openAgent({writer, exitAfterIdleMs: 20, limits: {writesCheckMs: 1_000_000}})
    const client = await agent.connect(agent.token({account: 'npm-operator'}))
    await client.ask('writes')
    await client[Symbol.asyncDispose]()
    expect(await Promise.race([agent.ended, sleep(200, 'it goes on')])).toBe('it goes on')
    await agent.end()
    expect(writer.calls.filter(([verb]) => verb.endsWith('begins'))).toEqual([['rollback begins', {by: 'npm-agent', to: 'w1'}]])
  })

  test('are left to the next agent where one comes', async () => {
    await using opened = await openAgentWith()
    const {writer, agent} = opened
    writer.now = {pending: {id: 'w1', by: 'JTI=0', since: '2026-11-30T09:00:00Z', secondsLeft: 60}, restorePoints: []}
    await using client = await agent.connect()
    await client.ask('writes')
    await agent.end()
    expect(writer.calls).toEqual([['recover']])
    expect(writer.stopped).toBe(true)
  })

  test('are seen in the status: those of clients, and of other processes', async () => {
    await using state = await temporaryFolder()
    await mkdir(state.path, {recursive: true})
    await using opened = await openAgentWith({stateDir: state.path, limits: {writesCheckMs: 20}})
    const {writer, asOperator, agent} = opened
    await using client = await asOperator()
    const pending = {id: 'w1', by: 'JTI=0', since: '2026-11-30T09:00:00Z', secondsLeft: 60}
    writer.now = {pending, restorePoints: []}
    await client.ask('rollback', {})
    const pendingNow = async () => (await client.ask<AgentStatus>('status')).writes?.pending
    const seen = await pendingNow()
    expect(seen).toMatchObject({id: 'w1', by: 'JTI=0'})
    expect(seen?.secondsLeft).toBeLessThanOrEqual(60)
    writer.now = {restorePoints: []}
    await appendFile(join(state.path, 'journal.jsonl'), 'confirmed by another process\n')
    await expect.poll(pendingNow).toBeUndefined()
    expect(agent.log.join('\n')).not.toContain('"error"')
  })
})
