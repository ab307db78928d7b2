import {expect, test} from 'vitest'
import type {WriteResult, WriteStatus} from '../../../core/contract/writes.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {backends} from '../../support/kernel/tools.ts'
import {TwoStates} from '../../support/writer/two-states.ts'

/** By default as many as fit into a run of all tests; thousands by hand. */
const KILLS = Number(process.env['KILLED_WRITERS'] ?? 200)
const LONGEST_MS = 700

describeKernel('a writer that is killed', () => {
  test.each(backends)(
    'at any of its fault points leaves the old or the new state, and the journal says which (%s)',
    async backend => {
      await using node = await TwoStates.open(backend)
      await using healer = await node.lab.writer()
      const {passed} = await healer.tell({does: 'apply', plan: node.there.file})
      expect(passed.length).toBeGreaterThan(30)
      const newest = async () => (await healer.tell<WriteStatus>({does: 'status'})).result.restorePoints[0]
      const ended = new Set<string>()
      for (const [index, name] of passed.entries()) {
        const before = await node.state()
        const earlier = (await newest())?.id
        await using writer = await node.lab.writer()
        await expect(writer.tell({does: 'apply', plan: await node.nextPlan(), killAt: index + 1})).rejects.toThrow(
          'the writer ended',
        )
        await node.heal(healer)
        const after = await node.state()
        const made = await newest()
        const outcome = made === undefined || made.id === earlier ? 'nothing' : made.outcome
        ended.add(outcome)
        const isOld = after === before
        const says = {applied: !isOld, rolledBack: isOld, nothing: isOld}
        expect(says, `killed at ${name}`).toHaveProperty(outcome, true)
      }
      expect([...ended].sort()).toEqual(['applied', 'nothing', 'rolledBack'])
    },
    600_000,
  )

  test('while it takes back what another one left, is followed by a third that does', async () => {
    await using node = await TwoStates.open()
    await using healer = await node.lab.writer()
    const {passed} = await healer.tell({does: 'apply', plan: node.there.file})
    await healer.tell({does: 'rollback'})
    const half = passed.lastIndexOf('after ipset has run')
    let points = 1
    for (let killAt = 1; killAt <= points; killAt++) {
      await using first = await node.lab.writer()
      await expect(first.tell({does: 'apply', plan: node.there.file, killAt: half})).rejects.toThrow('the writer ended')
      await using second = await node.lab.writer()
      const came = await second.tell({does: 'recover', killAt}).catch(() => undefined)
      if (!came) points++
      await node.heal(healer)
      expect(await node.state(), `killed at point ${killAt} of the way back`).toBe('a')
    }
    expect(points).toBeGreaterThan(5)
  }, 300_000)

  test('and whose machine is restarted: what the kernel has lost is not put back', async () => {
    await using node = await TwoStates.open()
    await using next = await node.lab.writer()
    const {passed} = await next.tell({does: 'apply', plan: node.there.file})
    await next.tell({does: 'rollback'})
    await using writer = await node.lab.writer()
    const killAt = passed.indexOf('after iptables has run') + 1
    await expect(writer.tell({does: 'apply', plan: node.there.file, killAt})).rejects.toThrow('the writer ended')
    await node.lab.load({sets: '', rules: '*filter\nCOMMIT\n'})
    const empty = (await node.lab.read()).digest
    const recovered = (await next.tell<WriteResult | null>({does: 'recover', boots: 1})).result
    expect(recovered).toMatchObject({outcome: 'failed', state: 'unknown'})
    expect(recovered?.failedAt?.message).toContain('the machine was restarted')
    expect((await next.tell<WriteResult | null>({does: 'recover', boots: 1})).result).toBeNull()
    expect((await node.lab.read()).digest).toBe(empty)
  })

  test(
    `at ${KILLS} random moments leaves the old or the new state`,
    async () => {
      await using node = await TwoStates.open()
      await using healer = await node.lab.writer()
      let next = node.lab.writer()
      const seen = new Set<string>()
      for (let kill = 0; kill < KILLS; kill++) {
        await using writer = await next
        next = node.lab.writer()
        const before = await node.state()
        const running = writer.tell({does: 'apply', plan: await node.nextPlan()}).catch(() => undefined)
        await new Promise(resolve => setTimeout(resolve, Math.random() * LONGEST_MS))
        // With its tools, as the kernel does for a pod; or without, as it does for one process.
        if (kill % 2 === 0) await writer.kill()
        else await writer.killAll()
        const done = await running
        await node.heal(healer)
        seen.add(`${done ? 'ended' : 'killed'} ${(await node.state()) === before ? 'old' : 'new'}`)
      }
      await (await next).kill()
      expect(seen).toContain('killed old')
    },
    KILLS * 10_000,
  )
})
