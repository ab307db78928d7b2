import type {Interfaces} from '@oclif/core'
import {verbs} from '../commands/index.ts'
import {loadConfig} from './load-config.ts'
import {SharedFlagsHelp, VerbHelp} from './verb-help.ts'
import {helpWidth} from './verbs-help.ts'

/** Any verb that has all shared flags. */
const FLAGS_OF = 'diff'

/** Help that a verb has to be loaded for. */
export type HelpAsked = {readonly kind: 'help'; readonly verb: string} | {readonly kind: 'options'}

/** The verb whose flags have to be known to print the help that is asked for. */
export const verbOfHelp = (asked: HelpAsked): string => (asked.kind === 'options' ? FLAGS_OF : asked.verb)

/**
 * The help that somebody asks for: of a verb, or of the flags that many share.
 *
 * @param load oclif's own options, with the verb of `verbOfHelp` among its commands
 */
export async function helpText(asked: HelpAsked, load: Interfaces.Options): Promise<string> {
  const config = await loadConfig(load)
  const options = {maxWidth: helpWidth()}
  const verb = verbOfHelp(asked)
  const command = config.findCommand(verb, {must: true})
  if (asked.kind === 'options') return new SharedFlagsHelp(command, config, options).generate()
  const exits = (await verbs[verb]?.load())?.exits
  if (!exits) throw new Error(`there is no verb ${verb}`)
  return new VerbHelp(command, config, options, exits).generate()
}
