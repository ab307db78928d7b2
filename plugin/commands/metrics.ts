import {Flags} from '@oclif/core'
import type {MetricFamily, MetricsList} from '../../core/contract/metrics.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {joinNodes} from '../../core/metrics/join-nodes.ts'
import {type MetricsOptions, nodeMetrics} from '../../core/metrics/node-metrics.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {escapeControls} from '../../core/text/escape.ts'
import type {AgentConnection} from '../agents/agent-connection.ts'
import {exitCodes, Verb} from '../command.ts'
import {dumpPaths, listFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {type MetricRow, metricColumns, metricsListLines} from '../print/metrics.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {chosenNodes} from '../source/open-source.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from '../source/source-flags.ts'

export default class Metrics extends Verb {
  static override summary = "Prints metrics of nodes: Azure NPM's own, and what it does not count"
  static override description =
    "Azure NPM's metrics in its own names, types, labels and units, and npm_agent_…, our own: differences, name collisions, " +
    'packets of each policy. How many policies, rules, sets and members there are is read from rules and sets; all else ' +
    'that Azure NPM counts is relayed from its pages. Of a cluster, each agent gives all of its node, with what it has ' +
    'found out and done itself; a dump gives what it has. Nothing is made up: what is not known is left out, and -o wide says ' +
    'why. All metrics: docs/metrics.md. -o prometheus prints the text format that Prometheus scrapes; of several nodes it is ' +
    'one page, with a label node.'
  static override exits = {done: 'all nodes were read', failed: 'a node could not be read'}
  static override examples = [
    '<%= config.bin %> metrics --from dump/',
    '<%= config.bin %> metrics --node aks-1 --node aks-2 -o prometheus',
    'sudo <%= config.bin %> metrics --local -o prometheus --no-ipset-counts > /var/lib/node_exporter/npm.prom',
  ]
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    'ipset-counts': Flags.boolean({
      summary: 'A series for each set; a large cluster has thousands',
      default: true,
      allowNo: true,
    }),
    compare: Flags.boolean({
      summary: 'Compare the node with its policies, which takes longest',
      default: true,
      allowNo: true,
    }),
    lite: Flags.boolean({summary: 'The node runs NPM Lite, which reads its own pods only', default: false}),
    output: outputFlag(['wide', 'name', 'prometheus']),
    ...listFlags,
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Metrics)
    return this.answering(flags, () => this.answer(flags))
  }

  private async answer(flags: PrintFlags): Promise<void> {
    const {list, problems} = isLive(flags) && !flags.lite ? await this.live(flags) : await this.read(flags)
    const {items, failures} = list
    const [only] = items.length + failures.length === 1 ? items : []
    const sort = await sorterOf<MetricRow>(flags['sort-by'], metricColumns, {itemOf: ({sample}) => sample})
    const look = (isWide: boolean) => ({isWide, sort, hasHeaders: !flags['no-headers']})
    await this.printAnswer(flags, {
      document: () => only ?? list,
      table: paint => metricsListLines(list, paint, look(false)),
      formats: {
        wide: paint => metricsListLines(list, paint, look(true)),
        name: paint => [...new Set(items.flatMap(({families}) => families.map(({name}) => paint(name))))],
        prometheus: () => pageLines(only ? only.families : joinNodes(items)),
      },
    })
    const found = items.flatMap(({node, problems}) => problems.map(each => (only ? each : {file: node, ...each})))
    await this.report([...problems, ...found])
    if (failures.length > 0) {
      // Whoever scrapes it is told by what is missing, a person by these lines.
      if (flags.output === 'prometheus')
        await this.tell(failures.map(({node, message, next}) => `warning: ${escapeControls(`${node}: ${message}. ${next}`)}`))
      this.exit(exitCodes.failed)
    }
  }

  /** Each agent has the metrics of its node, and knows what nobody else does. */
  private async live(flags: MetricsFlags): Promise<Found> {
    const {metricsOfNodes} = await import('../agents/node-metrics.ts')
    const {readWholeNode} = await import('../source/read-cluster.ts')
    const input = {setCounts: flags['ipset-counts'], compare: flags.compare}
    const ofOlder = async (agent: AgentConnection) => {
      const {state, problems} = await readWholeNode(agent, this.signal)
      return nodeMetrics(state, optionsOf(flags), problems)
    }
    return metricsOfNodes(clusterFlagsOf(flags), input, ofOlder, this.waiting)
  }

  private async read(flags: MetricsFlags): Promise<Found> {
    const source = await this.open(flags, 'each')
    const {nodes, failures} = chosenNodes(source, flags)
    const [first] = failures
    if (first && nodes.length === 0) throw new InputError(first.message, first.next, source.problems)
    const isOne = nodes.length + failures.length === 1
    const items = nodes.map(node => nodeMetrics(node, optionsOf(flags), isOne ? source.problems : []))
    return {
      list: {apiVersion: API_VERSION, kind: 'MetricsList', items, failures},
      problems: isOne ? [] : source.problems,
    }
  }
}

type MetricsFlags = SourceFlags & {readonly lite: boolean; readonly compare: boolean; readonly 'ipset-counts': boolean}

type PrintFlags = MetricsFlags & OutputFlags & {readonly 'sort-by': string | undefined}

interface Found {
  readonly list: MetricsList
  /** Of the input as a whole. */
  readonly problems: readonly Problem[]
}

const optionsOf = (flags: MetricsFlags): MetricsOptions => ({
  isLite: flags.lite,
  hasSetCounts: flags['ipset-counts'],
  isCompared: flags.compare,
})

async function pageLines(families: readonly MetricFamily[]): Promise<string[]> {
  const {exposition} = await import('../../core/metrics/exposition.ts')
  return (await exposition(families)).trimEnd().split('\n')
}
