import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {sha256} from '../../../agent/write/sealed-record.ts'
import type {Plan} from '../../../core/contract/plan.ts'
import {partDigest, planDigest} from '../../../core/plan/digest.ts'
import {plannedSteps} from '../../../core/plan/planned-steps.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {backends} from '../../support/kernel/tools.ts'
import {WriterLab} from '../../support/writer/lab.ts'
import {stateA, stateB} from '../../support/writer/states.ts'
import {TwoStates} from '../../support/writer/two-states.ts'

const flow = {protocol: 'tcp', source: '10.1.0.1', destination: '10.2.0.1', reason: 'rule 1'}

describeKernel('connections that go on', () => {
  test('are named, and ended if that is asked for, when the write stays', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer({env: {CONNECTIONS: 'found'}})
    const named = (await writer.tell({does: 'apply', plan: node.there.file})).result
    expect(named.deniedFlows).toEqual([flow])
    const ended = (await writer.tell({does: 'apply', plan: node.back.file, endDeniedFlows: true})).result
    expect(ended.deniedFlows).toEqual([{...flow, ended: true}])
  })

  test('are named also when a write is taken back, confirmed or not, and none is ended', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer({env: {CONNECTIONS: 'found'}})
    const counts = {denied: 1, ended: 0, unknown: 0}
    for (const options of [{}, {confirmWithinMs: 60_000}]) {
      await writer.tell({does: 'apply', plan: node.there.file, ...options})
      const {result} = await writer.tell({does: 'rollback'})
      expect(result).toMatchObject({outcome: 'rolledBack', deniedFlows: [flow], flowCounts: counts})
    }
  })

  test('are not ended before a write is confirmed', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer({env: {CONNECTIONS: 'found'}})
    const options = {endDeniedFlows: true, confirmWithinMs: 60_000}
    const {result} = await writer.tell({does: 'apply', plan: node.there.file, ...options})
    expect(result).toMatchObject({outcome: 'awaitingConfirmation', deniedFlows: [flow]})
    expect((await writer.tell({does: 'confirm'})).result.deniedFlows).toEqual([{...flow, ended: true}])
  })

  test('that cannot be ended: refused before anything is changed', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer({env: {CONNECTIONS: 'lost'}})
    const {result} = await writer.tell({does: 'apply', plan: node.there.file, endDeniedFlows: true})
    const message = 'connections cannot be ended here: conntrack is not installed'
    expect(result).toMatchObject({outcome: 'failed', state: 'before', failedAt: {message}})
    expect(await node.state()).toBe('a')
  })
})

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

describeKernel('a plan that was changed after it was made', () => {
  const forged: readonly {readonly what: string; readonly line: string; readonly says: RegExp}[] = [
    {what: 'a chain of another program', line: '-F INPUT', says: /INPUT/},
    {what: 'a set of another program', line: 'destroy other-app', says: /other-app/},
    {what: 'more than one line', line: 'add azure-npm-1111 10.1.0.9\ndestroy other-app', says: /refused/},
  ]

  test.each(forged)('to touch $what is refused, with its right digest, too', async ({line, says}) => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const {plan} = node.there
    const [first] = plan.operations
    const changed = {...plan, operations: [{...first!, line}, ...plan.operations.slice(1)]}
    const file = await node.lab.keep(changed)
    const {result} = await writer.tell({does: 'apply', plan: file})
    expect(result.failedAt?.message).toMatch(/was changed after it was made/)
    const signed = await node.lab.keep({...changed, digest: planDigest(changed, sha256)})
    const again = (await writer.tell({does: 'apply', plan: signed})).result
    expect(again).toMatchObject({outcome: 'failed', state: 'before', failedAt: {step: 0}})
    expect(again.failedAt?.message).toMatch(says)
    expect(await readdir(join(node.lab.stateDir, 'restore-points'))).toEqual([])
    expect(await node.state()).toBe('a')
  })

  test.each<{what: string; change: Partial<Plan>; says: string}>([
    {what: 'is for another node', change: {node: 'aks-9'}, says: 'the plan is for node aks-9, and this is aks-1'},
    {what: 'is for a node of Windows', change: {backend: 'hns'}, says: 'the plan is for a node of Windows'},
    {
      what: 'is of half an input',
      change: {incomplete: [{part: 'sets', state: 'absent', reason: 'no sets were given', next: ''}]},
      says: 'nothing was planned: no sets were given',
    },
  ])('and $what is refused', async ({change, says}) => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const changed = {...node.there.plan, ...change}
    const file = await node.lab.keep({...changed, digest: planDigest(changed, sha256)})
    const {result} = await writer.tell({does: 'apply', plan: file})
    expect(result).toMatchObject({outcome: 'failed', state: 'before', failedAt: {step: 0}})
    expect(result.failedAt?.message).toContain(says)
    expect(await node.state()).toBe('a')
  })

  test('to do what Azure NPM never does is refused, also when all digests are right', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const {plan} = node.there
    const {part, writing} = await node.lab.read()
    const at = plan.operations.findLastIndex(({tool}) => tool === 'iptables')
    const added = {...plan.operations[at]!, line: '-A AZURE-NPM-INGRESS-300 -j LOG --log-prefix "seen "'}
    const operations = plan.operations.toSpliced(at + 1, 0, added).map((operation, index) => ({...operation, order: index + 1}))
    const after = plannedSteps({...plan, operations}).reduce((made, step) => writing.after(made, step), part)
    const changed = {...plan, operations, wantedDigest: partDigest(after, writing, sha256)}
    const file = await node.lab.keep({...changed, digest: planDigest(changed, sha256)})
    const {result} = await writer.tell({does: 'apply', plan: file})
    expect(result.failedAt?.message).toMatch(
      /^the plan is refused: the line ".*LOG.*" for iptables is refused: its target is LOG$/,
    )
    expect(await node.state()).toBe('a')
  })

  test('to do what a tool would refuse is refused before', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const {plan} = node.there
    const changed = {...plan, operations: plan.operations.with(0, {...plan.operations[0]!, line: 'del azure-npm-9999 10.1.0.1'})}
    const file = await node.lab.keep({...changed, digest: planDigest(changed, sha256)})
    const {result} = await writer.tell({does: 'apply', plan: file})
    expect(result.failedAt?.message).toContain('the plan is refused: a tool would fail')
    expect(await node.state()).toBe('a')
  })

  test('to say that it leads elsewhere is refused', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const changed = {...node.there.plan, wantedDigest: '0'.repeat(64)}
    const file = await node.lab.keep({...changed, digest: planDigest(changed, sha256)})
    const {result} = await writer.tell({does: 'apply', plan: file})
    expect(result.failedAt?.message).toBe('the plan is refused: its operations do not lead to what it says they do')
    expect(await node.state()).toBe('a')
  })
})
