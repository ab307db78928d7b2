import {chmod, chown, mkdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {makeStateFolder} from '../../../agent/write/state-folder.ts'
import {temporaryFolder} from '../../support/temporary-folder.ts'

test.each([
  {name: 'one that everybody may write to', change: (path: string) => chmod(path, 0o1777), says: 'written to by others'},
  {name: 'one that a group may write to', change: (path: string) => chmod(path, 0o770), says: 'written to by others'},
  {name: 'one of another user', change: (path: string) => chown(path, 65_534, 0), says: 'belongs to user 65534'},
])('journal and restore points are not kept in $name', async ({change, says}) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'state')
  await mkdir(path)
  await change(path)
  expect(() => makeStateFolder(path)).toThrow(says)
})

test('a new one is for its owner alone, and one that others may read is taken', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'state')
  makeStateFolder(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  await chmod(path, 0o755)
  makeStateFolder(path)
})
