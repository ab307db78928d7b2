import {Flags} from '@oclif/core'
import {escapeControls} from '../../core/text/escape.ts'
import {clusterFlags, exitCodes, sourceFlags, Verb} from '../command.ts'
import {demandLiveNode} from '../node-version.ts'

export default class Dump extends Verb {
  static override summary = 'Keeps what nodes hold in a file, for later or for somebody else'
  static override description =
    'Reads rules, sets, versions, metrics and cluster objects of all nodes, or those given, through their agents. Every ' +
    'reading verb takes the result with --from. It holds names and addresses of pods.'
  static override examples = ['<%= config.bin %> dump', '<%= config.bin %> dump --node aks-1 -o aks-1.tgz']
  static override flags = {
    ...clusterFlags,
    node: sourceFlags.node,
    pod: sourceFlags.pod,
    selector: sourceFlags.selector,
    output: Flags.string({char: 'o', summary: 'A folder, or an archive by its ending .tgz', helpValue: 'PATH'}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Dump)
    demandLiveNode()
    const target = flags.output ?? `npm-dump-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.tgz`
    const {collectDump} = await import('../dump/collect.ts')
    const {writeDump} = await import('../dump/write-dump.ts')
    const {files, failures} = await collectDump(flags, this.signal)
    this.signal.throwIfAborted()
    await writeDump(target, files)
    await this.print([escapeControls(target)])
    await this.reportFailures(failures.map(failure => ({node: 'all', ...failure})))
    this.exit(failures.length > 0 ? exitCodes.no : exitCodes.done)
  }
}
