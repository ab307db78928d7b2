import {type FileHandle, open, rename} from 'node:fs/promises'
import {dirname} from 'node:path'
import {isWindows} from '../node/system.ts'
import {faultPoint} from './fault-point.ts'

/** Only root may read what tells of every pod of a node. */
const FILE_MODE = 0o600

/** Makes a file that a crash of the machine leaves whole, once its folder is synced. @throws Error of the file system, also when it is there */
export async function writeDurable(path: string, pieces: Iterable<string>): Promise<void> {
  await using file = await open(path, 'wx', FILE_MODE)
  let at = 0
  for (const piece of pieces) at += await writeAt(file, Buffer.from(piece), at)
  faultPoint('before a file is synced')
  await file.sync()
  faultPoint('after a file is synced')
}

/** Writes all of it, or fails: one call leaves out, and says no more, what a disk has no room for. @returns how much that is */
export async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  return bytes.length
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
