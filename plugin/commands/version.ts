import {Flags} from '@oclif/core'
import type {VersionList} from '../../core/contract/status.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {openCluster} from '../agents/cluster.ts'
import {exitCodes, Verb} from '../command.ts'
import {clusterFlags, outputFlag} from '../flags.ts'
import {hasKubeconfig} from '../kubernetes/kubeconfig.ts'
import {versionLines} from '../print/status.ts'
import {installationOf, singleExecutable} from '../shell/installation.ts'

type Agents = Pick<VersionList, 'agents' | 'failures'>

export default class Version extends Verb {
  static override summary = 'Tells the versions of this program and of the agents'
  static override description =
    'Of this program it also tells how it was installed, and what brings a newer one; whether there is one is not looked up. ' +
    'Where nothing says which cluster, and with --client, only that of this program. An agent answers plugins of other versions, as long as the ' +
    'first number of what they say to each other is the same.'
  static override exits = {done: 'told', failed: 'an agent could not be asked: its version is not known'}
  static override examples = ['<%= config.bin %> version', '<%= config.bin %> version --client -o json']
  static override flags = {
    ...clusterFlags,
    client: Flags.boolean({summary: 'Ask no agent', default: false}),
    output: outputFlag(),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Version)
    const installation = installationOf(singleExecutable(), this.config.root)
    const client = {version: this.config.version, node: process.versions.node, installation}
    const isAsked = !flags.client && hasKubeconfig(flags)
    // What is known is told before an error about the rest.
    const asked = isAsked ? await this.ask(flags).catch((error: Error) => error) : {agents: [], failures: []}
    const {agents, failures} = asked instanceof Error ? {agents: [], failures: []} : asked
    const list: VersionList = {apiVersion: API_VERSION, kind: 'VersionList', client, agents, failures}
    await this.printAnswer(flags, {document: () => list, table: paint => versionLines(list, paint)})
    if (asked instanceof Error) throw asked
    await this.reportFailures(failures)
    if (failures.length > 0) this.exit(exitCodes.failed)
  }

  private async ask(flags: Parameters<typeof openCluster>[0]): Promise<Agents> {
    const {requireNodeForCluster} = await import('../node-version.ts')
    requireNodeForCluster()
    const {openCluster: open} = await import('../agents/cluster.ts')
    const {readStatuses} = await import('../agents/read-statuses.ts')
    await using cluster = await open(flags, this.signal, {anyEngine: true})
    const {items, failures} = await readStatuses(cluster, this.waiting)
    return {agents: items.map(({node, version}) => ({node, version})), failures}
  }
}
