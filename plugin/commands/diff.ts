import {Flags} from '@oclif/core'
import type {Drift, DriftList} from '../../core/contract/drift.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {diffNode} from '../../core/drift/diff-node.ts'
import {programOnly} from '../../core/drift/program-only.ts'
import {eachNode} from '../../core/problem/each-node.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {flagWords} from '../../core/text/shell-word.ts'
import {exitCodes, Verb} from '../command.ts'
import {dumpPaths, listFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {driftColumns, driftListLines, hasFindings} from '../print/drift.ts'
import type {Paint} from '../print/paint.ts'
import {type SortRows, sorterOf} from '../print/sort-rows.ts'
import {chosenNodes} from '../source/open-source.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from '../source/source-flags.ts'

type LiveFlags = SourceFlags & OutputFlags & {readonly lite: boolean; readonly 'program-only': boolean}

/** What `apply` is told on this machine: the same files, for what the policies ask for. */
const localTarget = ({from = []}: SourceFlags): string => ['--local', ...from.map(path => flagWords('-f', path))].join(' ')

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
    output: outputFlag(
      ['wide', 'name'],
      'wide shows all examples, and the differences below each cause; name the nodes that differ',
    ),
    ...listFlags,
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Diff)
    const sort = await sorterOf(flags['sort-by'], driftColumns)
    return this.answering(flags, () => (isLive(flags) ? this.live(flags, sort) : this.given(flags, sort)))
  }

  private async given(flags: LiveFlags, sort: SortRows<Drift>): Promise<void> {
    const source = await this.open(flags, 'each')
    const {nodes, failures: unread} = chosenNodes(source, flags)
    const options = {isLite: flags.lite, isProgramOnly: flags['program-only'], ...(flags.local && {target: localTarget(flags)})}
    const isOne = nodes.length + unread.length === 1
    const {items, failures} = eachNode(nodes, node => diffNode(node, options, isOne ? source.problems : []))
    const all = [...unread, ...failures].toSorted((a, b) => (a.node < b.node ? -1 : 1))
    const [first] = all
    if (first && items.length === 0) throw new InputError(first.message, first.next, source.problems)
    await this.printList(
      {apiVersion: API_VERSION, kind: 'DriftList', items, failures: all},
      isOne ? [] : source.problems,
      flags,
      sort,
    )
  }

  /** Each agent compares its own node. */
  private async live(flags: LiveFlags, sort: SortRows<Drift>): Promise<void> {
    const cluster = clusterFlagsOf(flags)
    const {diffNodes} = await import('../agents/diff-nodes.ts')
    const {list: asked, problems} = await diffNodes(cluster, flags, this.waiting)
    const list = flags['program-only'] ? {...asked, items: asked.items.map(programOnly)} : asked
    await this.printList(list, problems, flags, sort)
  }

  private async printList(
    given: DriftList,
    problems: readonly Problem[],
    flags: SourceFlags & OutputFlags,
    sort: SortRows<Drift>,
  ): Promise<void> {
    const list = {...given, items: sort(given.items)}
    const {items, failures} = list
    const [only] = items.length + failures.length === 1 ? items : []
    const isAgent = isLive(flags)
    const nodeNames = (paint: Paint) => items.filter(hasFindings).map(({node}) => paint(`node/${node}`))
    const table = (isWide: boolean) => (paint: Paint) => driftListLines(list, paint, isWide)
    await this.printAnswer(flags, {
      document: () => only ?? list,
      table: table(false),
      formats: {wide: table(true), name: nodeNames},
    })
    const ofNodes = items.flatMap(({node, problems: own}) => (only && !isAgent ? own : own.map(each => ({file: node, ...each}))))
    await this.report([...problems, ...ofNodes])
    await this.reportFailures(failures.map(each => (isAgent ? each : {...each, message: `node ${each.node}: ${each.message}`})))
    if (this.signal.aborted) this.exit(exitCodes.failed)
    if (items.some(hasFindings)) this.exit(exitCodes.no)
    const isWhole = failures.length === 0 && items.every(({clean}) => clean)
    this.exit(isWhole ? exitCodes.done : exitCodes.failed)
  }
}
