import {createInterface} from 'node:readline/promises'
import {InputError} from '../../core/problem/input-error.ts'

/**
 * @param next what to do instead
 * @throws InputError where nobody can be asked
 */
export function requireTerminal(next = 'Say --yes to go on without being asked.'): void {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new InputError('there is no terminal to ask on', next)
}

/**
 * Asks the person, on the terminal.
 *
 * @throws InputError where nobody can be asked
 */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  requireTerminal()
  const dialogue = createInterface({input: process.stdin, output: process.stderr})
  try {
    return /^y(?:es)?$/i.test((await dialogue.question(`${question} [y/N] `, {signal})).trim())
  } catch (error) {
    // An end without an answer.
    if (!signal.aborted && (error as Error).message.includes('Ctrl+D')) return false
    throw error
  } finally {
    dialogue.close()
  }
}
