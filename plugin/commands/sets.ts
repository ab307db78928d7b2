import {Args, Flags} from '@oclif/core'
import type {SetEntry} from '../../core/contract/common.ts'
import {findSets} from '../../core/translate/find-sets.ts'
import {exitCodes, outputFlag, sourceFlags, Verb} from '../command.ts'
import {columns} from '../print/columns.ts'
import {incompleteLines} from '../print/incomplete.ts'
import type {Paint} from '../print/paint.ts'
import {setColumns, setLines} from '../print/sets.ts'
import {oneDump} from '../source/open-source.ts'

export default class Sets extends Verb {
  static override summary = "Lists Azure NPM's ipsets with readable names and members"
  static override description =
    'Without names, one line for each set. With names, each set with all its members and, with cluster objects, the pods ' +
    'behind the addresses. A name is a kernel name (azure-npm-…), a readable name (podlabel-app:web) or a label (app=web). ' +
    'The output of ipset has no end, so lists of sets may follow its last one: a list of all sets only notes that.'
  static override exits = {
    done: 'listed',
    no: 'the node has no set of a name',
    failed: 'members or sets may be missing from the input',
  }
  static override examples = [
    '<%= config.bin %> sets --from dump/',
    '<%= config.bin %> sets app=web --from dump/ --from cluster.json',
    'sudo <%= config.bin %> sets azure-npm-3922407721 --local',
  ]
  static override strict = false
  static override args = {name: Args.string({description: 'Kernel name, readable name or label of a set; may be repeated'})}
  static override flags = {
    ...sourceFlags,
    output: outputFlag(['wide', 'name']),
    'no-headers': Flags.boolean({summary: 'Leave out the header line of the table', default: false}),
  }

  override async run(): Promise<void> {
    const {flags, argv} = await this.parse(Sets)
    const asked = argv as string[]
    const source = await this.open(flags)
    const {document, missing, doubtful, isUnknown, problems} = findSets(oneDump(source, flags), asked)
    const {items: sets, incomplete} = document
    const notGiven = (paint: Paint) =>
      incompleteLines('Not in the input: more may be on the node than is shown', incomplete, paint)
    const table = (isWide: boolean) =>
      function* (paint: Paint) {
        if (asked.length > 0) for (const set of sets) yield* setLines(set, paint)
        else yield* columns(sets.toSorted(byName), setColumns(isWide), paint, !flags['no-headers'])
        yield* notGiven(paint)
      }
    await this.printAnswer(flags, {
      document: () => document,
      table: table(false),
      formats: {wide: table(true), name: paint => sets.map(({set}) => paint(set))},
    })
    await this.report([...source.problems, ...problems])
    const paint = this.paint(flags.color)
    const lines = [
      ...doubtful.map(name => paint(`whether there is a set ${name} on this node is not known`)),
      // Kernel names are for programs.
      ...(flags.output === 'name' ? [...notGiven(paint)].slice(1) : []),
    ]
    await this.reportUnknown(missing.map(({name, steps}) => ({what: `no set ${name} on this node`, steps})))
    process.stderr.write(lines.map(line => `${line}\n`).join(''))
    if (missing.length > 0) this.exit(exitCodes.no)
    if (isUnknown) this.exit(exitCodes.failed)
  }
}

const byName = (a: SetEntry, b: SetEntry): number => (a.name < b.name ? -1 : 1)
