import {verbs} from '../commands/index.ts'
import {type CommandLine, type Flag, flagsOf, readCommandLine, type VerbShape} from './command-line.ts'
import {namesOfKind} from './named-kinds.ts'
import type {FindNames, Suggestion} from './names.ts'
import {type Values, valuesOfArgument, valuesOfFlag} from './values.ts'

/** What a shell shall do besides with the suggestions. Source: ShellCompDirective of github.com/spf13/cobra. */
const directives = {files: 0, noFiles: 4} as const

export interface Suggestions {
  readonly items: readonly Suggestion[]
  readonly directive: (typeof directives)[keyof typeof directives]
}

const NOTHING: Suggestions = {items: [], directive: directives.noFiles}
const ABOUT_VERBS: readonly Suggestion[] = [
  {text: 'help', about: 'Tells more about a verb'},
  {text: 'options', about: 'Lists the flags that verbs share'},
]
const HELP: Suggestion = {text: '--help', about: 'Show the help'}

/**
 * What could stand for the last word.
 *
 * @param words those behind `kubectl npm`; the last one is being typed, and may be empty
 * @param namesFor a finder of names for what the command line says besides; one that fails finds nothing
 */
export async function suggest(
  words: readonly string[],
  namesFor: (line: CommandLine, verb: VerbShape) => FindNames,
): Promise<Suggestions> {
  const [name = '', ...rest] = words
  if (rest.length === 0) return only(verbSuggestions(name), name)
  if (name === 'help') return only(rest.length > 1 ? [] : verbSuggestions(''), rest[0] ?? '')
  const shape = await verbs[name]?.load()
  if (!shape) return NOTHING
  const line = readCommandLine(rest, shape)
  const {typed} = line
  const {prefix} = typed
  if (typed.kind === 'flag') return only(flagSuggestions(line, shape, prefix), prefix)
  if (typed.kind === 'argument' && typed.argument === undefined)
    // A verb that takes no arguments shows what it does take.
    return prefix === '' && Object.keys(shape.args).length === 0 ? only(flagSuggestions(line, shape, '--'), '--') : NOTHING
  const flag = typed.kind === 'value' ? flagsOf(shape)[typed.flag] : undefined
  const choices = flag?.type === 'option' ? (flag.options ?? formatsOf(flag)) : undefined
  if (choices) return only(choices.map(asSuggestion), prefix)
  const values =
    typed.kind === 'value' ? valuesOfFlag(name, typed.flag) : valuesOfArgument(name, (typed as {argument: string}).argument)
  return valueSuggestions(values, line, namesFor(line, shape))
}

/** Those that stand alone; others go on with what somebody chooses. */
const formatsOf = (flag: Flag): readonly string[] | undefined => (flag as {formats?: readonly string[]}).formats

const asSuggestion = (text: string): Suggestion => ({text})

function only(items: readonly Suggestion[], prefix: string): Suggestions {
  return {items: items.filter(({text}) => text.startsWith(prefix)), directive: directives.noFiles}
}

function verbSuggestions(prefix: string): Suggestion[] {
  if (prefix.startsWith('-')) return [HELP, {text: '--version', about: 'Show the version'}]
  return [...Object.entries(verbs).map(([text, {summary}]) => ({text, about: summary})), ...ABOUT_VERBS]
}

/** Flags that may still be given: once, or as often as one likes. */
function flagSuggestions({flags}: CommandLine, shape: VerbShape, prefix: string): Suggestion[] {
  const open = Object.entries(flagsOf(shape)).filter(
    ([name, flag]) => flag.hidden !== true && (!flags.has(name) || (flag.type === 'option' && flag.multiple === true)),
  )
  const long = open.map(([name, {summary = ''}]) => ({text: `--${name}`, about: summary}))
  if (prefix.startsWith('--')) return [...long, HELP]
  const short = open.flatMap(([, {char, summary = ''}]) => (char === undefined ? [] : [{text: `-${char}`, about: summary}]))
  return [...short, ...long, HELP]
}

async function valueSuggestions(values: Values = {}, line: CommandLine, find: FindNames): Promise<Suggestions> {
  const {words = [], names = [], kinds = [], isPath} = values
  if (isPath) return {items: [], directive: directives.files}
  const {typed, flags, args} = line
  const ofKind = await namesOfKind(kinds, typed.prefix, flags.get('namespace')?.at(-1), find).catch(() => undefined)
  const found = ofKind ?? (names.length === 0 ? [] : await find(names, typed.prefix).catch(() => []))
  const given = new Set(typed.kind === 'value' ? flags.get(typed.flag) : args)
  return only(
    [...words.map(asSuggestion), ...found].filter(({text}) => !given.has(text)),
    typed.prefix,
  )
}
