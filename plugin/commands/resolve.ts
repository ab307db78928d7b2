import {Args} from '@oclif/core'
import {resolveNames} from '../../core/translate/resolve-names.ts'
import {exitCodes, Verb} from '../command.ts'
import {listFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {type ClusterFlags, isClusterNamed} from '../kubernetes/flags.ts'
import {columns} from '../print/columns.ts'
import {incompleteLines} from '../print/incomplete.ts'
import {resolvedColumns} from '../print/resolved-names.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {chosenNodes} from '../source/open-source.ts'
import type {SourceFlags} from '../source/source-flags.ts'

type ResolveFlags = SourceFlags & ClusterFlags & OutputFlags & {readonly watch: boolean; readonly 'sort-by': string | undefined}

export default class Resolve extends Verb {
  static override summary = 'Tells what a hashed set or chain name stands for, and how a name is hashed'
  static override description =
    'Works without any source, and asks a cluster only when a flag names it: a name gives its kernel names under both schemes, and a hash is looked for among the names ' +
    'that every cluster has. With a dump, hashes are resolved from all that the dump tells, and addresses too. A hash may stand ' +
    'without what is before it: 784554818.'
  static override exits = {
    done: 'all names are known',
    no: 'a hash is of no name that is known',
    failed: 'the dump lacks parts that could tell more',
  }
  static override examples = [
    '<%= config.bin %> resolve azure-npm-784554818',
    '<%= config.bin %> resolve app=web shop/allow-web',
    '<%= config.bin %> resolve AZURE-NPM-INGRESS-3486147191 784554818 10.244.1.10 --from dump/',
  ]
  static override strict = false
  static override args = {
    name: Args.string({
      description:
        'Kernel name of a set or chain, its hash, a set name, a label (app=web), a policy (NAMESPACE/NAME), an IPv4 address',
      required: true,
    }),
  }
  static override flags = {
    ...sourceFlags,
    output: outputFlag(['name']),
    ...listFlags,
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags, argv} = await this.parse(Resolve)
    return this.answering(flags, () => this.answer(argv as string[], flags))
  }

  private async answer(names: readonly string[], flags: ResolveFlags): Promise<void> {
    // Names alone never change: who watches means a cluster.
    const isDumpGiven =
      flags.watch ||
      flags.local ||
      flags.from ||
      flags.node ||
      flags.pod !== undefined ||
      flags.selector !== undefined ||
      isClusterNamed(flags)
    const source = isDumpGiven ? await this.open(flags, 'each') : undefined
    const {nodes, failures} = source ? chosenNodes(source, flags) : {nodes: [], failures: []}
    const {document: found, areAllKnown, isUnknown, problems} = resolveNames(names, nodes)
    const sort = await sorterOf(flags['sort-by'], resolvedColumns(nodes.length))
    const document = {...found, items: sort(found.items)}
    await this.printAnswer(flags, {
      document: () => document,
      *table(paint) {
        yield* columns(document.items, resolvedColumns(nodes.length), paint, !flags['no-headers'])
        yield* incompleteLines('Not in the input: what rests on these parts is not known', document.incomplete, paint)
      },
      formats: {name: paint => document.items.flatMap(({name}) => (name === 'unknown' ? [] : [paint(name)]))},
    })
    await this.report([...(source?.problems ?? []), ...problems])
    await this.reportFailures(failures.map(({node, message, next}) => ({message: `node ${node}: ${message}`, next})))
    if (isUnknown || failures.length > 0) this.exit(exitCodes.failed)
    if (areAllKnown) return
    if (!source) await this.note(['A hash cannot be turned back. Give a dump, or cluster objects with it: --from PATH'])
    this.exit(exitCodes.no)
  }
}
