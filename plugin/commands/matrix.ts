import {Flags} from '@oclif/core'
import {parsePorts} from '../../core/matrix/compare-matrices.ts'
import {compareProbes, type MatrixDiff, probeNode} from '../../core/matrix/probe-node.ts'
import {exitCodes, type OutputFlags, sourceFlags, Verb} from '../command.ts'
import {matrixChanges, matrixCsv, matrixMarkdown, matrixTable} from '../print/matrix.ts'
import {onlyNode} from '../source/open-source.ts'

export default class Matrix extends Verb {
  static override summary = 'Shows which pods may talk to which, for all pairs'
  static override description =
    "Walks the node's rules for every pair of pods and one outside address; with cluster objects alone it evaluates the " +
    'policies. --diff shows what changes with another dump, or when policies from a file are added. ' +
    'In csv a name that a spreadsheet would run as a formula begins with an apostrophe; json has names as they are.'
  static override examples = [
    '<%= config.bin %> matrix --ports 80,53/udp --from dump/',
    '<%= config.bin %> matrix --ports 5432 --from cluster.json --diff new-policy.yaml',
    '<%= config.bin %> matrix --ports 80 -n shop --from dump/ -o csv',
  ]
  static override flags = {
    ...sourceFlags,
    ports: Flags.string({summary: 'Ports to probe: 80,53/udp,7400/sctp', required: true, helpValue: 'PORTS'}),
    namespace: Flags.string({char: 'n', summary: 'Only pods of this namespace as receivers and senders', helpValue: 'NAMESPACE'}),
    diff: Flags.string({
      summary: 'Compare with this dump, or with the cluster as this file would change it; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    output: Flags.string({
      char: 'o',
      summary: 'Output format',
      options: ['table', 'json', 'yaml', 'csv', 'markdown'],
      default: 'table',
    }),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Matrix)
    const source = await this.open(flags)
    const dump = onlyNode(source.dumps, flags.node)
    const question = {ports: parsePorts(flags.ports), namespace: flags.namespace}
    if (flags.diff) {
      const other = await this.open({...flags, from: flags.diff, local: false})
      const problems = {before: source.problems, after: other.problems}
      return this.printDiff(compareProbes(dump, onlyNode(other.dumps, undefined), question, problems), flags)
    }
    const {document, ends} = probeNode(dump, question, source.problems)
    const names = question.ports.map(({protocol, port}) => `${protocol}/${port}`)
    await this.printAnswer(flags, {
      document: () => document,
      table: paint => matrixTable(document.probes, ends, names, paint),
      formats: {
        csv: paint => matrixCsv(document.probes, ends, paint),
        markdown: paint => matrixMarkdown(document.probes, ends, names, paint),
      },
    })
    await this.report(document.problems)
  }

  private async printDiff(diff: MatrixDiff, flags: OutputFlags): Promise<void> {
    await this.printAnswer(flags, {document: () => diff, table: paint => matrixChanges(diff, paint)})
    await this.report(diff.problems)
    this.exit(diff.opens.length + diff.closes.length + diff.unknown.length > 0 ? exitCodes.no : exitCodes.done)
  }
}
