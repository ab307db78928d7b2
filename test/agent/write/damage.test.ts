import {readdir, readFile, rm, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {WriteStatus} from '../../../core/contract/writes.ts'
import {readDump} from '../../../core/dump/read-dump.ts'
import {readFiles} from '../../../plugin/source/read-files.ts'
import {describeKernel} from '../../support/kernel/describe.ts'
import {TwoStates} from '../../support/writer/two-states.ts'

/** Changes one byte of a file. */
async function flip(path: string, at: number): Promise<void> {
  const content = await readFile(path)
  content[at] = (content[at] ?? 0) ^ 1
  await writeFile(path, content)
}

const journalOf = ({lab}: TwoStates): string => join(lab.stateDir, 'journal.jsonl')

const damages = [
  {how: 'cut in the middle of its last line', damage: async (path: string) => truncate(path, (await readFile(path)).length - 20)},
  {how: 'cut in the middle', damage: async (path: string) => truncate(path, Math.floor((await readFile(path)).length / 2))},
  {how: 'damaged by a flipped byte at its beginning', damage: (path: string) => flip(path, 90)},
  {how: 'damaged by a flipped byte at its end', damage: async (path: string) => flip(path, (await readFile(path)).length - 30)},
  {how: 'empty', damage: (path: string) => truncate(path, 0)},
  {how: 'full of zeros', damage: (path: string) => writeFile(path, Buffer.alloc(5000))},
  {how: 'gone', damage: (path: string) => rm(path)},
]

describeKernel('a journal that is', () => {
  test.each(damages)('$how after a write was done: the node stays as it is, and can be written to', async ({damage}) => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file})
    await damage(journalOf(node))
    await using next = await node.lab.writer()
    await node.heal(next)
    expect(await node.state()).toBe('b')
    expect((await next.tell({does: 'apply', plan: node.back.file})).result).toMatchObject({outcome: 'applied'})
    expect(await node.state()).toBe('a')
  })

  test.each(damages)('$how after a write was killed in the middle: the node goes back', async ({damage}) => {
    await using node = await TwoStates.open()
    await using healer = await node.lab.writer()
    const {passed} = await healer.tell({does: 'apply', plan: node.there.file})
    await healer.tell({does: 'rollback'})
    await using writer = await node.lab.writer()
    const killAt = passed.indexOf('after iptables has run') + 1
    await expect(writer.tell({does: 'apply', plan: node.there.file, killAt})).rejects.toThrow('the writer ended')
    await damage(journalOf(node))
    await using next = await node.lab.writer()
    await node.heal(next)
    expect(await node.state()).toBe('a')
    expect((await next.tell({does: 'apply', plan: node.there.file})).result).toMatchObject({outcome: 'applied'})
  })
})

describeKernel('a restore point', () => {
  test('is a dump that --from reads', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    const {result} = await writer.tell({does: 'apply', plan: node.there.file})
    const {documents, problems} = await readFiles([result.restorePoint ?? ''])
    expect(problems).toEqual([])
    const {nodes} = await readDump(documents)
    const [kept] = nodes
    expect(nodes).toHaveLength(1)
    expect(kept).toMatchObject({node: 'aks-1', completeness: {rules: 'whole', sets: 'whole'}})
    const writing = await kept!.dataPlane.writing()
    const part = writing.partOf(kept!)
    expect('incomplete' in part).toBe(false)
  })

  test('that is damaged is refused by name, and the next older one is offered', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    await writer.tell({does: 'apply', plan: node.there.file})
    const {result} = await writer.tell({does: 'apply', plan: node.back.file})
    const folder = join(result.restorePoint ?? '', 'nodes', 'aks-1')
    const [file = ''] = await readdir(folder)
    await flip(join(folder, file), 100)
    const refused = (await writer.tell({does: 'rollback'})).result
    expect(refused).toMatchObject({outcome: 'failed', state: 'before'})
    expect(refused.failedAt?.message).toMatch(
      new RegExp(`the restore point ${result.id} is damaged .*${file} is not what was written`),
    )
    const older = /--to (\S+)/.exec(refused.failedAt?.next ?? '')?.[1] ?? ''
    const {restorePoints} = (await writer.tell<WriteStatus>({does: 'status'})).result
    expect(restorePoints.map(({id, damaged}) => ({id, isDamaged: damaged !== undefined}))).toEqual([
      {id: result.id, isDamaged: true},
      {id: older, isDamaged: false},
    ])
    expect((await writer.tell({does: 'rollback', to: older})).result).toMatchObject({outcome: 'nothingToDo'})
  })

  test('that is damaged while its write is open: the answer names another one, which ends it', async () => {
    await using node = await TwoStates.open()
    await using healer = await node.lab.writer()
    const {passed} = await healer.tell({does: 'apply', plan: node.there.file})
    const {result: first} = await healer.tell({does: 'apply', plan: node.back.file})
    await using writer = await node.lab.writer()
    const killAt = passed.indexOf('after iptables has run') + 1
    await expect(writer.tell({does: 'apply', plan: node.there.file, killAt})).rejects.toThrow('the writer ended')
    const [newest = ''] = (await readdir(join(node.lab.stateDir, 'restore-points'))).sort().toReversed()
    await flip(join(node.lab.stateDir, 'restore-points', newest, 'write.json'), 100)
    const refused = (await healer.tell({does: 'apply', plan: node.there.file})).result
    expect(refused).toMatchObject({outcome: 'failed', state: 'unknown'})
    expect(refused.failedAt?.next).toContain(`--to ${first.id}`)
    expect((await healer.tell({does: 'rollback', to: first.id})).result).toMatchObject({outcome: 'rolledBack'})
    expect(await node.state()).toBe('b')
    expect((await healer.tell({does: 'apply', plan: node.back.file})).result.outcome).toBe('applied')
  })

  test('is one of ten at most, and a name that leads elsewhere is none', async () => {
    await using node = await TwoStates.open()
    await using writer = await node.lab.writer()
    for (let write = 0; write < 12; write++) await writer.tell({does: 'apply', plan: await node.nextPlan()})
    const names = await readdir(join(node.lab.stateDir, 'restore-points'))
    expect(names.map(name => Number(name.split('-')[0]))).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    const {result} = await writer.tell({does: 'rollback', to: `../restore-points/${names[0]}`})
    expect(result.failedAt?.message).toMatch(/^there is no restore point \.\./)
  })
})
