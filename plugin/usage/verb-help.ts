import {type Command, CommandHelp, type HelpSectionRenderer, type Interfaces} from '@oclif/core'
import type {Exits} from '../command.ts'

/** Groups of flags that many verbs have: they stand in `kubectl npm options`, and not in the help of each. */
export const SHARED = new Set(['GLOBAL', 'CLUSTER'])

/** A signal of the terminal ends a program with this code. Source: POSIX shells, 128 and the number of SIGINT. */
export const INTERRUPTED = 130

/** A name that may be in what was not given is not known, which is 2. */
const UNKNOWN_NAME = 'nothing has a name that was given, and the input is whole'

/** The help of one verb: what it does, how it is called, its own flags before others, and what its exit codes mean. */
export class VerbHelp extends CommandHelp {
  private readonly exits: Exits

  constructor(command: Command.Loadable, config: Interfaces.Config, options: Interfaces.HelpOptions, exits: Exits) {
    super(command, config, options)
    this.exits = exits
  }

  override generate(): string {
    const about = this.wrap([this.command.summary, this.command.description].filter(Boolean).join('\n\n'))
    return `${about}\n\n${super.generate()}\n\n${this.wrap('Flags of every verb, and those that choose the cluster: kubectl npm options')}`
  }

  protected override sections(): {generate: HelpSectionRenderer; header: string}[] {
    const exitCodes = {header: 'EXIT CODES', generate: () => [{header: 'EXIT CODES', body: this.exitCodes()}]}
    const all = super.sections().filter(({header}) => header !== 'DESCRIPTION')
    const examples = all.filter(({header}) => header === 'EXAMPLES')
    const [usage, ...rest] = all.filter(({header}) => header !== 'EXAMPLES')
    // As in kubectl's help, examples stand before all that can be given.
    return [...(usage ? [usage] : []), ...examples, ...rest, exitCodes]
  }

  protected override usage(): string {
    const {id, args, usage} = this.command
    const words = Object.values(args).map(({name, required, multiple}) => {
      const word = `${name.toUpperCase()}${multiple || this.command.strict === false ? '...' : ''}`
      return required ? word : `[${word}]`
    })
    const call = typeof usage === 'string' ? usage : [id, ...words, '[flags]'].join(' ')
    return this.wrap(`${this.config.bin} ${call}`)
  }

  /** Without a prompt's sign: what is copied must run. */
  protected override examples(examples: Command.Example[] | string | undefined): string | undefined {
    if (examples === undefined || typeof examples === 'string') return examples
    return examples.flatMap(example => (typeof example === 'string' ? [example] : [])).join('\n')
  }

  protected override groupFlags(flags: Command.Flag.Any[]) {
    return super.groupFlags(flags.filter(({helpGroup}) => !SHARED.has(helpGroup ?? '')))
  }

  private exitCodes(): [string, string][] {
    const {done, no, failed} = this.exits
    // Wherever names are given for what is read from somewhere.
    const unknown = 'from' in this.command.flags ? [UNKNOWN_NAME] : []
    const nos = [...(no === undefined ? [] : [no]), ...unknown]
    return [
      ['0', done],
      ...(nos.length === 0 ? [] : [['1', nos.join('; ')] as [string, string]]),
      ['2', failed],
      [String(INTERRUPTED), 'interrupted'],
    ]
  }
}

/** The flags that stand in the help of no single verb. */
export class SharedFlagsHelp extends CommandHelp {
  override generate(): string {
    const about = this.wrap('These flags are the same for all verbs that have them; they stand behind the verb.')
    return `${about}\n\n${super.generate()}`
  }

  protected override sections(): {generate: HelpSectionRenderer; header: string}[] {
    return super.sections().filter(({header}) => header === 'FLAGS')
  }

  protected override groupFlags(flags: Command.Flag.Any[]) {
    return super.groupFlags(flags.filter(({helpGroup}) => SHARED.has(helpGroup ?? '')))
  }
}
