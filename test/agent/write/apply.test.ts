import {describe, expect, test} from 'vitest'
import {describeKernel} from '../../support/kernel/describe.ts'
import {backends} from '../../support/kernel/tools.ts'
import {WriterLab} from '../../support/writer/lab.ts'
import {stateA, stateB} from '../../support/writer/states.ts'

describeKernel('a plan', () => {
  describe.each(backends)('of %s', backend => {
    test('makes the node what was asked for, and is taken back by rollback, with all of other programs as it was', async () => {
      await using lab = await WriterLab.open(backend)
      await lab.load(stateB)
      const wanted = await lab.read()
      await lab.load(stateA)
      const before = await lab.read()
      const foreign = await lab.foreign()
      const {file} = await lab.plan(before, wanted)
      await using writer = await lab.writer()
      const {result} = await writer.tell({does: 'apply', plan: file})
      expect(result).toMatchObject({outcome: 'applied', state: 'after'})
      expect((await lab.read()).digest).toBe(wanted.digest)
      expect(await lab.foreign()).toBe(foreign)

      expect((await writer.tell({does: 'rollback'})).result).toMatchObject({outcome: 'rolledBack', state: 'after'})
      expect((await lab.read()).digest).toBe(before.digest)
      expect(await lab.foreign()).toBe(foreign)
    })
  })
})
