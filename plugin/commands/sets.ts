import {Args, Flags} from '@oclif/core'
import type {SetEntry} from '../../core/contract/common.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {openTranslation} from '../../core/linux/translate/open.ts'
import {isAskedFor} from '../../core/sets/list-sets.ts'
import {exitCodes, sourceFlags, Verb} from '../command.ts'
import {columns} from '../print/columns.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import {setColumns, setLines} from '../print/sets.ts'
import {oneDump, openSource} from '../source/open-source.ts'

export default class Sets extends Verb {
  static override summary = "Lists Azure NPM's ipsets with readable names and members"
  static override description =
    'Without names, one line for each set. With names, each set with all its members and, with cluster ' +
    'objects, the pods behind the addresses. A name is a kernel name (azure-npm-…), a readable name ' +
    '(podlabel-app:web) or a label (app=web).'
  static override examples = [
    '<%= config.bin %> sets --from dump/',
    '<%= config.bin %> sets app=web --from dump/ --from cluster.json',
    'sudo <%= config.bin %> sets azure-npm-3922407721 --local',
  ]
  static override strict = false
  static override args = {name: Args.string({description: 'Kernel name, readable name or label of a set; may be repeated'})}
  static override flags = {
    ...sourceFlags,
    output: Flags.string({
      char: 'o',
      summary: 'Output format',
      options: ['table', 'wide', 'json', 'yaml', 'name'],
      default: 'table',
    }),
    'no-headers': Flags.boolean({summary: 'Leave out the header line of the table', default: false}),
  }

  override async run(): Promise<void> {
    const {flags, argv} = await this.parse(Sets)
    const asked = argv as string[]
    const source = await openSource(flags, this.signal)
    const dump = oneDump(source, flags)
    const translation = openTranslation(dump)
    const all = [...translation.sets()]
    const sets = asked.length === 0 ? all : all.filter(set => asked.some(name => isAskedFor(set, name)))
    const paint = this.paint(flags.color)
    const document = {apiVersion: API_VERSION, kind: 'SetList', node: dump.node, items: sets}
    if (flags.output === 'json') await this.print(jsonLines(document))
    else if (flags.output === 'yaml') await this.print(await yamlLines(document))
    else if (flags.output === 'name') await this.print(sets.map(({set}) => paint(set)))
    else if (asked.length > 0) await this.print(sets.flatMap(set => [...setLines(set, paint)]))
    else await this.print(columns(sets.toSorted(byName), setColumns(flags.output === 'wide'), paint, !flags['no-headers']))
    const missing = asked.filter(name => !all.some(set => isAskedFor(set, name)))
    await this.report([...source.problems, ...translation.facts.problems])
    if (missing.length === 0) return
    process.stderr.write(`${missing.map(name => paint(`no set ${name} on this node`)).join('\n')}\n`)
    this.exit(exitCodes.no)
  }
}

const byName = (a: SetEntry, b: SetEntry): number => (a.name < b.name ? -1 : 1)
