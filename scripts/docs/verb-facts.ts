import {verbs, verbUses} from '../../plugin/commands/index.ts'
import {INTERRUPTED, SHARED} from '../../plugin/usage/verb-help.ts'

/** What the program itself says of a verb: the source of its help, its page and its man page. */
export interface VerbFacts {
  readonly name: string
  /** The heading of the list of verbs under which it stands. */
  readonly use: string
  readonly summary: string
  readonly description: string
  /** How it is called, without flags of its own. */
  readonly usage: string
  readonly args: readonly {readonly name: string; readonly about: string}[]
  /** Those of the verb first, then by what they are about. Without those that all verbs share. */
  readonly flagGroups: readonly FlagGroup[]
  readonly examples: readonly string[]
  readonly exits: readonly {readonly code: string; readonly meaning: string}[]
}

export interface FlagGroup {
  readonly heading: string
  readonly flags: readonly FlagFacts[]
}

export interface FlagFacts {
  /** As it is typed: `-n, --namespace NAMESPACE`. */
  readonly spelling: string
  readonly about: string
}

/** What oclif's flags have, as far as it is shown. */
interface DeclaredFlag {
  readonly type: 'boolean' | 'option'
  readonly char?: string
  readonly summary?: string
  readonly helpValue?: string | readonly string[]
  readonly helpGroup?: string
  readonly options?: readonly string[]
  readonly default?: unknown
  readonly allowNo?: boolean
}

const BIN = 'kubectl npm'
const HEADINGS: Readonly<Record<string, string>> = {
  '': 'Flags',
  SOURCE: 'Flags: what is read',
  NODES: 'Flags: which nodes',
  GLOBAL: 'Flags of every verb',
  CLUSTER: 'Flags of verbs that ask a cluster',
}

/** Facts of all verbs, in the order of their names. */
export async function allVerbFacts(): Promise<VerbFacts[]> {
  return Promise.all(Object.keys(verbs).toSorted().map(verbFacts))
}

async function verbFacts(name: string): Promise<VerbFacts> {
  const entry = verbs[name]
  if (!entry) throw new RangeError(`no verb is called ${name}`)
  const shape = await entry.load()
  const args = Object.entries(shape.args).map(([arg, {required, multiple, description = ''}]) => {
    const word = `${arg.toUpperCase()}${multiple || !shape.strict ? '...' : ''}`
    return {name: required ? word : `[${word}]`, about: description}
  })
  const examples = (shape.examples ?? []).flatMap(example =>
    typeof example === 'string' ? [example.replaceAll('<%= config.bin %>', BIN)] : [],
  )
  const {done, no, failed} = shape.exits
  return {
    name,
    use: verbUses[entry.use],
    summary: entry.summary,
    description: shape.description ?? '',
    usage: [BIN, name, ...args.map(arg => arg.name), '[flags]'].join(' '),
    args,
    flagGroups: flagGroups(shape.flags as Declared, group => !SHARED.has(group)),
    examples,
    exits: [
      {code: '0', meaning: done},
      ...(no === undefined ? [] : [{code: '1', meaning: no}]),
      {code: '2', meaning: failed},
      {code: String(INTERRUPTED), meaning: 'interrupted'},
    ],
  }
}

/** Flags that many verbs have, and no page of a single verb tells. */
export async function sharedFlagGroups(): Promise<FlagGroup[]> {
  const shapes = await Promise.all(Object.values(verbs).map(verb => verb.load()))
  const flags: Declared = Object.assign({}, ...shapes.map(shape => ({...shape.baseFlags, ...shape.flags})))
  return flagGroups(flags, group => SHARED.has(group))
}

type Declared = Readonly<Record<string, DeclaredFlag>>

function flagGroups(flags: Declared, isWanted: (group: string) => boolean): FlagGroup[] {
  const entries = Object.entries(flags).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.entries(HEADINGS).flatMap(([group, heading]) => {
    const own = entries.filter(([, flag]) => (flag.helpGroup ?? '') === group && isWanted(group))
    return own.length === 0 ? [] : [{heading, flags: own.map(([name, flag]) => flagFacts(name, flag))}]
  })
}

function flagFacts(name: string, flag: DeclaredFlag): FlagFacts {
  const {char, type, helpValue, options, summary = '', allowNo} = flag
  const value = helpValue === undefined ? (options?.join('|') ?? 'VALUE') : String(helpValue)
  const long = `--${allowNo ? '[no-]' : ''}${name}`
  return {
    spelling: `${char === undefined ? '' : `-${char}, `}${long}${type === 'boolean' ? '' : ` ${value}`}`,
    about: `${summary}${typeof flag.default === 'string' ? `. Default: ${flag.default}` : ''}`,
  }
}
