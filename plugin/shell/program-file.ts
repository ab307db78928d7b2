import {readFile} from 'node:fs/promises'
import {join} from 'node:path'

/**
 * Reads a file that came with this program: out of the executable, where it is one, and otherwise from the folder of the program.
 *
 * @param root folder of the program
 * @param path below it, with `/`
 * @throws Error when it is not there
 */
export async function readProgramFile(root: string, path: string): Promise<string> {
  const sea = process.getBuiltinModule('node:sea')
  return sea.isSea() ? sea.getAsset(path, 'utf8') : readFile(join(root, path), 'utf8')
}
