import {resolve} from 'node:path'
import {Flags} from '@oclif/core'
import {InputError} from '../../core/problem/input-error.ts'
import {escapeControls} from '../../core/text/escape.ts'
import {exitCodes, Verb} from '../command.ts'
import {completionLines, shellLines} from '../print/completion.ts'
import {findCompletion, installCompleter, uninstallCompleter} from '../shell/completer.ts'

export default class Completion extends Verb {
  static override summary = 'Lets the shell complete the words of this program'
  static override description =
    'kubectl (1.26 or later) completes the words of a plugin by a second program, kubectl_complete-npm, where its own completion is on. Without ' +
    'flags this tells whether that program is on PATH. krew puts only kubectl-npm there: --install adds the other beside it, a script of ' +
    'two lines that calls kubectl-npm. A file that is there already is never overwritten.'
  static override exits = {
    done: 'kubectl_complete-npm is on PATH; with --uninstall, what --install made is gone',
    no: 'it is not on PATH',
    failed: 'it could not be put there or taken away: the message says why',
  }
  static override examples = [
    '<%= config.bin %> completion',
    '<%= config.bin %> completion --install',
    '<%= config.bin %> completion --install --dir ~/bin',
    '<%= config.bin %> completion --uninstall',
  ]
  static override flags = {
    install: Flags.boolean({summary: 'Put kubectl_complete-npm beside kubectl-npm', default: false, exclusive: ['uninstall']}),
    uninstall: Flags.boolean({summary: 'Remove what --install has made', default: false}),
    dir: Flags.string({summary: 'Another folder, which has to be on PATH', helpValue: 'FOLDER'}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Completion)
    const folder = flags.dir === undefined ? undefined : resolve(flags.dir)
    if (flags.uninstall) {
      const {path, isDone} = await uninstallCompleter(folder)
      await this.say([`${path} is ${isDone ? 'removed' : 'not there'}`])
    } else if (flags.install) {
      const {path, isDone} = await installCompleter(folder)
      await this.say([`${path} is ${isDone ? 'made' : 'there already'}`, '', ...shellLines(process.env)])
    } else {
      if (folder !== undefined)
        throw new InputError('--dir is for --install and --uninstall', 'Say one of them, or leave --dir out.')
      const found = await findCompletion()
      await this.say(completionLines(found, process.env))
      if (!found.isUsable) this.exit(exitCodes.no)
    }
  }

  /** Folders may have any name. */
  private say(lines: readonly string[]): Promise<void> {
    return this.print(lines.map(escapeControls))
  }
}
