import type {Interfaces} from '@oclif/core'
import {verbs} from '../commands/index.ts'
import {loadConfig} from './load-config.ts'
import {SharedFlagsHelp, VerbHelp} from './verb-help.ts'
import {VerbsHelp} from './verbs-help.ts'

/** Any verb that has all shared flags. */
const FLAGS_OF = 'diff'

/** The verb whose flags have to be known to print the help that is asked for. */
export const verbOfHelp = (asked: {readonly kind: 'help' | 'options'; readonly verb?: string}): string | undefined =>
  asked.kind === 'options' ? FLAGS_OF : asked.verb

/** Long lines are hard to read, and short ones cannot hold a flag beside what it does. */
const width = (): number => (process.stdout.isTTY ? Math.min(Math.max(process.stdout.columns, 40), 120) : 80)

/**
 * The help that somebody asks for: of a verb, of the flags that many share, or the list of verbs.
 *
 * @param load oclif's own options, with the verb of `verbOfHelp` among its commands
 */
export async function helpText(
  asked: {readonly kind: 'help' | 'options'; readonly verb?: string},
  load: Interfaces.LoadOptions,
): Promise<string> {
  const config = await loadConfig(load)
  const options = {maxWidth: width()}
  const verb = verbOfHelp(asked)
  const command = verb === undefined ? undefined : config.findCommand(verb)
  const entry = verb === undefined ? undefined : verbs[verb]
  if (!command || !entry) return new VerbsHelp(config, options).generate()
  if (asked.kind === 'options') return new SharedFlagsHelp(command, config, options).generate()
  return new VerbHelp(command, config, options, (await entry.load()).exits).generate()
}
