import {Flags} from '@oclif/core'
import type {DumpFailure} from '../../core/contract/dump.ts'
import {isForAnswers} from '../../core/dump/layout.ts'
import {escapeControls} from '../../core/text/escape.ts'
import type {Waiting} from '../agents/each-node.ts'
import {exitCodes, Verb} from '../command.ts'
import {dumpPaths, sourceFlags} from '../flags.ts'
import {clusterFlagsOf, isLive, type SourceFlags} from '../source/source-flags.ts'

export default class Dump extends Verb {
  static override summary = 'Keeps what nodes hold in a file, for later or for somebody else'
  static override description =
    'Reads rules, sets, versions, metrics, logs and cluster objects of all nodes, or those given, through their agents. ' +
    'Every reading verb takes the result with --from. The logs of Azure NPM are read with your own rights; without them the ' +
    'dump has none. It holds names and addresses of pods: with --redact, others in their place, the same one for the same.'
  static override exits = {
    done: 'all is there',
    no: 'a node, or a part of one that answers depend on, could not be read; all else is there',
    failed: 'there is no dump',
  }
  static override examples = [
    '<%= config.bin %> dump',
    '<%= config.bin %> dump --node aks-1 -o aks-1.tgz',
    '<%= config.bin %> dump --redact --from aks-1.tgz -o for-support.tgz',
    'sudo <%= config.bin %> dump --local -o here/',
  ]
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    from: Flags.string({
      char: 'f',
      aliases: ['filename'],
      summary: 'Take a dump, or single files, in place of nodes; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
      helpGroup: 'SOURCE',
      exclusive: ['local'],
    }),
    output: Flags.string({char: 'o', summary: 'A folder, or an archive by its ending .tgz', helpValue: 'PATH'}),
    redact: Flags.boolean({summary: 'Replace names, labels and addresses, consistently', default: false}),
    force: Flags.boolean({summary: 'Overwrite an earlier dump', default: false}),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Dump)
    const target = flags.output ?? `npm-dump-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.tgz`
    const {checkTarget, writeDump} = await import('../dump/write-dump.ts')
    await checkTarget(target, flags.force)
    const collected = await collect(flags, this.waiting)
    this.signal.throwIfAborted()
    const {content, failures, problems} = flags.redact ? await redacted(collected, this.signal) : collected
    const {filesOf} = await import('../dump/content.ts')
    const said = await writeDump(target, filesOf(content), flags.force, this.signal)
    await this.print([escapeControls(target)])
    await this.note(said)
    const isGrave = ({document}: {readonly document?: string}) => document === undefined || isForAnswers(document)
    await this.report([
      ...problems,
      ...failures.filter(each => !isGrave(each)).map(failure => ({code: 'TOOL_FAILED' as const, ...inWords(failure)})),
    ])
    const grave = failures.filter(isGrave)
    await this.reportFailures(grave.map(inWords))
    this.exit(grave.length > 0 ? exitCodes.no : exitCodes.done)
  }
}

/** Where it is about, unless the message itself says it. */
const inWords = ({node, document, message, next}: DumpFailure) => ({
  message: [node, document, message]
    .filter((part, index) => part !== undefined && (index === 2 || !message.includes(part)))
    .join(': '),
  next,
})

async function collect(flags: SourceFlags, waiting: Waiting) {
  const {signal} = waiting
  if (isLive(flags)) {
    const cluster = clusterFlagsOf(flags)
    const {collectCluster} = await import('../dump/from-cluster.ts')
    return collectCluster(cluster, waiting)
  }
  if (flags.local) {
    const {collectLocal} = await import('../dump/from-local.ts')
    return collectLocal(signal)
  }
  const {collectFiles} = await import('../dump/from-files.ts')
  return collectFiles(flags.from ?? [], flags, signal)
}

async function redacted(collected: Awaited<ReturnType<typeof collect>>, signal: AbortSignal) {
  const {redactDump} = await import('../dump/redact.ts')
  return redactDump(collected, signal)
}
