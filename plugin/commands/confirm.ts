import {Flags} from '@oclif/core'
import {InputError} from '../../core/problem/input-error.ts'
import {exitCodes, Verb} from '../command.ts'
import {outputFlag} from '../flags.ts'
import {writeFailure, writeResultLines} from '../print/write-result.ts'
import {isDone} from '../write/in-turn.ts'
import {openTargets} from '../write/open-targets.ts'
import {forTarget} from '../write/target-flag.ts'
import {targetFlags} from '../write/write-flags.ts'

export default class Confirm extends Verb {
  static override summary = 'Keeps a write that is taken back otherwise (apply --confirm-within)'
  static override description =
    'A node that was written to with apply --confirm-within goes back by itself unless somebody who can still reach it says ' +
    'that all is well. This says so, from whatever terminal.'
  static override exits = {done: 'the write stays', failed: 'nothing awaits a confirmation, or it could not be given'}
  static override examples = ['<%= config.bin %> confirm --node aks-1', 'sudo <%= config.bin %> confirm --local']
  static override flags = {
    ...targetFlags,
    id: Flags.string({summary: 'The write that is meant, when it must be this one', helpValue: 'ID'}),
    output: outputFlag(),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Confirm)
    await using opened = await openTargets(flags, this.waiting, 'operator')
    const {targets, absent} = opened
    const [first] = absent
    if (first) throw first.error
    const [target, ...others] = targets
    if (!target || others.length > 0)
      throw new InputError(
        `${targets.length} nodes are meant`,
        'Say which one with --node NAME. Which ones wait is told by kubectl npm status.',
      )
    const result = await target.confirm(flags.id)
    if (!isDone(result)) {
      if (flags.output !== 'table') await this.printAnswer(flags, {document: () => result, table: () => []})
      await this.reportFailures([forTarget(writeFailure(result), result.node, flags)])
      this.exit(exitCodes.failed)
    }
    await this.printAnswer(flags, {document: () => result, table: paint => writeResultLines(result, target.flag, paint)})
    await this.report(result.problems)
  }
}
