import {afterAll, beforeAll, expect, test} from 'vitest'
import type {WriteResult} from '../../../core/contract/writes.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {backends} from '../../support/kernel/tools.ts'
import {type KilledWriter, KilledWriters} from '../../support/writer/killed-writers.ts'
import {bundleWriter, type WriterProgram} from '../../support/writer/program.ts'
import {TwoStates} from '../../support/writer/two-states.ts'

/** Of each back end. By default as many as fit into a run of all tests; thousands by hand. */
const KILLS = Number(process.env['KILLED_WRITERS'] ?? 50)
/** How much later the next one is killed at the latest where this one had not begun, and how much earlier where it had ended. */
const STEP = 1.05

describeKernel('a writer that is killed', () => {
  let program: WriterProgram | undefined
  beforeAll(async () => {
    program = await bundleWriter()
  })
  afterAll(() => program?.[Symbol.asyncDispose]())

  // A writer waits for the disk and for the kernel most of its time: nodes of their own share a processor well.
  test.concurrent.each(backends)(
    'at any of its fault points leaves the old or the new state, and the journal says which (%s)',
    async backend => {
      await using writers = await KilledWriters.open(backend, program?.file)
      const {passed} = await writers.whole()
      expect(passed.length).toBeGreaterThan(30)
      const says = new Set<string>()
      for (const [index, name] of passed.entries()) {
        const killed = await writers.next(async writer => {
          const told = writer.tell({does: 'apply', plan: writers.plan, killAt: index + 1})
          await expect(told, `killed at ${name}`).rejects.toThrow('the writer ended')
        })
        expect(killed, `killed at ${name}`).toMatchObject(saidOf(killed))
        says.add(killed.journal)
      }
      expect([...says].sort()).toEqual(['applied', 'nothing', 'rolledBack'])
    },
    600_000,
  )

  test.concurrent('while it takes back what another one left, is followed by a third that does', async () => {
    await using node = await TwoStates.open('nft', program?.file)
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

  test.concurrent('and whose machine is restarted: what the kernel has lost is not put back', async () => {
    await using node = await TwoStates.open('nft', program?.file)
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

  test.concurrent.for(backends)(
    `at ${KILLS} random moments leaves the old or the new state, and the journal says which (%s)`,
    {timeout: KILLS * 10_000},
    async (backend, {annotate}) => {
      await using writers = await KilledWriters.open(backend, program?.file)
      let {durationMs: latestMs} = await writers.whole()
      const counts = new Map<string, number>()
      for (let kill = 0; kill < KILLS; kill++) {
        let isDone = false
        const killed = await writers.next(async writer => {
          const running = writer.tell({does: 'apply', plan: writers.plan}).then(
            () => (isDone = true),
            () => undefined,
          )
          await new Promise(resolve => setTimeout(resolve, Math.random() * latestMs))
          // With its tools, as the kernel does for a pod; or without, as it does for one process.
          if (kill % 2 === 0) await writer.kill()
          else await writer.killAll()
          await running
        })
        expect(killed).toMatchObject(saidOf(killed))
        if (killed.journal === 'nothing') latestMs *= STEP
        else if (isDone) latestMs /= STEP
        const kind = `${isDone ? 'ended' : 'killed'}, ${killed.journal}: ${killed.isNew ? 'new' : 'old'} state`
        counts.set(kind, (counts.get(kind) ?? 0) + 1)
      }
      await annotate([...counts].map(([kind, count]) => `${count} × ${kind}`).join('; '))
      expect(counts.keys()).toContain('killed, rolledBack: old state')
    },
  )
})

/** What the journal may say of a state. */
const saidOf = ({isNew, journal}: KilledWriter): KilledWriter => ({
  isNew,
  journal: isNew ? 'applied' : journal === 'nothing' ? journal : 'rolledBack',
})
