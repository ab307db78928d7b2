import {networkInterfaces} from 'node:os'
import {Args} from '@oclif/core'
import {isClean, listDenied} from '../../core/flows/list-denied.ts'
import {exitCodes, Verb} from '../command.ts'
import {listFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {flowColumns, flowListLines} from '../print/flows.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {chosenNodes} from '../source/open-source.ts'
import type {SourceFlags} from '../source/source-flags.ts'

/** The addresses by which packets are this machine's own. */
const ownAddresses = (): ReadonlySet<string> =>
  new Set(Object.values(networkInterfaces()).flatMap((each = []) => each.map(({address}) => address)))

type FlowsFlags = SourceFlags & OutputFlags & {readonly 'sort-by': string | undefined}

export default class Flows extends Verb {
  static override summary = 'Lists connections that go on although the policies deny them'
  static override description =
    'Azure NPM judges the packet that opens a connection and no later one, so a connection that a newer policy denies goes ' +
    'on for as long as it is used. This reads the connections that a node forwards, walks the packet that opened each ' +
    'through its rules as if it were new, and names those that policies would drop. It changes nothing; apply ' +
    '--end-denied-flows ends them. Rules that a node has lost deny nothing: diff says whether it has them all. Who talks to ' +
    'whom is for operators: an agent tells it to those with Role kubectl-npm-operator.'
  static override exits = {done: 'there are none', no: 'there are some', failed: 'none was found, but not all is known'}
  static override examples = [
    '<%= config.bin %> flows denied --node aks-1',
    'sudo <%= config.bin %> flows denied --local',
    '<%= config.bin %> flows denied --from dump/ --from conntrack.txt',
  ]
  static override args = {
    which: Args.string({description: 'Which connections: those that the policies deny', options: ['denied'], required: true}),
  }
  static override flags = {
    ...sourceFlags,
    output: outputFlag(['wide'], 'wide shows all connections, and the node of each'),
    ...listFlags,
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Flows)
    return this.answering(flags, () => this.answer(flags))
  }

  private async answer(flags: FlowsFlags): Promise<void> {
    const source = await this.open(flags, 'each', {withConnections: true})
    const {nodes, failures} = chosenNodes(source, flags)
    const options = flags.local ? {ownAddresses: ownAddresses()} : {}
    const sort = await sorterOf(flags['sort-by'], flowColumns)
    const found = listDenied(nodes, failures, options)
    const list = {...found, items: sort(found.items)}
    const hasHeaders = !flags['no-headers']
    await this.printAnswer(flags, {
      document: () => list,
      table: paint => flowListLines(list, paint, {hasHeaders}),
      formats: {wide: paint => flowListLines(list, paint, {hasHeaders, isWide: true})},
    })
    await this.report([
      ...source.problems,
      ...list.nodes.flatMap(({node, problems}) => problems.map(problem => ({file: node, ...problem}))),
    ])
    const clean = isClean(list)
    this.exit(clean === undefined ? exitCodes.failed : clean ? exitCodes.done : exitCodes.no)
  }
}
