import {Flags} from '@oclif/core'
import {shellWord} from '../../core/text/shell-word.ts'
import {exitCodes, Verb} from '../command.ts'
import {clusterFlags} from '../flags.ts'
import {durationMs} from '../install/duration.ts'
import {requireSameInstallation} from '../install/existing-objects.ts'
import {findInstalledObjects} from '../install/installed-objects.ts'
import {installNamespaces, isOurs, objectName} from '../install/objects.ts'
import {objectsThatGo, uninstall, whyNamespaceStays} from '../install/uninstall.ts'
import {openClusterApi} from '../kubernetes/api.ts'
import {requireNodeForCluster} from '../node-version.ts'
import {confirm} from '../ui/confirm.ts'
import {refuseOpenWrites} from '../write/open-writes.ts'

export default class Uninstall extends Verb {
  static override summary = 'Removes the agents from a cluster, and all that install made'
  static override description =
    'Deletes what carries the label app.kubernetes.io/part-of=kubectl-npm, and the two namespaces unless they were there before or hold ' +
    'objects of others. Installations of older versions go as well. Waits until all of it is gone. What agents keep on their nodes (/var/lib/npm-agent, /run/kubectl-npm) is not touched. ' +
    'Refused while a write awaits its confirmation, because no agent would be left that takes it back: confirm it or roll it back first.'
  static override exits = {
    done: 'all is removed',
    no: 'you said no',
    failed: 'something could not be removed: the message says what',
  }
  static override examples = ['<%= config.bin %> uninstall', '<%= config.bin %> uninstall --yes']
  static override flags = {
    ...clusterFlags,
    yes: Flags.boolean({summary: 'Do not ask', default: false}),
    timeout: Flags.string({summary: 'How long to wait until all is gone', helpValue: 'DURATION', default: '2m'}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Uninstall)
    requireNodeForCluster()
    const timeoutMs = durationMs('--timeout', flags.timeout)
    const paint = this.paint(flags.color)
    const say = (text: string): boolean => process.stderr.write(`${paint(text)}\n`)
    installNamespaces(flags['agent-namespace'])
    await using api = await openClusterApi(flags, this.signal)
    await requireSameInstallation(api)
    const installed = await findInstalledObjects(api)
    const goes = objectsThatGo(installed)
    const stay = installed.namespaces.filter(({namespace}) => goes.length > 0 || isOurs(namespace))
    const reasons = stay.flatMap(each => whyNamespaceStays(each) ?? [])
    for (const reason of reasons) say(reason)
    if (goes.length === 0) {
      say(`Nothing ${reasons.length > 0 ? 'else ' : ''}of kubectl npm is in this cluster.`)
      return
    }
    await refuseOpenWrites(api, 'uninstall', say, this.waiting)
    if (!flags.yes) {
      say(
        `This removes ${goes.map(each => `${objectName(each)}${each.kind === 'Namespace' ? ' with all in it' : ''}`).join(', ')}.`,
      )
      if (!(await confirm('Remove them?', this.signal))) this.exit(exitCodes.no)
    }
    await uninstall(api, installed, {
      timeoutMs,
      signal: this.signal,
      onDelete: object => process.stdout.write(`${paint(`${objectName(object)} removed`)}\n`),
      onWait: left => say(`waiting for ${left.join(', ')}`),
    })
    for (const binding of installed.bindings)
      say(
        `RoleBinding ${binding} names a role that is gone now; it was made by others: kubectl delete rolebinding -n ${binding.split('/').map(shellWord).join(' ')}`,
      )
  }
}
