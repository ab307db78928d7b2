import type * as fs from 'node:fs/promises'
import {readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import {setFaultHook} from '../../../agent/write/fault-point.ts'
import {RestorePoints, type WholePoints} from '../../../agent/write/restore-points.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

vi.mock('node:fs/promises', async original => {
  const real = await original<typeof fs>()
  return {...real, readFile: vi.fn(real.readFile)}
})

const ID = '0001-20261130T080000Z'
const facts = {
  id: ID,
  node: 'aks-1',
  verb: 'apply',
  by: 'root',
  at: '2026-11-30T08:00:00.000Z',
  bootId: 'boot',
  backend: 'nft',
  nodeDigest: 'a',
  wantedDigest: 'b',
} as const

afterEach(() => setFaultHook(undefined))

const files = new Map([['ipset-save.txt', ['create azure-npm-1 hash:net family inet\n']]])

test('a restore point that was whole is not read again until somebody writes to it', async () => {
  await using folder = await temporaryFolder()
  const whole: WholePoints = new Map()
  const points = () => new RestorePoints(folder.path, whole)
  const path = await points().save(facts, {files, steps: [], version: '1'})
  const readCount = async () => {
    vi.mocked(readFile).mockClear()
    const {damaged, facts: told} = await points().check(ID)
    return {damaged, id: told?.id, read: vi.mocked(readFile).mock.calls.length}
  }
  expect(await readCount()).toEqual({damaged: undefined, id: ID, read: 4})
  expect(await readCount()).toEqual({damaged: undefined, id: ID, read: 0})
  // To return to it, all of it is read.
  vi.mocked(readFile).mockClear()
  expect(await points().load(ID)).toMatchObject({id: ID, documents: [{name: 'node/ipset-save.txt'}]})
  expect(vi.mocked(readFile).mock.calls.length).toBe(4)

  const file = join(path, 'nodes', 'aks-1', 'ipset-save.txt')
  const content = await readFile(file)
  await writeFile(file, content.toString().replace('npm-1', 'npm-2'))
  expect((await readCount()).damaged).toContain('ipset-save.txt is not what was written')
  await writeFile(file, content)
  expect(await readCount()).toMatchObject({damaged: undefined, read: 4})
  await rm(file)
  expect((await readCount()).damaged).toContain('ENOENT')
  await rm(path, {recursive: true})
  expect(await points().ids()).toEqual([])
  expect(whole.size).toBe(0)
})

test('what is drafted is no restore point before it is kept, and nothing once it is dropped', async () => {
  await using folder = await temporaryFolder()
  const points = new RestorePoints(folder.path)
  const step = {
    tool: 'ipset',
    isAtomic: false,
    why: 'words',
    operations: [{line: 'add a 10.0.0.1', undo: 'words', reason: 'words'}],
  }
  const draft = () => points.draft(facts, {files, steps: [step as never], version: '1'})
  const dropped = await draft()
  expect(await points.ids()).toEqual([])
  await dropped.drop()
  expect(await readdir(points.folder)).toEqual([])

  await (await draft()).keep()
  expect(await points.ids()).toEqual([ID])
  // What is only said about the steps of a large plan is more than half of them.
  expect((await points.load(ID)).steps).toEqual([{tool: 'ipset', isAtomic: false, operations: [{line: 'add a 10.0.0.1'}]}])
})

test('a file that the disk does not take: the others are waited for, and nothing is left', async () => {
  await using folder = await temporaryFolder()
  const points = new RestorePoints(folder.path)
  const passed: string[] = []
  const keep = async () => (await points.draft(facts, {files, steps: [], version: '1'})).keep()
  setFaultHook(name => void passed.push(name))
  await keep()
  await rm(points.pathOf(ID), {recursive: true})
  for (const failAt of passed.slice(0, passed.indexOf('after a rename')).keys()) {
    let at = 0
    setFaultHook(name => {
      if (at++ === failAt) throw Object.assign(new Error(name), {code: 'ENOSPC'})
    })
    await expect(keep(), `full at ${passed[failAt]}`).rejects.toThrow('the disk is full')
    expect(await readdir(points.folder), `full at ${passed[failAt]}`).toEqual([])
  }
})
