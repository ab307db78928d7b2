import {kindOfWord} from '../../core/kubernetes/object-reference.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {meant} from '../../core/text/nearest.ts'
import {verbs} from '../commands/index.ts'
import {pathStep} from './path-step.ts'

/** What oclif's errors about the words behind a verb have, each some of it. */
interface ParseError extends Error {
  readonly flags?: readonly string[]
  /** Words that are too many, or arguments that are missing. */
  readonly args?: readonly (string | {readonly name: string; readonly description?: string})[]
}

/**
 * What oclif found wrong with the words behind a verb, in our words, with what was meant where that can be told.
 *
 * @param argv the words behind `kubectl npm`; the first one is the verb
 */
export async function usageError(error: ParseError, [verb = '', ...words]: readonly string[]): Promise<InputError> {
  const help = `See what it takes with: kubectl npm help ${verb}`
  const {flags: [flag] = [], args: [arg] = []} = error
  if (flag !== undefined)
    return new InputError(`unknown flag ${flag}`, [...(toldElsewhere[`${verb} ${flag}`] ?? (await meantFlag(flag, verb))), help])
  if (typeof arg === 'string')
    return new InputError(`${verb} takes no such argument: ${arg}`, [...typeStep(words), ...(await pathStep(verb, [arg])), help])
  if (arg) return new InputError(`${verb}: ${arg.name.toUpperCase()} is missing`, [arg.description ?? '', help])
  const message = error.message.replace(/\nSee more help with --help$/, '')
  const [, name, value = '', options = ''] = /^Expected (?:--([\w-]+)=)?(.*) to be one of: (.*)$/s.exec(message) ?? []
  if (options !== '') {
    const what = name === undefined ? `"${value}"` : `--${name} ${value}`
    return new InputError(`${what} is none of: ${options}`, [...meant(value, options.split(', ')), help])
  }
  const [, missing, choices] = /^Flag --([\w-]+) expects (?:a value|one of these values: (.*))$/.exec(message) ?? []
  if (missing !== undefined)
    return new InputError(`--${missing} needs a value${choices === undefined ? '' : `, one of: ${choices}`}`, help)
  const [, twice] = /^Flag --([\w-]+) can only be specified once$/.exec(message) ?? []
  if (twice !== undefined) return new InputError(`--${twice} is given twice, and takes one value`, help)
  const [, one, other] = /--([\w-]+)(?:=.*)? cannot also be provided when using --([\w-]+)/.exec(message) ?? []
  if (one !== undefined) return new InputError(`--${one} and --${other} exclude each other`, ['Leave one of them out.', help])
  return new InputError(message.replace(/^The following errors? occurred:\s+/, '').replaceAll(/\n\s*/g, '; '), help)
}

/** For who writes a type and a name as two words, as kubectl takes them where there is one type. */
function typeStep(words: readonly string[]): string[] {
  const at = words.findIndex(word => kindOfWord(word) !== undefined)
  const name = words[at + 1]
  return at < 0 || name === undefined || name.startsWith('-') ? [] : [`A type and its name are one word: ${words[at]}/${name}`]
}

/** Flags that somebody expects, and what tells what they are expected to tell. */
const toldElsewhere: Readonly<Record<string, readonly string[]>> = {
  'status --local': [
    'status asks the agents of a cluster. Of this machine, as root:',
    'what was written to it: kubectl npm rollback --local --list',
    'a write that awaits its confirmation: kubectl npm confirm --local',
    'what its agent knows, where one runs: npm-agent status',
  ],
}

async function meantFlag(flag: string, verb: string): Promise<string[]> {
  const shape = await verbs[verb]?.load()
  const known = Object.keys({...shape?.baseFlags, ...shape?.flags}).map(name => `--${name}`)
  return meant(flag, [...known, '--help'])
}
