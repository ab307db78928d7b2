import {Flags} from '@oclif/core'
import type {AgentStatus} from '../../core/contract/agent.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {clusterFlags, exitCodes, sourceFlags, Verb} from '../command.ts'
import {demandLiveNode} from '../node-version.ts'
import {type Column, columns} from '../print/columns.ts'
import {jsonLines, yamlLines} from '../print/document.ts'

export default class Status extends Verb {
  static override summary = 'Shows the agents of a cluster, and what each knows'
  static override description =
    'Asks every agent how current its picture of the cluster is. Exit code 1 means that an agent cannot be asked, or does not ' +
    'follow the cluster at present.'
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --node aks-1 -o json']
  static override flags = {
    ...clusterFlags,
    node: sourceFlags.node,
    selector: sourceFlags.selector,
    output: Flags.string({char: 'o', summary: 'Output format', options: ['table', 'json', 'yaml'], default: 'table'}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Status)
    demandLiveNode()
    const {openCluster} = await import('../cluster/cluster.ts')
    const {eachNode} = await import('../cluster/each-node.ts')
    await using cluster = await openCluster(flags, this.signal, {anyEngine: true})
    const results = await eachNode(
      cluster.ready,
      async (pod, signal) => {
        await using agent = await cluster.connect(pod, signal)
        return await agent.ask('status', client => client.status.query(undefined, {signal}))
      },
      {nodeOf: ({node}) => node, label: 'asking', signal: this.signal},
    )
    const items = results.flatMap(each => ('value' in each ? [each.value] : []))
    const failed = [...cluster.absent, ...results.flatMap(each => ('error' in each ? [each] : []))]
    const failures = failed.map(({node, error}) => ({node, message: error.message, next: error.next}))
    const document = {apiVersion: API_VERSION, kind: 'AgentStatusList', items, failures}
    if (flags.output === 'json') await this.print(jsonLines(document))
    else if (flags.output === 'yaml') await this.print(await yamlLines(document))
    else await this.print(columns(items, COLUMNS, this.paint(flags.color)))
    await this.reportFailures(failures)
    const isWell = failures.length === 0 && items.every(({knowledge}) => knowledge.state === 'live')
    this.exit(isWell ? exitCodes.done : exitCodes.no)
  }
}

const COLUMNS: readonly Column<AgentStatus>[] = [
  {header: 'NODE', value: ({node}) => node},
  {header: 'VERSION', value: ({version}) => version},
  {header: 'IPTABLES', value: ({backend}) => backend},
  {header: 'CLUSTER', value: ({knowledge}) => knowledge.state},
  {header: 'AS OF', value: ({knowledge}) => knowledge.asOf ?? 'never'},
  {header: 'PODS', value: ({knowledge}) => String(knowledge.pods), align: 'right'},
  {header: 'POLICIES', value: ({knowledge}) => String(knowledge.policies), align: 'right'},
  {header: 'CLIENTS', value: ({connections}) => String(connections), align: 'right'},
  {header: 'MEMORY', value: ({memoryBytes}) => `${Math.round(memoryBytes / 1e6)} MB`, align: 'right'},
]
