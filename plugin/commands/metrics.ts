import {Flags} from '@oclif/core'
import {expositionLines} from '../../core/metrics/exposition.ts'
import {nodeMetrics} from '../../core/metrics/node-metrics.ts'
import {sourceFlags, Verb} from '../command.ts'
import {metricsLines} from '../print/metrics.ts'
import {oneDump} from '../source/open-source.ts'

export default class Metrics extends Verb {
  static override summary = "Prints a node's metrics: Azure NPM's own, and what it does not count"
  static override description =
    "Azure NPM's metrics in its own names, types, labels and units, and npm_agent_…, our own: differences, name collisions, packets of " +
    'each policy. How many policies, rules, sets and members there are is read from rules and sets; all else that Azure NPM counts is ' +
    'relayed from its pages, as a dump has them. Nothing is made up: what is not known is left out, and -o wide says why. All metrics: ' +
    'docs/metrics.md. -o prometheus prints the text format that Prometheus scrapes.'
  static override examples = [
    '<%= config.bin %> metrics --from dump/',
    'sudo <%= config.bin %> metrics --local -o prometheus --no-ipset-counts > /var/lib/node_exporter/npm.prom',
  ]
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
    output: Flags.string({
      char: 'o',
      summary: 'Output format',
      options: ['table', 'wide', 'prometheus', 'json', 'yaml'],
      default: 'table',
    }),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Metrics)
    const source = await this.open(flags)
    const metrics = nodeMetrics(
      oneDump(source, flags),
      {isLite: flags.lite, hasSetCounts: flags['ipset-counts'], isCompared: flags.compare},
      source.problems,
    )
    await this.printAnswer(flags, {
      document: () => metrics,
      table: paint => metricsLines(metrics, paint, false),
      formats: {wide: paint => metricsLines(metrics, paint, true), prometheus: () => expositionLines(metrics.families)},
    })
    await this.report(metrics.problems)
  }
}
