import {accessSync, constants, statSync} from 'node:fs'
import {delimiter, join} from 'node:path'

/** Folders in which programs are looked for, in order. An empty one means the working folder to some shells, and nothing to kubectl. */
export const pathFolders = (): string[] => (process.env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '')

/**
 * The path of the first program of a name on PATH, as kubectl looks for it.
 *
 * Source: Go's exec.LookPath; on Windows endings are those of PATHEXT
 */
export function programOnPath(name: string): string | undefined {
  const endings = process.platform === 'win32' ? (process.env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD').split(delimiter) : ['']
  const candidates = pathFolders().flatMap(folder => endings.map(ending => join(folder, `${name}${ending}`)))
  return candidates.find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
