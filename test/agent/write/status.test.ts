import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {machineClock} from '../../../agent/write/clock.ts'
import {Journal} from '../../../agent/write/journal.ts'
import {openWriter} from '../../../agent/write/open-writer.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

const ID = '0001-20261130T080000Z'
const ignore = () => undefined

test('who asks only for what is open is told that, and no restore point is looked at', async () => {
  await using folder = await temporaryFolder()
  const stateDir = folder.path
  const points = join(stateDir, 'restore-points', ID)
  await mkdir(points, {recursive: true})
  await writeFile(join(points, 'write.json'), 'damaged')
  const journal = new Journal(stateDir)
  const at = '2026-11-30T08:00:00Z'
  const digests = {nodeDigest: 'a', wantedDigest: 'b'}
  const begun = {id: ID, verb: 'apply', by: 'tester', at, bootId: machineClock.bootId(), backend: 'nft', ...digests} as const
  await journal.add({kind: 'begin', ...begun, needsConfirmation: true})
  await journal.add({kind: 'pending', id: ID, at, deadline: machineClock.uptimeSeconds() + 600})
  const writer = openWriter({
    stateDir,
    node: 'aks-1',
    version: '0.0.0',
    log: {info: ignore, warn: ignore, error: ignore, audit: ignore},
  })
  const pending = {id: ID, by: 'tester'}
  expect(await writer.status()).toMatchObject({
    pending,
    restorePoints: [{id: ID, damaged: expect.stringContaining('is damaged')}],
  })
  expect(await writer.status({withoutPoints: true})).toMatchObject({pending, restorePoints: []})
  writer.stop()
})
