import {dirname, join} from 'node:path/posix'
import type {VirtualFileSystem} from 'node:vfs'

/** Newer than the types. Source: Node 26.10, lib/internal/vfs/file_system.js */
type Mountable = VirtualFileSystem & {mount(): string; unmount(): void}

/**
 * Shows a native part as a file in a folder in memory, as long as the caller goes on without waiting. Node loads it out of memory, too; where a
 * kernel forbids that, from a new file that only this user can open and that is removed at once.
 *
 * @param name where the part lies below the folder of the program
 * @returns what is then the folder of the program. There is one above it, in memory as well, so nothing is looked for on a disk
 */
export function nativeFolder(name: string, content: Uint8Array): string {
  // Not a module that Node has at hand, and nothing else in the program needs it.
  const memory = process.getBuiltinModule('node:vfs').create({emitExperimentalWarning: false}) as Mountable
  const file = join('/program', name)
  memory.mkdirSync(dirname(file), {recursive: true})
  memory.writeFileSync(file, content)
  const folder = join(memory.mount(), 'program')
  // Afterwards no other call that opens a file has to be looked at.
  queueMicrotask(() => memory.unmount())
  return folder
}
