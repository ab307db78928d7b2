import {Flags} from '@oclif/core'
import {API_VERSION} from '../../core/contract/version.ts'
import type {WriteResultList, WriteStatusList} from '../../core/contract/writes.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {eachNode} from '../agents/each-node.ts'
import {exitCodes, Verb} from '../command.ts'
import {listFlags, type OutputFlags, outputFlag} from '../flags.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {restorePointColumns, restorePointLines, writeFailure, writeResultLines} from '../print/write-result.ts'
import {confirm, requireTerminal} from '../ui/confirm.ts'
import {inTurn, isDone} from '../write/in-turn.ts'
import {openTargets} from '../write/open-targets.ts'
import {forTarget} from '../write/target-flag.ts'
import {maxParallelFlag, maxParallelOf, targetFlags} from '../write/write-flags.ts'
import type {WriteTargets} from '../write/write-target.ts'

export default class Rollback extends Verb {
  static override summary = 'Returns a node to what it had before a write'
  static override description =
    'Before each write a node keeps a restore point: what it had of Azure NPM; the last ten are there. Without --to this ' +
    'takes back the last write that is in force, or the one that awaits its confirmation. Rules and sets of other programs ' +
    'stay as they are now. It is a write of its own: it keeps a restore point, so it can be taken back as well.'
  static override exits = {
    done: 'the node has what it had',
    no: 'you said no',
    failed: 'something failed: the message says in which state the node is',
  }
  static override examples = [
    '<%= config.bin %> rollback --list',
    '<%= config.bin %> rollback --node aks-1',
    '<%= config.bin %> rollback --node aks-1 --to 0007-20261130T090000Z',
    'sudo <%= config.bin %> rollback --local',
  ]
  static override flags = {
    ...targetFlags,
    list: Flags.boolean({summary: 'List the restore points, and write nothing', default: false}),
    to: Flags.string({summary: 'Return to this restore point, of one node', helpValue: 'ID', exclusive: ['list']}),
    yes: Flags.boolean({summary: 'Do not ask', default: false}),
    'max-parallel': maxParallelFlag,
    output: outputFlag(),
    ...listFlags,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Rollback)
    const maxParallel = maxParallelOf(flags['max-parallel'])
    if (!flags.list && !flags.yes) requireTerminal('Say --yes to write without being asked, or --list to see the restore points.')
    await using opened = await openTargets(flags, this.waiting, flags.list ? 'viewer' : 'operator')
    // Awaited here: the nodes can be asked until this ends.
    if (flags.list) return await this.list(opened, flags)
    const {targets, absent} = opened
    const [first] = absent
    if (first) throw first.error
    if (flags.to !== undefined && targets.length > 1)
      throw new InputError(`--to ${flags.to} is of one node, and ${targets.length} are meant`, 'Say which one with --node NAME.')
    if (!flags.yes) {
      const which = targets.length === 1 ? `node ${targets[0]?.node}` : `${targets.length} nodes`
      const where = flags.to === undefined ? 'Take back the last write to' : `Return to restore point ${flags.to} on`
      if (!(await confirm(`${where} ${which}?`, this.signal))) {
        await this.note(['Nothing was written.'])
        this.exit(exitCodes.no)
      }
    }
    const written = await inTurn(targets, target => target.rollback(flags.to), {
      ...this.waiting,
      maxParallel,
      label: 'writing to',
      onResult: async result => {
        const flag = targets.find(({node}) => node === result.node)?.flag ?? ''
        if (flags.output === 'table' && isDone(result)) await this.print(writeResultLines(result, flag, this.paint(flags.color)))
      },
    })
    await this.showWritten(written, flags)
    this.exit(written.failures.length > 0 || !written.items.every(isDone) ? exitCodes.failed : exitCodes.done)
  }

  private async showWritten(written: WriteResultList, flags: OutputFlags & Parameters<typeof forTarget>[2]): Promise<void> {
    const {items, failures, notDone} = written
    const [only = written] = items.length + failures.length + notDone.length === 1 ? items : []
    if (flags.output !== 'table') await this.printAnswer(flags, {document: () => only, table: () => []})
    await this.report(items.flatMap(({node, problems}) => problems.map(problem => ({file: node, ...problem}))))
    const failed = items.filter(each => !isDone(each)).map(each => forTarget(writeFailure(each), each.node, flags))
    await this.reportFailures([...failed, ...failures.map(each => forTarget(each, each.node, flags))])
    if (notDone.length > 0) await this.note([`Not begun: ${notDone.join(', ')}.`])
  }

  private async list(
    {targets, absent}: WriteTargets,
    flags: OutputFlags & {readonly 'sort-by': string | undefined},
  ): Promise<void> {
    const sort = await sorterOf(flags['sort-by'], restorePointColumns)
    const asked = await eachNode(targets, target => target.status(), {nodeOf: ({node}) => node, label: 'asking', ...this.waiting})
    const failed = [...absent, ...asked.flatMap(each => ('error' in each ? [each] : []))]
    const [only] = failed
    if (only && failed.length === asked.length + absent.length && failed.length === 1) throw only.error
    const list: WriteStatusList = {
      apiVersion: API_VERSION,
      kind: 'WriteStatusList',
      items: asked.flatMap(each => {
        if (!('value' in each)) return []
        const {node, value} = each
        const sorted = sort(value.restorePoints.map(point => ({...point, node})))
        const restorePoints = sorted.flatMap(({id}) => value.restorePoints.filter(point => point.id === id))
        return [{...value, node, restorePoints}]
      }),
      failures: failed.map(({node, error}) => ({node, message: error.message, next: error.next})),
    }
    const hasHeaders = !flags['no-headers']
    await this.printAnswer(flags, {document: () => list, table: paint => restorePointLines(list, paint, {sort, hasHeaders})})
    await this.reportFailures(list.failures)
    this.exit(list.failures.length > 0 ? exitCodes.failed : exitCodes.done)
  }
}
