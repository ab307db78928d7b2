import {InputError} from '../../core/problem/input-error.ts'
import {meant} from '../../core/text/nearest.ts'
import {shellWord} from '../../core/text/shell-word.ts'

/** What a command line asks for: a verb to be run, or something to be told about verbs. */
export type Asked =
  | {readonly kind: 'verb'; readonly verb: string; readonly words: readonly string[]}
  /** The list of all verbs. */
  | {readonly kind: 'verbs'}
  /** What a verb takes. */
  | {readonly kind: 'help'; readonly verb: string}
  /** The flags that many verbs share. */
  | {readonly kind: 'options'}
  | {readonly kind: 'version'}

const HELP = new Set(['-h', '--help'])

/**
 * Reads a command line as far as it can be read without knowing the flags of its verb.
 *
 * @param argv  the words behind `kubectl npm`
 * @param verbs the names of all verbs
 * @throws InputError when its first word is no verb
 */
export function readAsked(argv: readonly string[], verbs: readonly string[]): Asked {
  const [first, ...words] = argv
  if (first === undefined) return {kind: 'verbs'}
  if (first === '--version') return {kind: 'version'}
  if (first === 'options') return {kind: 'options'}
  if (first === 'help')
    return helpAbout(
      words.find(word => !word.startsWith('-')),
      verbs,
    )
  if (HELP.has(first)) return helpAbout(words[0], verbs)
  if (first.startsWith('-')) throw flagsBeforeVerb(argv, verbs)
  if (!verbs.includes(first)) throw unknownVerb(first, verbs)
  return asksForHelp(words) ? {kind: 'help', verb: first} : {kind: 'verb', verb: first, words}
}

/** What stands behind `--` is never a flag. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end < 0 ? undefined : end).some(word => HELP.has(word))
}

function helpAbout(verb: string | undefined, verbs: readonly string[]): Asked {
  if (verb === undefined || verb === 'help') return {kind: 'verbs'}
  if (verb === 'options') return {kind: 'options'}
  if (!verbs.includes(verb)) throw unknownVerb(verb, verbs)
  return {kind: 'help', verb}
}

const unknownVerb = (word: string, verbs: readonly string[]): InputError =>
  new InputError(`unknown verb "${word}"`, [...meant(word, verbs), 'See all verbs with: kubectl npm help'])

function flagsBeforeVerb(argv: readonly string[], verbs: readonly string[]): InputError {
  const at = argv.findIndex(word => verbs.includes(word))
  const flag = argv[0] as string
  if (at < 0) return new InputError(`${flag} stands where the verb belongs`, 'See all verbs with: kubectl npm help')
  const inOrder = [...argv.slice(at), ...argv.slice(0, at)].map(shellWord).join(' ')
  return new InputError(`${flag} stands before the verb, and flags stand behind it`, `Say: kubectl npm ${inOrder}`)
}
