import type {Interfaces} from '@oclif/core'
import {InputError, NotFoundError} from '../core/problem/input-error.ts'
import {inputErrorText} from '../core/problem/problem-text.ts'
import {escapeControls, escapeText} from '../core/text/escape.ts'
import {setMemoryCheck} from '../core/text/memory.ts'
import {heapGuard} from './bytes/heap-guard.ts'
import {interruptedCode} from './cleanup/interruption.ts'
import {verbs} from './commands/index.ts'
import {memoryPlugin, type PackageFacts} from './memory-plugin.ts'
import {writeLines} from './print/output.ts'
import {painter, wantsColor} from './print/paint.ts'
import {linesFor} from './print/wrap.ts'
import {reasonOf} from './source/reason.ts'
import {NoSourceError} from './source/source-flags.ts'
import {readAsked} from './usage/asked.ts'
import {pathStep} from './usage/path-step.ts'
import {usageError} from './usage/usage-error.ts'

/** Could not answer. Source: the exit codes all verbs share. */
const FAILED = 2
/** The answer is no. */
const NO = 1

/**
 * Runs one command line.
 *
 * @param argv the words behind `kubectl npm`
 * @param root folder of the executable; oclif wants one, nothing is read from it
 * @returns the exit code: 0 yes, 1 no, 2 could not answer, 130 interrupted
 */
export async function runCli(argv: readonly string[], facts: PackageFacts, root: string): Promise<number> {
  setMemoryCheck(heapGuard())
  watchOutput()
  try {
    const asked = readAsked(argv, Object.keys(verbs))
    if (asked.kind === 'version')
      return await printed(`${facts.name}/${facts.version} ${process.platform}-${process.arch} node-${process.version}`)
    if (asked.kind === 'verbs') {
      const {helpWidth, verbsHelp} = await import('./usage/verbs-help.ts')
      const paint = painter(wantsColor('auto', process.stdout.isTTY, process.env))
      return await printed(verbsHelp(facts, helpWidth(), text => paint(text, 'bold')))
    }
    // oclif is loaded from here on, which takes half as long as Node's start.
    if (asked.kind !== 'verb') {
      const {helpText, verbOfHelp} = await import('./usage/help.ts')
      return await printed(await helpText(asked, await loadOptions(facts, root, verbOfHelp(asked))))
    }
    const {loadConfig} = await import('./usage/load-config.ts')
    const config = await loadConfig(await loadOptions(facts, root, asked.verb))
    await (await verbs[asked.verb]?.load())?.answer(asked.words, config)
    return 0
  } catch (error) {
    return failure(error, argv)
  }
}

/** What oclif is told of us, with one verb of which it knows all. */
async function loadOptions(facts: PackageFacts, root: string, verb: string): Promise<Interfaces.Options> {
  const plugin = await memoryPlugin(facts, root, verb)
  return {root, pjson: plugin.pjson, plugins: new Map([[plugin.name, plugin]])}
}

async function printed(text: string): Promise<number> {
  await writeLines([text])
  return 0
}

/** What cannot be written, on a full disk, ends the process with words. Oclif's own listener would throw, with a stack for people. */
function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error')
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Nobody reads any more: what follows is not written, and no fault.
      if (error.code === 'EPIPE') return
      if (stream === process.stdout)
        say(
          `error: the answer cannot be written: ${reasonOf(error)}\n  Make room, or write it somewhere else. What was written is not whole.`,
        )
      process.exit(FAILED)
    })
  }
}

interface OclifError {
  readonly oclif?: {readonly exit?: number}
  readonly code?: string
}

/** Only this edge prints errors. */
async function failure(error: unknown, argv: readonly string[]): Promise<number> {
  const {oclif, code} = error as OclifError
  if (code === 'EEXIT') {
    const exit = oclif?.exit ?? 0
    // Work that a signal cut short could not answer because of it.
    return exit === FAILED ? (interruptedCode() ?? FAILED) : exit
  }
  if (code === 'EPIPE') return 0
  if ((error as Error).name === 'AbortError') {
    say('error: interrupted\n  Run the command again.')
    return interruptedCode() ?? FAILED
  }
  const message = error instanceof Error ? error.message : String(error)
  const isVerbose = argv.includes('-v') || argv.includes('--verbose')
  if (error instanceof NoSourceError) say(inputErrorText(await withPath(error, argv)))
  else if (error instanceof InputError) say(inputErrorText(withoutParser(error)))
  // oclif's own errors are about the command line.
  else if (oclif) say(inputErrorText(await usageError(error as Error, argv)))
  else
    say(
      `error: this is a fault of kubectl npm itself: ${escapeControls(message)}\n  Please report it with the output of the same command and -v.`,
    )
  if (isVerbose && error instanceof Error && !oclif) say(escapeText(error.stack ?? ''))
  return interruptedCode() ?? (error instanceof NotFoundError ? NO : FAILED)
}

/** Who gives a dump as a name did say what to read. */
const withPath = async (error: NoSourceError, [verb = '', ...words]: readonly string[]): Promise<InputError> =>
  new InputError(error.message, [...(await pathStep(verb, words)), ...error.steps], error.problems)

/** oclif writes into the message of what a flag's own reader throws. */
function withoutParser(error: InputError): InputError {
  const [, own] = /^Parsing --[\w-]+ \n\t(.*)\nSee more help with --help$/s.exec(error.message) ?? []
  return own === undefined ? error : new InputError(own, error.steps, error.problems)
}

const say = (text: string): void => {
  process.stderr.write(`${[...linesFor(process.stderr, text.split('\n'))].join('\n')}\n`)
}
