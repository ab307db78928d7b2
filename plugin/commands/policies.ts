import {Flags} from '@oclif/core'
import type {Drift} from '../../core/contract/drift.ts'
import type {PolicyList, PolicyListItem} from '../../core/contract/policies.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {selects} from '../../core/kubernetes/label-selector.ts'
import {parseSelector} from '../../core/kubernetes/parse-selector.ts'
import {type ComparedNode, compareNodes} from '../../core/policies/compare-nodes.ts'
import {listPolicies, type PolicyFilter} from '../../core/policies/list-policies.ts'
import {sortColumns, sortPolicies} from '../../core/policies/sort-policies.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {meant} from '../../core/text/nearest.ts'
import {exitCodes, Verb} from '../command.ts'
import {dumpPaths, listFlags, namespaceFlags, type OutputFlags, outputFlag, requireStream, sourceFlags} from '../flags.ts'
import {readerGone} from '../print/output.ts'
import {type PolicyLook, policyColumns, policyLines, policyNames} from '../print/policies.ts'
import {type SortRows, sorterOf} from '../print/sort-rows.ts'
import {chosenNodes} from '../source/open-source.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from '../source/source-flags.ts'

type PrintFlags = OutputFlags & {readonly 'sort-by': string | undefined; readonly 'no-headers': boolean}
type PolicyFlags = SourceFlags & OutputFlags & {readonly lite: boolean}

export default class Policies extends Verb {
  static override summary = 'Lists policies over all nodes: in force or not, and what they count'
  static override description =
    'One line for each policy and direction: how many pods it selects, on how many nodes it is programmed, what its rules ' +
    'have counted, and its state, which is what diff finds on any of the nodes: in force; missing or different on some; ' +
    'refused by Azure NPM, with the code of lint; something else than it says, as Azure NPM programs it; left over, without ' +
    'an object; unknown where the input does not tell. -o wide says where and why. NEW CONNS are first packets that its ' +
    'rules let in or out, DROPS packets that they drop unless another policy of the direction allows them, over all nodes. ' +
    'With --watch connections and drops are those of a second, until Ctrl-C: on a terminal in place, else a line for each ' +
    'change, and as JSON one document to a line.'
  static override exits = {
    done: 'all are in force',
    no: 'one is not in force',
    failed: 'none is known to be wrong, and not all is known',
  }
  static override examples = [
    '<%= config.bin %> policies',
    '<%= config.bin %> policies -n shop --sort-by drops',
    '<%= config.bin %> policies --from dump/ -o wide',
    'sudo <%= config.bin %> policies --local',
  ]
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    ...namespaceFlags('policies'),
    selector: Flags.string({char: 'l', summary: 'Only policies whose objects have these labels', helpValue: 'LABELS'}),
    watch: Flags.boolean({char: 'w', summary: 'Follow what is counted in a second, until Ctrl-C', default: false}),
    lite: Flags.boolean({summary: 'The nodes run NPM Lite, which reads its own pods only', default: false}),
    output: outputFlag(['wide', 'name'], 'wide says where and why'),
    ...listFlags,
    // For completion.
    'sort-by': {...listFlags['sort-by'], formats: [...sortColumns]},
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Policies)
    const {selector, namespace: namespaces, 'sort-by': sorting, ...rest} = flags
    const filter = filterOf(namespaces, selector)
    if (flags.watch) requireStream(flags.output)
    if (flags.watch) return this.exit(await this.watch(flags, rest, filter))
    const sort = await policySorter(sorting)
    const {list, now, namespaceNames} = await this.list(rest, filter)
    const sorted = {...list, items: sort(list.items)}
    const {failures, problems} = list
    const look = (isWide: boolean): PolicyLook => ({isWide, hasHeaders: !flags['no-headers'], now})
    await this.printAnswer(flags, {
      document: () => sorted,
      table: paint => policyLines(sorted, paint, look(false)),
      formats: {wide: paint => policyLines(sorted, paint, look(true)), name: () => policyNames(sorted)},
    })
    await this.report(problems)
    await this.reportFailures(failures)
    const code = exitCodeOf(list)
    const empty = namespaces?.filter(name => !list.items.some(({namespace}) => namespace === name)) ?? []
    if (empty.length === 0) this.exit(code)
    await this.reportUnknown(
      empty.map(name => ({
        what: `no policies in namespace ${name}${selector === undefined ? '' : ` with labels ${selector}`}`,
        // A namespace that is there has no other name.
        steps: [
          ...(namespaceNames.includes(name) ? [] : meant(name, namespaceNames)),
          selector === undefined ? 'See those of all namespaces: kubectl npm policies' : 'See all that are there: leave -l out.',
        ],
      })),
    )
    this.exit(code === exitCodes.done ? exitCodes.no : code)
  }

  /** @returns the exit code: 130 for Ctrl-C, else that of the last state */
  private async watch(
    {output, color, 'sort-by': sorting, 'no-headers': isBare}: PrintFlags,
    flags: PolicyFlags,
    filter: PolicyFilter,
  ): Promise<number> {
    if (!flags.local && !isLive(flags))
      throw new InputError('--watch follows nodes, and what is in a file does not change', 'Leave --watch out.')
    const [{openLiveSource}, {watchPolicies}, {showPolicies}] = await Promise.all([
      import('../live/open-live-source.ts'),
      import('../ui/watch-policies.ts'),
      import('../ui/policy-changes.ts'),
    ])
    const signal = AbortSignal.any([this.signal, readerGone()])
    await using source = await openLiveSource(flags, signal)
    const sort = await policySorter(sorting)
    const look = (): PolicyLook => ({isWide: output === 'wide', hasHeaders: !isBare, isWatched: true, now: Date.now()})
    const isTerminal = process.stdout.isTTY && process.env['TERM'] !== 'dumb'
    const show = showPolicies(output, this.paint(color), look, isTerminal)
    const list = async () => (await this.list(flags, filter)).list
    const last = await watchPolicies(
      {
        source,
        intervalMs: WATCH_MS,
        list,
        show: async watched => show({...watched, list: {...watched.list, items: sort(watched.list.items)}}),
      },
      signal,
    )
    return this.followedCode(exitCodeOf(last))
  }

  private async list(
    flags: PolicyFlags,
    filter: PolicyFilter,
  ): Promise<{list: PolicyList; now: number; namespaceNames: readonly string[]}> {
    // Each agent compares its own node.
    const compared = isLive(flags) ? await this.askAgents(flags) : undefined
    const {queue, cluster, failures, problems, now} = await this.read(flags)
    const unasked = compared?.failures.filter(({node}) => !failures.some(failed => failed.node === node)) ?? []
    const states = taken(queue)
    const list = listPolicies(
      cluster,
      compared ? withDrifts(states, compared.drifts) : compareNodes(states, {isLite: flags.lite}),
      {
        failures: [...failures, ...unasked],
        problems: [...(compared?.problems ?? []), ...problems],
        filter,
      },
    )
    return {list, now, namespaceNames: (cluster?.namespaces ?? []).map(({metadata}) => metadata.name)}
  }

  /** The nodes in a queue: what is learned of one is not kept while others are looked at. */
  private async read(flags: PolicyFlags) {
    const source = await this.open(flags, 'each')
    const {nodes, failures} = chosenNodes(source, flags)
    // Of a dump the ages are those when it was taken.
    const times = nodes.flatMap(({takenAt}) => (takenAt === undefined ? [] : [Date.parse(takenAt)])).filter(Number.isFinite)
    return {
      queue: nodes.toReversed(),
      cluster: nodes.find(state => state.cluster)?.cluster,
      failures,
      problems: [...source.problems, ...nodes.flatMap(({problems}) => problems)],
      now: times.length > 0 ? Math.max(...times) : Date.now(),
    }
  }

  private async askAgents(flags: PolicyFlags) {
    const cluster = clusterFlagsOf(flags)
    const {diffNodes} = await import('../agents/diff-nodes.ts')
    const {list, problems} = await diffNodes(cluster, flags, this.waiting)
    return {drifts: new Map(list.items.map(drift => [drift.node, drift])), failures: list.failures, problems}
  }
}

