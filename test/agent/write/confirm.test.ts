import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {execa} from 'execa'
import {expect, test} from 'vitest'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {TwoStates} from '../../support/writer/two-states.ts'

describeKernel('a write that has to be confirmed', () => {
  test('stays when it is, also by another process', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    await using other = await node.lab.writer()
    const {result} = await writer.tell({does: 'apply', plan: node.there.file, confirmWithinMs: 60_000})
    expect(result).toMatchObject({outcome: 'awaitingConfirmation', state: 'after', confirmWithinMs: 60_000})
    expect((await other.tell<WriteStatus>({does: 'status'})).result.pending).toMatchObject({id: result.id, by: 'tester'})
    const settled = writer.tell({does: 'settled', id: result.id})
    expect((await other.tell({does: 'confirm', id: '0042-20200101T000000Z'})).result.failedAt?.message).toContain(
      'awaits no confirmation',
    )
    expect((await other.tell({does: 'confirm'})).result).toMatchObject({outcome: 'confirmed', state: 'after', id: result.id})
    expect((await settled).result).toMatchObject({outcome: 'confirmed', state: 'after'})
    expect(await node.state()).toBe('b')
    const again = (await other.tell({does: 'confirm'})).result.failedAt?.message
    expect(again).toMatch(/^no write awaits a confirmation: \S+ is confirmed already, since /)
  })

  test('and is not: the node goes back by itself, without anybody who asks', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file, confirmWithinMs: 500})
    await expect.poll(async () => (await node.lab.read()).digest).toBe(node.a)
    const {result} = await writer.tell({does: 'confirm'})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    await expect
      .poll(async () => (await writer.tell({does: 'confirm'})).result.failedAt?.message)
      .toMatch(/was taken back at \S+: it was not confirmed in time$|^the write \S+ is taken back/)
  })

  test('is told whoever waits for it when it was taken back', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const {id} = (await writer.tell({does: 'apply', plan: node.there.file, confirmWithinMs: 500})).result
    expect((await writer.tell({does: 'settled', id})).result).toMatchObject({outcome: 'rolledBack', state: 'before'})
    expect(await node.state()).toBe('a')
  })

  test('whose process is killed: the next one keeps the time, and takes it back then', async () => {
    await using node = await TwoStates.open()
    const writer = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file, confirmWithinMs: 4000})
    await writer.kill()
    await using next = await node.lab.writer()
    expect((await next.tell<WriteResult | null>({does: 'recover'})).result).toBeNull()
    expect(await node.state()).toBe('b')
    await expect.poll(async () => (await node.lab.read()).digest).toBe(node.a)
  })

  test('whose process was killed and whose time is over: whoever comes takes it back first, and no confirmation helps', async () => {
    await using node = await TwoStates.open()
    const writer = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file, confirmWithinMs: 300})
    await writer.kill()
    await sleep(400)
    await using next = await node.lab.writer()
    const {result} = await next.tell({does: 'confirm'})
    expect(result).toMatchObject({outcome: 'failed', state: 'before'})
    expect(result.failedAt?.message).toContain('it was not confirmed in time')
    expect(await node.state()).toBe('a')
  })

  test('is in nobody else’s way but can be taken back', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    await using other = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file, confirmWithinMs: 60_000})
    const refused = (await other.tell({does: 'apply', plan: node.back.file})).result
    expect(refused.failedAt?.message).toMatch(/of tester awaits its confirmation, for \d+ s more/)
    expect((await other.tell({does: 'rollback'})).result).toMatchObject({outcome: 'rolledBack', state: 'before'})
    expect(await node.state()).toBe('a')
  })

  test.each([-30, 30])('does not care for a wall clock that jumps by %i years', async yearsAhead => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const first = (await writer.tell({does: 'apply', plan: node.there.file})).result
    const second = (await writer.tell({does: 'apply', plan: node.back.file, confirmWithinMs: 30_000, yearsAhead})).result
    expect((await writer.tell<WriteResult | null>({does: 'recover', yearsAhead: -yearsAhead})).result).toBeNull()
    expect((await writer.tell({does: 'confirm', yearsAhead: -yearsAhead})).result).toMatchObject({outcome: 'confirmed'})
    const {restorePoints} = (await writer.tell<WriteStatus>({does: 'status'})).result
    expect(restorePoints.map(({id}) => id)).toEqual([second.id, first.id])
    expect((await writer.tell({does: 'rollback'})).result).toMatchObject({outcome: 'rolledBack'})
    expect(await node.state()).toBe('b')
  })
})

describeKernel('two writers', () => {
  test('at once: one waits for the other, and is told that the node has changed', async () => {
    await using node = await TwoStates.open()
    await using one = await node.lab.writer()
    await using other = await node.lab.writer()
    const plan = node.there.file
    const both = await Promise.all([one.tell({does: 'apply', plan}), other.tell({does: 'apply', plan})])
    expect(both.map(({result}) => result.outcome).sort()).toEqual(['applied', 'failed'])
    const refused = both.find(({result}) => result.outcome === 'failed')
    expect(refused?.result.failedAt?.message).toBe('the node is not any more what it was when the plan was made')
    expect(await node.state()).toBe('b')
  })

  test('of which one holds the lock: the other is told who does', async () => {
    await using node = await TwoStates.open()
    const env = {PATH: await node.lab.tools({ipset: '[ "$1" = restore ] && sleep 3; exec /usr/sbin/ipset "$@"'})}
    await using slow = await node.lab.writer({env})
    await using other = await node.lab.writer({bounds: {lockMs: 500}})
    const running = slow.tell({does: 'apply', plan: node.there.file, by: 'credential-7'})
    await sleep(1500)
    const {result} = await other.tell({does: 'apply', plan: node.there.file})
    expect(result.failedAt?.message).toMatch(/^another write is going on: apply by credential-7 since .* \(process \d+\)$/)
    expect((await running).result.outcome).toBe('applied')
  })

  test('of which one was killed while its tool runs on: the other waits for the tool', async () => {
    await using node = await TwoStates.open()
    const env = {PATH: await node.lab.tools({ipset: '[ "$1" = restore ] && sleep 2; exec /usr/sbin/ipset "$@"'})}
    const slow = await node.lab.writer({env})
    await using other = await node.lab.writer()
    const running = slow.tell({does: 'apply', plan: node.there.file}).catch(() => undefined)
    await sleep(1500)
    await slow.kill()
    await running
    // The tool has its lines already, and does them when it wakes up.
    const free = await execa('flock', ['-n', join(node.lab.stateDir, 'lock'), 'true'], {reject: false})
    expect(free.exitCode).toBe(1)
    const {result} = await other.tell({does: 'apply', plan: node.there.file})
    expect(result.outcome).toBe('applied')
    expect(await node.state()).toBe('b')
    await sleep(1500)
    expect(await node.state()).toBe('b')
  })
})
