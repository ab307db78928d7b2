import {Parser} from '@oclif/core'
import {withoutBooleanValues} from '../../plugin/boolean-values.ts'
import {verbs} from '../../plugin/commands/index.ts'
import {readAsked} from '../../plugin/usage/asked.ts'

/** What ends a command in a line of a shell. */
const END = /^[|;&<>)#]/
const WORD = /\s*((?:'[^']*'|"[^"]*"|\\.|[^\s'"\\|;&<>)])+|[|;&<>)])/gy

/** Where a command may stand: first, behind another one, behind sudo or what sets a variable. */
const CALL = /(?<=^(?:\$ )?|[|;&(] *|(?:^|\s)(?:sudo|[A-Z_]+=\S*) )(?:kubectl npm|(?:\.\/)?kubectl-npm)(?=\s)/g

/** The words behind each `kubectl npm` of a line for a shell. */
export function wordsOfPlugin(line: string): string[][] {
  return [...line.matchAll(CALL)].map(({index, 0: {length}}) => {
    const words: string[] = []
    WORD.lastIndex = index + length
    for (let found = WORD.exec(line); found; found = WORD.exec(line)) {
      const [, word = ''] = found
      if (END.test(word)) break
      words.push(word.replaceAll(/^(['"])(.*)\1$/g, '$2'))
    }
    return words
  })
}

/**
 * Reads a command line as the verb would, and does nothing.
 *
 * @param words behind `kubectl npm`
 * @throws InputError, or oclif's error, for a verb, a flag or a value that there is not
 */
export async function parseOnly(words: readonly string[]): Promise<void> {
  const asked = readAsked(words, Object.keys(verbs))
  if (asked.kind !== 'verb') return
  const shape = await verbs[asked.verb]?.load()
  const flags = {...shape?.baseFlags, ...shape?.flags}
  await Parser.parse(withoutBooleanValues(asked.words, flags), {
    flags,
    args: shape?.args ?? {},
    strict: shape?.strict ?? true,
  })
}
