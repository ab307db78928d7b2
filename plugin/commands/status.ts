import {Flags} from '@oclif/core'
import {exitCodes, Verb} from '../command.ts'
import {clusterFlags, listFlags, outputFlag, requireStream, sourceFlags} from '../flags.ts'
import {requireNodeForCluster} from '../node-version.ts'
import {readerGone} from '../print/output.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {type StatusRow, statusColumns, statusLines} from '../print/status.ts'
import {pendingLines} from '../print/write-result.ts'

export default class Status extends Verb {
  static override summary = 'Shows the agents of a cluster, and what each knows'
  static override description =
    'Asks every agent how current its picture of the cluster is, and what was last written to its node: a write that awaits ' +
    'its confirmation is told with the command that gives it, restore points are listed by rollback --list. With --watch ' +
    'the table stays current until Ctrl-C: on a terminal in place, else with a line for each change, and as JSON with one ' +
    'document to a line. An agent that goes away is shown as away, and asked again.'
  static override exits = {
    done: 'all agents answer and follow the cluster',
    no: 'an agent cannot be asked, or does not follow the cluster at present',
    failed: 'there are no agents, or nobody can be asked',
  }
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --node aks-1 -o json',
    '<%= config.bin %> status --watch',
  ]
  static override flags = {
    ...clusterFlags,
    node: sourceFlags.node,
    selector: sourceFlags.selector,
    watch: Flags.boolean({char: 'w', summary: 'Show every change, until Ctrl-C', default: false}),
    output: outputFlag(['name']),
    ...listFlags,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Status)
    if (flags.watch) requireStream(flags.output)
    requireNodeForCluster()
    const sort = await sorterOf<KnownRow>(flags['sort-by'], statusColumns, {itemOf: ({status}) => status})
    const {openCluster} = await import('../agents/cluster.ts')
    await using cluster = await openCluster(flags, this.signal, {anyEngine: true})
    if (flags.watch) {
      const {showChanges} = await import('../ui/status-changes.ts')
      const {watchStatus} = await import('../ui/watch-status.ts')
      const isTerminal = process.stdout.isTTY && process.env['TERM'] !== 'dumb'
      const show = showChanges(flags.output, this.paint(flags.color), isTerminal)
      const table = await watchStatus(cluster, flags, AbortSignal.any([this.signal, readerGone()]), show)
      this.exit(this.followedCode(table.isHealthy ? exitCodes.done : exitCodes.no))
    }
    const {readStatuses} = await import('../agents/read-statuses.ts')
    const found = await readStatuses(cluster, this.waiting)
    const list = {...found, items: sort(found.items.map(rowOf)).map(({status}) => status)}
    const {items, failures} = list
    const rows = items.map(rowOf)
    await this.printAnswer(flags, {
      document: () => list,
      formats: {name: paint => items.map(({node}) => paint(`node/${node}`))},
      table: paint => [
        ...statusLines(rows, paint, !flags['no-headers']),
        ...items.flatMap(({node, writes}) => (writes ? [...pendingLines(node, writes, paint)] : [])),
      ],
    })
    await this.reportFailures(failures)
    const isHealthy = failures.length === 0 && items.every(({knowledge}) => knowledge.state === 'live')
    this.exit(isHealthy ? exitCodes.done : exitCodes.no)
  }
}

type KnownRow = Required<StatusRow>

const rowOf = (status: KnownRow['status']): KnownRow => ({node: status.node, status})
