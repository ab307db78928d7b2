import {Help, type Interfaces} from '@oclif/core'
import {verbs, verbUses} from '../commands/index.ts'

/** The list of all verbs, by what they are there for. */
export class VerbsHelp extends Help {
  generate(): string {
    const {description, version} = this.config.pjson as Interfaces.PJSON & {description?: string}
    const lists = Object.entries(verbUses).map(([use, heading]) => {
      const rows = Object.entries(verbs).flatMap(([name, verb]): [string, string][] =>
        verb.use === use ? [[name, verb.summary]] : [],
      )
      return this.section(heading.toUpperCase(), this.renderList(rows, {indentation: 2, spacer: '\n'}))
    })
    return [
      this.wrap(`${description ?? ''}\nVersion ${version}`),
      this.section('USAGE', `${this.config.bin} VERB [flags]`),
      ...lists,
      this.wrap(
        'More about a verb: kubectl npm help VERB. Flags of every verb, and those that choose the cluster: kubectl npm options',
      ),
    ].join('\n\n')
  }
}
