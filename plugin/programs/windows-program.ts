import {existsSync} from 'node:fs'
import {delimiter, extname, join} from 'node:path'

/**
 * Whether Windows finds a program. One that is missing is run by its shell, which says so in the language of the machine and ends with 1, so
 * how it ended tells nothing.
 *
 * @param program a name, which is looked for on PATH, or a path
 * Source: endings are those of PATHEXT
 */
export function isFoundOnWindows(program: string): boolean {
  const isPath = /[\\/]/.test(program)
  const folders = isPath ? [''] : ['.', ...(process.env['PATH'] ?? '').split(delimiter)]
  const endings = ['', ...(extname(program) === '' ? (process.env['PATHEXT'] ?? '.COM;.EXE;.BAT;.CMD').split(delimiter) : [])]
  return folders.some(folder => endings.some(ending => existsSync(join(folder, `${program}${ending}`))))
}
