import {Flags} from '@oclif/core'
import {diffNode} from '../../core/drift/diff-node.ts'
import {exitCodes, type OutputFlags, sourceFlags, Verb} from '../command.ts'
import {driftLines, driftListLines} from '../print/drift.ts'
import {clusterFlagsOf, isLive, oneDump, type SourceFlags} from '../source/open-source.ts'

export default class Diff extends Verb {
  static override summary = 'Compares what the policies ask for with what is programmed on a node'
  static override description =
    'Compiles the NetworkPolicies as Azure NPM would and compares sets, members, chains, rules and jumps. Each difference ' +
    'says whether it lets packets through or drops them, found by walking packets. Policies with too many rules are not ' +
    'compared, and named. Exit code 1 means that there are differences, 2 that there are none but not all was compared.'
  static override examples = ['<%= config.bin %> diff --from dump/', 'sudo <%= config.bin %> diff --local --from cluster.json']
  static override flags = {
    ...sourceFlags,
    lite: Flags.boolean({summary: 'The node runs NPM Lite, which reads its own pods only', default: false}),
    output: Flags.string({char: 'o', summary: 'Output format', options: ['table', 'json', 'yaml'], default: 'table'}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Diff)
    if (isLive(flags)) return this.live(flags)
    const source = await this.open(flags)
    const drift = diffNode(oneDump(source, flags), {isLite: flags.lite}, source.problems)
    await this.printAnswer(flags, {document: () => drift, table: paint => driftLines(drift, paint)})
    await this.report(drift.problems)
    this.exit(drift.items.length > 0 ? exitCodes.no : drift.clean ? exitCodes.done : exitCodes.failed)
  }

  /** Each agent compares its own node. */
  private async live(flags: SourceFlags & OutputFlags & {readonly lite: boolean}): Promise<void> {
    const cluster = await clusterFlagsOf(flags)
    const {diffNodes} = await import('../agents/diff-nodes.ts')
    const {list, problems} = await diffNodes(cluster, flags, this.waiting)
    const {items, failures} = list
    const [only = list] = items.length + failures.length === 1 ? items : []
    await this.printAnswer(flags, {document: () => only, table: paint => driftListLines(list, paint)})
    await this.report([...problems, ...items.flatMap(({node, problems}) => problems.map(each => ({file: node, ...each})))])
    await this.reportFailures(failures)
    if (this.signal.aborted) this.exit(exitCodes.failed)
    if (items.some(drift => drift.items.length > 0)) this.exit(exitCodes.no)
    const isWhole = failures.length === 0 && items.every(({clean}) => clean)
    this.exit(isWhole ? exitCodes.done : exitCodes.failed)
  }
}
