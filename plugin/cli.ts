import {run} from '@oclif/core'
import {InputError} from '../core/problem/input-error.ts'
import {inputErrorText} from '../core/problem/problem-text.ts'
import {escapeControls, escapeText} from '../core/text/escape.ts'
import {setMemoryCheck} from '../core/text/memory.ts'
import {heapGuard} from './bytes/heap-guard.ts'
import {memoryPlugin, type PackageFacts} from './memory-plugin.ts'

/** Could not answer. Source: the exit codes all verbs share. */
const FAILED = 2

/**
 * Runs one command line.
 *
 * @param argv the words behind `kubectl npm`
 * @param root folder of the executable; oclif wants one, nothing is read from it
 * @returns the exit code: 0 yes, 1 no, 2 could not answer
 */
export async function runCli(argv: readonly string[], facts: PackageFacts, root: string): Promise<number> {
  setMemoryCheck(heapGuard())
  try {
    const plugin = await memoryPlugin(
      facts,
      root,
      argv.find(word => !word.startsWith('-')),
    )
    await run([...argv], {root, pjson: plugin.pjson, plugins: new Map([[plugin.name, plugin]])})
    return 0
  } catch (error) {
    return failure(error, argv)
  }
}

interface OclifError {
  readonly oclif?: {readonly exit?: number}
  readonly code?: string
}

/** Only this edge prints errors. */
function failure(error: unknown, argv: readonly string[]): number {
  const {oclif, code} = error as OclifError
  if (code === 'EEXIT') return oclif?.exit ?? 0
  if (code === 'EPIPE') return 0
  if ((error as Error).name === 'AbortError') {
    say('error: interrupted\n  Run the command again.')
    return FAILED
  }
  const message = error instanceof Error ? error.message : String(error)
  const isVerbose = argv.includes('-v') || argv.includes('--verbose')
  if (error instanceof InputError) say(inputErrorText(error))
  // oclif's own errors are about the command line.
  else if (oclif) say(`error: ${usageMessage(message, argv)}`)
  else
    say(
      `error: this is a fault of kubectl npm itself: ${escapeControls(message)}\n  Please report it with the output of the same command and -v.`,
    )
  if (isVerbose && error instanceof Error && !oclif) say(escapeText(error.stack ?? ''))
  return FAILED
}

function usageMessage(message: string, argv: readonly string[]): string {
  const [verb = ''] = argv
  const text = escapeText(message.replace(/\nSee more help with --help$/, ''))
  const unknown = /^command (.*) not found$/.exec(text)
  if (unknown) return `unknown verb "${(unknown[1] as string).replaceAll(':', ' ')}"\n  See all verbs with: kubectl npm --help`
  return `${text}\n  See all flags with: kubectl npm ${verb.startsWith('-') ? '' : `${escapeControls(verb)} `}--help`
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}
