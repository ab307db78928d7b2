import {open, rename} from 'node:fs/promises'
import {dirname} from 'node:path'
import {isWindows} from '../node/system.ts'
import {faultPoint} from './fault-point.ts'

/** Only root may read what tells of every pod of a node. */
const FILE_MODE = 0o600

/** Makes a file that a crash of the machine leaves whole, once its folder is synced. @throws Error of the file system, also when it is there */
export async function writeDurable(path: string, pieces: Iterable<string>): Promise<void> {
  await using file = await open(path, 'wx', FILE_MODE)
  for (const piece of pieces) await file.write(piece)
  faultPoint('before a file is synced')
  await file.sync()
  faultPoint('after a file is synced')
}

/** Makes the names in a folder last. Windows opens no folder as a file; NTFS keeps its journal of names in order. */
export async function syncFolder(path: string): Promise<void> {
  if (isWindows) return
  await using folder = await open(path)
  await folder.sync()
}

/** Gives a file or folder its name, for good. */
export async function renameDurable(from: string, to: string): Promise<void> {
  faultPoint('before a rename')
  await rename(from, to)
  faultPoint('after a rename')
  await syncFolder(dirname(to))
}
