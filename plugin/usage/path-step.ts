import {existsSync} from 'node:fs'
import {flagWords} from '../../core/text/shell-word.ts'
import {verbs} from '../commands/index.ts'

/**
 * What to do where a verb takes names, or nothing, and was given the path of a dump: `sets dump/`, `trace a b dump.tgz`.
 *
 * @param words the words behind the verb
 * @returns nothing unless one of them is a path, and the verb reads files
 */
export async function pathStep(verb: string, words: readonly string[]): Promise<string[]> {
  const shape = await verbs[verb]?.load()
  if (!shape?.flags || !('from' in shape.flags)) return []
  const path = words.find((word, at) => !word.startsWith('-') && !words[at - 1]?.startsWith('-') && existsSync(word))
  return path === undefined ? [] : [`To read ${path}: ${flagWords('--from', path)}`]
}
