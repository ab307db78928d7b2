import type {Command, Interfaces} from '@oclif/core'

/** As much of a verb's class as is needed to read its words. */
export type VerbShape = Pick<Command.Class, 'args' | 'baseFlags' | 'flags' | 'strict'>
export type Flag = Interfaces.FlagInput[string]

/** The flags of a verb with those that all verbs have, by name. */
export const flagsOf = ({baseFlags, flags}: VerbShape): Readonly<Record<string, Flag>> => ({...baseFlags, ...flags})

/** What the word stands for that is being typed, and how it begins. */
export type Typed =
  | {readonly kind: 'flag'; readonly prefix: string}
  | {readonly kind: 'value'; readonly flag: string; readonly prefix: string}
  /** Undefined where the verb takes no further argument. */
  | {readonly kind: 'argument'; readonly argument: string | undefined; readonly prefix: string}

/** A command line whose last word is not yet finished. */
export interface CommandLine {
  readonly typed: Typed
  /** Values of flags that stand there already; empty for those that take none. */
  readonly flags: ReadonlyMap<string, readonly string[]>
  readonly args: readonly string[]
}

/**
 * Reads the words behind a verb as oclif would, but never refuses any.
 *
 * @param words at least one: the last is the one being typed, and may be empty
 */
export function readCommandLine(words: readonly string[], verb: VerbShape): CommandLine {
  const known = flagsOf(verb)
  const flags = new Map<string, string[]>()
  const args: string[] = []
  const last = words.at(-1) ?? ''
  let expects: string | undefined
  let onlyArguments = false
  const take = (flag: string, ...values: string[]) => void flags.set(flag, [...(flags.get(flag) ?? []), ...values])
  for (const word of words.slice(0, -1)) {
    if (expects !== undefined) {
      take(expects, word)
      expects = undefined
    } else if (word === '--' && !onlyArguments) onlyArguments = true
    else if (onlyArguments || !word.startsWith('-') || word === '-') args.push(word)
    else {
      const {flag, value} = readFlag(word, known)
      if (flag === undefined) continue
      if (known[flag]?.type === 'boolean') take(flag)
      else if (value === undefined) expects = flag
      else take(flag, value)
    }
  }
  return {typed: typedOf(), flags, args}

  function typedOf(): Typed {
    if (expects !== undefined) return {kind: 'value', flag: expects, prefix: last}
    if (onlyArguments || !last.startsWith('-')) return {kind: 'argument', argument: argumentAt(args.length, verb), prefix: last}
    const {flag, value} = readFlag(last, known)
    if (flag !== undefined && value !== undefined) return {kind: 'value', flag, prefix: value}
    return {kind: 'flag', prefix: last}
  }
}

/** `--name`, `--name=value`, `-n`, `-nvalue`. */
function readFlag(word: string, known: Readonly<Record<string, Flag>>): {flag: string | undefined; value?: string} {
  if (word.startsWith('--')) {
    const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? []
    return {flag: known[name] ? name : undefined, ...(value !== undefined && {value})}
  }
  const flag = Object.keys(known).find(name => known[name]?.char === word[1])
  const value = word.slice(2)
  return {flag, ...(value !== '' && {value})}
}

function argumentAt(index: number, {args, strict}: VerbShape): string | undefined {
  const names = Object.keys(args)
  // The last one may be repeated.
  const last = names.at(-1)
  const isRepeated = !strict || (last !== undefined && args[last]?.multiple === true)
  return names[index] ?? (isRepeated ? last : undefined)
}
