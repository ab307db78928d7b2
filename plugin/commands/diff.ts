import {Flags} from '@oclif/core'
import {diffNode} from '../../core/drift/diff-node.ts'
import {programOnly} from '../../core/drift/program-only.ts'
import {dumpPaths, exitCodes, type OutputFlags, outputFlag, sourceFlags, Verb} from '../command.ts'
import {driftLines, driftListLines, hasFindings} from '../print/drift.ts'
import {clusterFlagsOf, isLive, oneDump, type SourceFlags} from '../source/open-source.ts'

type LiveFlags = SourceFlags & OutputFlags & {readonly lite: boolean; readonly 'program-only': boolean}

/** What `apply` is told on this machine: the same files, for what the policies ask for. */
const localTarget = ({from = []}: SourceFlags): string => ['--local', ...from.map(path => `-f ${shellWord(path)}`)].join(' ')

const shellWord = (text: string): string => (/^[\w./=:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

export default class Diff extends Verb {
  static override summary = 'Compares what the policies ask for with what is programmed on a node'
  static override description =
    'Compiles the NetworkPolicies as Azure NPM would, compares sets, members, chains, rules and jumps, and walks packets ' +
    'through the node as it is. Tells what is wrong by cause, each once: a policy that is missing, left over or changed, a ' +
    'pod with an old address, a rule of another program that decides before Azure NPM; what it opens and closes on this ' +
    'node, and a packet that shows it. Policies that Azure NPM refuses or turns into something else have a heading of their ' +
    'own; --program-only leaves them out.'
  static override exits = {
    done: 'the node is what the policies ask for',
    no: 'something is wrong',
    failed: 'nothing was found, but not all was compared',
  }
  static override examples = ['<%= config.bin %> diff --from dump/', 'sudo <%= config.bin %> diff --local --from cluster.json']
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    lite: Flags.boolean({summary: 'The node runs NPM Lite, which reads its own pods only', default: false}),
    'program-only': Flags.boolean({
      summary: 'Compares only with what Azure NPM programs, and does not ask whether that is what the policies mean',
      default: false,
    }),
    output: outputFlag(['wide'], 'wide shows all examples, and the differences below each cause'),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Diff)
    if (isLive(flags)) return this.live(flags)
    const source = await this.open(flags)
    const drift = diffNode(
      oneDump(source, flags),
      {isLite: flags.lite, isProgramOnly: flags['program-only'], ...(flags.local && {target: localTarget(flags)})},
      source.problems,
    )
    await this.printAnswer(flags, {
      document: () => drift,
      table: paint => driftLines(drift, paint),
      formats: {wide: paint => driftLines(drift, paint, true)},
    })
    await this.report(drift.problems)
    this.exit(hasFindings(drift) ? exitCodes.no : drift.clean ? exitCodes.done : exitCodes.failed)
  }

  /** Each agent compares its own node. */
  private async live(flags: LiveFlags): Promise<void> {
    const cluster = await clusterFlagsOf(flags)
    const {diffNodes} = await import('../agents/diff-nodes.ts')
    const {list: asked, problems} = await diffNodes(cluster, flags, this.waiting)
    const list = flags['program-only'] ? {...asked, items: asked.items.map(programOnly)} : asked
    const {items, failures} = list
    const [only = list] = items.length + failures.length === 1 ? items : []
    await this.printAnswer(flags, {
      document: () => only,
      table: paint => driftListLines(list, paint),
      formats: {wide: paint => driftListLines(list, paint, true)},
    })
    await this.report([...problems, ...items.flatMap(({node, problems}) => problems.map(each => ({file: node, ...each})))])
    await this.reportFailures(failures)
    if (this.signal.aborted) this.exit(exitCodes.failed)
    if (items.some(hasFindings)) this.exit(exitCodes.no)
    const isWhole = failures.length === 0 && items.every(({clean}) => clean)
    this.exit(isWhole ? exitCodes.done : exitCodes.failed)
  }
}
