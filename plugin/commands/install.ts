import {Flags} from '@oclif/core'
import {API_VERSION} from '../../core/contract/version.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {Verb} from '../command.ts'
import {clusterFlags, streamFlag} from '../flags.ts'
import {durationMs, durationText} from '../install/duration.ts'
import {installAgents} from '../install/install-agents.ts'
import {objectName} from '../install/objects.ts'
import {permissionsOf} from '../install/permissions.ts'
import {isForScrapers, isForWriting, renderManifests} from '../install/render.ts'
import {adviceForWindows} from '../install/windows-nodes.ts'
import {openClusterApi} from '../kubernetes/api.ts'
import {requireNodeForCluster} from '../node-version.ts'
import {readyLines, rolloutLines, stepLine} from '../print/install.ts'
import {permissionLines} from '../print/permissions.ts'
import {refuseOpenWrites} from '../write/open-writes.ts'

export default class Install extends Verb {
  static override summary = 'Puts the agents into a cluster, on all nodes or for a while on one'
  static override description =
    'Applies the manifests that came with this program by server-side apply: two namespaces, accounts, roles, and DaemonSets of agents ' +
    'and of the relays through which they are reached. Everything is checked by the API server before anything is stored. An older ' +
    "installation is upgraded. With --read-only, agents load nothing that writes, and the operator's account and roles are left out, " +
    'or removed if they are there; install without it adds them. Refused while a write awaits its confirmation. With --ephemeral it is one agent on one node, which ends by itself.'
  static override exits = {
    done: 'all agents are ready',
    failed: 'nothing was installed, or an agent is not ready: the message says which',
  }
  static override examples = [
    '<%= config.bin %> install --explain',
    '<%= config.bin %> install --dry-run',
    '<%= config.bin %> install --image registry.example.com/kubectl-npm/agent:0.1.0',
    '<%= config.bin %> install --read-only --image registry.example.com/kubectl-npm/agent:0.1.0',
    '<%= config.bin %> install --metrics --image registry.example.com/kubectl-npm/agent:0.1.0',
    '<%= config.bin %> install --ephemeral --node aks-1 --for 10m',
  ]
  static override flags = {
    ...clusterFlags,
    image: Flags.string({summary: 'Image of the agent, in a registry that the nodes reach', helpValue: 'REF'}),
    'read-only': Flags.boolean({
      summary: 'Agents that cannot write to their nodes, and no account that could ask them to',
      default: false,
    }),
    metrics: Flags.boolean({
      summary: 'Agents serve metrics to Prometheus, on port 10292 of each node, to accounts that may get them',
      default: false,
    }),
    'metrics-auth': Flags.string({
      summary: 'Who may read metrics: token, or none for plain HTTP to everybody who reaches the port',
      options: ['token', 'none'],
      default: 'token',
      dependsOn: ['metrics'],
    }),
    lite: Flags.boolean({
      summary: 'The nodes run NPM Lite, which reads its own pods only; for what metrics are compared with',
      dependsOn: ['metrics'],
    }),
    'dry-run': Flags.boolean({summary: 'Let the API server check everything, and store nothing', default: false}),
    explain: Flags.boolean({summary: 'Print each permission and why it is needed, and do nothing', default: false}),
    ephemeral: Flags.boolean({summary: 'One agent on one node, which ends by itself', dependsOn: ['node']}),
    node: Flags.string({summary: 'Node for --ephemeral', helpValue: 'NAME', dependsOn: ['ephemeral']}),
    for: Flags.string({
      summary: 'How long the agent of --ephemeral lives at most',
      helpValue: 'DURATION',
      default: '30m',
    }),
    'force-conflicts': Flags.boolean({summary: 'Take over fields that others have set', default: false}),
    timeout: Flags.string({summary: 'How long to wait until the agents are ready', helpValue: 'DURATION', default: '2m'}),
    output: streamFlag('json and yaml are for --explain, and for --dry-run print the objects'),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Install)
    requireNodeForCluster()
    const {node, output, 'agent-namespace': namespace, 'dry-run': dryRun} = flags
    const paint = this.paint(flags.color)
    const say = (...lines: string[]): boolean => process.stderr.write(lines.map(line => `${paint(line)}\n`).join(''))
    if (output !== 'table' && !flags.explain && !dryRun)
      throw new InputError(`-o ${output} is for --explain and --dry-run`, 'Leave it out.')
    const times = {timeoutMs: durationMs('--timeout', flags.timeout), lifetimeMs: durationMs('--for', flags.for)}
    const readOnly = flags['read-only']
    const auth: 'token' | 'none' = flags['metrics-auth'] === 'none' ? 'none' : 'token'
    const options = {namespace, image: flags.image}
    const metrics = flags.metrics ? ({auth, lite: flags.lite} as const) : undefined
    const objects = await renderManifests(this.config.root, {...options, metrics, readOnly})
    if (flags.explain) {
      const document = {apiVersion: API_VERSION, kind: 'Permissions', items: permissionsOf(objects, namespace)}
      return this.printAnswer(flags, {
        document: () => document,
        table: () => permissionLines(document.items, paint, namespace),
      })
    }
    await using api = await openClusterApi(flags, this.signal)
    if (readOnly && !dryRun) await refuseOpenWrites(api, 'install --read-only', text => say(`warning: ${text}`), this.waiting)
    const all = await renderManifests(this.config.root, {...options, metrics: {auth: 'token', lite: false}})
    // An agent for one node says nothing of those on all others.
    const isWithoutScrapers = node === undefined && metrics?.auth !== 'token'
    const without = all.filter(each => (readOnly && isForWriting(each)) || (isWithoutScrapers && isForScrapers(each)))
    const question = {objects, without, node, dryRun, force: flags['force-conflicts'], ...times, signal: this.signal}
    const installation = await installAgents(api, question, {
      onStep: ({object, change}) =>
        output === 'table' && process.stdout.write(`${paint(stepLine(objectName(object), change, dryRun))}\n`),
      onWarning: text => say(`warning: ${text}`),
      onWait: text => say(`waiting: ${text}`),
      onRollout: rollout => process.stderr.write([...rolloutLines(rollout, paint), ''].join('\n')),
      onTrouble: text => say(`waiting: ${text}`),
    })
    if (installation.kind === 'present') say(installation.sentence)
    else if (installation.kind !== 'checked') {
      say(...readyLines(installation, durationText(times.lifetimeMs)))
      const advice = installation.kind === 'all nodes' && (await adviceForWindows(api, this.config.root, this.signal))
      if (advice) say(advice)
    } else if (output !== 'table')
      await this.printAnswer(flags, {
        document: () => ({apiVersion: 'v1', kind: 'List', items: installation.objects}),
        table: () => [],
      })
  }
}
