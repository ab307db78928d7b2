import {Args, Flags} from '@oclif/core'
import type {ResolvedName} from '../../core/contract/resolution.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {type OpenTranslation, openTranslation} from '../../core/linux/translate/open.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {resolveName} from '../../core/translate/resolve.ts'
import {exitCodes, sourceFlags, Verb} from '../command.ts'
import {type Column, columns} from '../print/columns.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import {oneDump, openSource} from '../source/open-source.ts'

export default class Resolve extends Verb {
  static override summary = 'Tells what a hashed set or chain name stands for, and how a name is hashed'
  static override description =
    'Works without any source: a name gives its kernel names under both schemes, and a hash is looked for ' +
    'among the names that every cluster has. With a dump, hashes are resolved from all that the dump tells.'
  static override examples = [
    '<%= config.bin %> resolve azure-npm-784554818',
    '<%= config.bin %> resolve app=web shop/allow-web',
    '<%= config.bin %> resolve AZURE-NPM-INGRESS-3486147191 --from dump/',
  ]
  static override strict = false
  static override args = {
    name: Args.string({
      description: 'Kernel name of a set or chain, a set name, a label (app=web), or a policy (NAMESPACE/NAME)',
      required: true,
    }),
  }
  static override flags = {
    ...sourceFlags,
    output: Flags.string({char: 'o', summary: 'Output format', options: ['table', 'json', 'yaml'], default: 'table'}),
    'no-headers': Flags.boolean({summary: 'Leave out the header line of the table', default: false}),
  }

  override async run(): Promise<void> {
    const {flags, argv} = await this.parse(Resolve)
    const problems: Problem[] = []
    let node: OpenTranslation | undefined
    if (flags.local || flags.from || flags.node || flags.pod !== undefined || flags.selector !== undefined) {
      const source = await openSource(flags, this.signal)
      node = openTranslation(oneDump(source, flags))
      problems.push(...source.problems, ...node.facts.problems)
    }
    const items = (argv as string[]).flatMap(name => resolveName(name, node))
    const document = {apiVersion: API_VERSION, kind: 'Resolution', items}
    if (flags.output === 'json') await this.print(jsonLines(document))
    else if (flags.output === 'yaml') await this.print(await yamlLines(document))
    else await this.print(columns(items, resolveColumns(node !== undefined), this.paint(flags.color), !flags['no-headers']))
    await this.report(problems)
    const unknown = items.filter(({name}) => name === 'unknown')
    if (unknown.length === 0) return
    if (!node) process.stderr.write('A hash cannot be turned back. Give a dump, or cluster objects with it: --from PATH\n')
    this.exit(exitCodes.no)
  }
}

const GENERATIONS = {v1: 'NPM v1', v2: 'NPM v2', any: 'NPM v1, v2', unknown: 'unknown'} as const

function resolveColumns(hasNode: boolean): Column<ResolvedName>[] {
  const shown: Column<ResolvedName>[] = [
    {
      header: 'NAME',
      value: ({asked, name}) => (name === 'unknown' ? `unknown (${asked})` : name),
      style: ({name}) => (name === 'unknown' ? 'yellow' : undefined),
    },
    {header: 'TYPE', value: ({kind, type}) => (kind === 'policy' ? 'policy chain' : type)},
    {header: 'USED BY', value: ({generation}) => GENERATIONS[generation]},
    {header: 'FNV-1A', value: ({fnv32a}) => fnv32a.join(' ') || '-'},
    {header: 'SHA-256', value: ({sha256}) => sha256.join(' ') || '-'},
  ]
  const onNode: Column<ResolvedName> = {header: 'ON NODE', value: ({onNode}) => (onNode ? 'yes' : 'no')}
  return [...shown, ...(hasNode ? [onNode] : []), {header: 'MEANING', value: ({meaning}) => meaning}]
}
