import {escapeControls} from '../../core/text/escape.ts'
import {interruption} from '../cleanup/interruption.ts'
import {findNames} from './find-names.ts'
import type {Suggestion} from './names.ts'
import {suggest} from './suggest.ts'

/** Who presses Tab does not wait for a cluster that is away. */
const LIMIT_SECONDS = 2
/** Nobody waits longer for a word. */
const MOST_SECONDS = 600

/** Whose cluster or machine is slow says how long names are looked for. What is no time is as if nothing was said: nothing may be told here. */
function limitMs(asked = ''): number {
  const seconds = Number(asked)
  return 1000 * (seconds > 0 && seconds <= MOST_SECONDS ? seconds : LIMIT_SECONDS)
}

/**
 * Shells put a suggestion into the command line as it stands. Kubernetes lets no other characters into names; a dump may come
 * from anybody.
 */
const PLAIN = /^[\w.:/@%+,=-]+$/

/**
 * Prints what could stand for the last word, one to a line with what there is to say of it behind a tab, and at the end what the
 * shell shall do: the way in which kubectl asks the plugins on PATH. Nothing else is ever printed, and nobody is asked for
 * anything.
 *
 * Source: kubectl's pkg/cmd/plugin_completion.go.
 *
 * @param words those behind `kubectl npm`
 */
export async function printCompletions(words: readonly string[]): Promise<void> {
  const late = new AbortController()
  setTimeout(() => late.abort(), limitMs(process.env['KUBECTL_NPM_COMPLETION_SECONDS']))
  const {items, directive} = await suggest(words, (line, verb) =>
    findNames(line, verb, AbortSignal.any([late.signal, interruption])),
  )
  const text = `${items.filter(isPlain).map(lineOf).join('')}:${directive}\n`
  process.stdout.write(text, () => process.exit(0))
}

const isPlain = ({text}: Suggestion): boolean => PLAIN.test(text)
const lineOf = ({text, about}: Suggestion): string =>
  about === undefined || about === '' ? `${text}\n` : `${text}\t${escapeControls(about)}\n`