/** Between two looks at the counters, at least. */
const WATCH_MS = 1000

const policySorter = async (by: string | undefined): Promise<SortRows<PolicyListItem>> =>
  sorterOf(by, policyColumns({isWide: true, hasHeaders: true, now: 0}), {
    orders: Object.fromEntries(
      sortColumns.map(column => [column, (items: readonly PolicyListItem[]) => sortPolicies(items, column)]),
    ),
  })

/** Takes items off the end of a list, one by one. */
function* taken<Item>(list: Item[]): Generator<Item> {
  for (let item = list.pop(); item !== undefined; item = list.pop()) yield item
}

/** Nodes that were compared; of the others nothing is told. */
function* withDrifts(nodes: Iterable<NodeState>, drifts: ReadonlyMap<string, Drift>): Generator<ComparedNode> {
  for (const state of nodes) {
    const drift = drifts.get(state.node)
    if (drift) yield {state, drift}
  }
}

function filterOf(namespaces: readonly string[] | undefined, selector: string | undefined): PolicyFilter {
  const parsed = selector === undefined ? undefined : parseSelector(selector)
  if (selector !== undefined && !parsed)
    throw new InputError(
      `-l ${selector}: this is no label selector`,
      "Write it as for kubectl: -l app=web, -l 'env in (a,b),!old'.",
    )
  return {
    ...(namespaces && {namespaces}),
    ...(parsed && {selects: labels => selects(parsed, labels)}),
  }
}

/** What is known to be wrong weighs more than what is not known. */
function exitCodeOf({items, others, failures, incomplete}: PolicyList): number {
  const states = new Set(items.flatMap(item => item.states.map(({state}) => state)))
  const isUnknown = states.delete('unknown') || failures.length + incomplete.length > 0
  states.delete('in force')
  if (states.size > 0 || others.length > 0) return exitCodes.no
  return isUnknown ? exitCodes.failed : exitCodes.done
}
