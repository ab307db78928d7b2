import {Flags} from '@oclif/core'
import {API_VERSION} from '../../core/contract/version.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {clusterFlags, Verb} from '../command.ts'
import {podOf} from '../install/admission.ts'
import {durationMs, durationText} from '../install/duration.ts'
import {agentsOn, agentThere, checkNode, ephemeralPod, IDLE_SECONDS, nextFor, startEphemeral} from '../install/ephemeral.ts'
import {type InstallStep, install} from '../install/install.ts'
import {type KubernetesObject, objectName} from '../install/objects.ts'
import {permissionsOf} from '../install/permissions.ts'
import {waitForRollout} from '../install/ready.ts'
import {daemonSetOf, renderManifests} from '../install/render.ts'
import {type ClusterApi, openClusterApi} from '../kubernetes/api.ts'
import {requireNodeForCluster} from '../node-version.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import type {Paint} from '../print/paint.ts'
import {permissionLines} from '../print/permissions.ts'

export default class Install extends Verb {
  static override summary = 'Puts the agents into a cluster, on all nodes or for a while on one'
  static override description =
    'Applies the manifests that came with this program by server-side apply: a namespace, accounts, roles, and a DaemonSet. ' +
    'Everything is checked by the API server before anything is stored. ' +
    'With --ephemeral it is one pod on one node, which ends by itself.'
  static override examples = [
    '<%= config.bin %> install --explain',
    '<%= config.bin %> install --dry-run',
    '<%= config.bin %> install --image registry.example.com/kubectl-npm/agent:0.1.0',
    '<%= config.bin %> install --ephemeral --node aks-1 --for 10m',
  ]
  static override flags = {
    ...clusterFlags,
    image: Flags.string({summary: 'Image of the agent, in a registry that the nodes reach', helpValue: 'REF'}),
    'dry-run': Flags.boolean({summary: 'Let the API server check everything, and store nothing', default: false}),
    explain: Flags.boolean({summary: 'Print each permission and why it is needed, and do nothing', default: false}),
    ephemeral: Flags.boolean({summary: 'One pod on one node, which ends by itself', dependsOn: ['node']}),
    node: Flags.string({summary: 'Node for --ephemeral', helpValue: 'NAME', dependsOn: ['ephemeral']}),
    for: Flags.string({
      summary: 'How long the pod of --ephemeral lives at most',
      helpValue: 'DURATION',
      default: '30m',
    }),
    'force-conflicts': Flags.boolean({summary: 'Take over fields that others have set', default: false}),
    timeout: Flags.string({summary: 'How long to wait until the agents are ready', helpValue: 'DURATION', default: '2m'}),
    output: Flags.string({
      char: 'o',
      summary: 'Output format; json and yaml are for --explain, and for --dry-run print the objects',
      options: ['table', 'json', 'yaml'],
      default: 'table',
    }),
  }

  private say(paint: Paint, text: string): void {
    process.stderr.write(`${paint(text)}\n`)
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Install)
    requireNodeForCluster()
    const paint = this.paint(flags.color)
    if (flags.output !== 'table' && !flags.explain && !flags['dry-run'])
      throw new InputError(`-o ${flags.output} is for --explain and --dry-run`, 'Leave it out.')
    const timeoutMs = durationMs('--timeout', flags.timeout)
    const lifetimeMs = durationMs('--for', flags.for)
    const objects = await renderManifests(this.config.root, {namespace: flags['agent-namespace'], image: flags.image})
    if (flags.explain) return this.explain(objects, flags.output, flags['agent-namespace'], paint)

    await using api = await openClusterApi(flags, this.signal)
    const {node} = flags
    const onNode = node === undefined ? [] : await this.agentsThere(api, node)
    const there = node === undefined ? undefined : agentThere(node, onNode)
    if (there !== undefined) return this.say(paint, there)
    const daemonSet = daemonSetOf(objects)
    const pod = node === undefined ? podOf(daemonSet) : ephemeralPod(daemonSet, node, lifetimeMs)
    const wanted = node === undefined ? objects : objects.filter(({kind}) => kind !== 'DaemonSet')
    const isDocument = flags.output !== 'table'
    await install(api, wanted, pod, {
      dryRun: flags['dry-run'],
      force: flags['force-conflicts'],
      onStep: step => !isDocument && process.stdout.write(`${paint(stepLine(step, flags['dry-run']))}\n`),
      onWarning: text => this.say(paint, `warning: ${text}`),
    })
    if (flags['dry-run']) {
      if (isDocument)
        await this.document({apiVersion: 'v1', kind: 'List', items: node === undefined ? wanted : [...wanted, pod]}, flags.output)
      return
    }
    if (node === undefined) await this.waitForAll(api, timeoutMs, paint)
    else await this.waitForOne(api, pod, onNode, {node, timeoutMs, lifetimeMs}, paint)
  }

  private async agentsThere(api: ClusterApi, node: string): ReturnType<typeof agentsOn> {
    await checkNode(api, node)
    return agentsOn(api, node)
  }

  private async explain(objects: readonly KubernetesObject[], output: string, namespace: string, paint: Paint): Promise<void> {
    const items = permissionsOf(objects, namespace)
    if (output === 'table') await this.print(permissionLines(items, paint, namespace))
    else await this.document({apiVersion: API_VERSION, kind: 'Permissions', items}, output)
  }

  private async document(document: Record<string, unknown>, output: string): Promise<void> {
    await this.print(output === 'json' ? jsonLines(document) : await yamlLines(document))
  }

  private async waitForAll(api: ClusterApi, timeoutMs: number, paint: Paint): Promise<void> {
    const {isDone, desired, ready, troubles} = await waitForRollout(api, {
      timeoutMs,
      signal: this.signal,
      onProgress: rollout => {
        this.say(paint, `${rollout.ready} of ${rollout.desired} agents are ready`)
        for (const trouble of rollout.troubles.slice(0, 5)) this.say(paint, `  ${trouble}`)
        if (rollout.troubles.length > 5) this.say(paint, `  and ${rollout.troubles.length - 5} more`)
      },
    })
    if (!isDone)
      throw new InputError(
        `after ${durationText(timeoutMs)} ${ready} of ${desired} agents are ready: ${troubles.join('; ')}`,
        `${nextFor(troubles.join(' '), api.agentNamespace)}\n  What is installed stays; kubectl npm status tells when they are ready, kubectl npm uninstall removes all.`,
      )
    if (desired === 0) this.say(paint, 'no node takes an agent: this cluster has no Linux nodes')
    else this.say(paint, 'Try: kubectl npm status')
  }

  private async waitForOne(
    api: ClusterApi,
    pod: KubernetesObject,
    others: Awaited<ReturnType<typeof agentsOn>>,
    {node, timeoutMs, lifetimeMs}: {node: string; timeoutMs: number; lifetimeMs: number},
    paint: Paint,
  ): Promise<void> {
    const name = await startEphemeral(api, pod, others, {
      timeoutMs,
      signal: this.signal,
      onTrouble: text => this.say(paint, `waiting: ${text}`),
    })
    this.say(
      paint,
      `pod ${name} is ready. It ends ${IDLE_SECONDS} s after its last use, and after ${durationText(lifetimeMs)} in any case.`,
    )
    this.say(paint, `Try: kubectl npm translate --node ${node}; and kubectl npm uninstall at the end`)
  }
}

const WORDS = {created: 'created', configured: 'changed', unchanged: 'unchanged'} as const
const WOULD = {created: 'would be created', configured: 'would be changed', unchanged: 'would stay as it is'} as const

const stepLine = ({object, change}: InstallStep, isDry: boolean): string =>
  `${objectName(object)} ${isDry ? WOULD[change] : WORDS[change]}`
