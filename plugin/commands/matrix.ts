import {Flags} from '@oclif/core'
import type {Probe} from '../../core/contract/matrix.ts'
import {compareProbes, type MatrixDiff} from '../../core/matrix/compare-probes.ts'
import type {GroupedMatrix} from '../../core/matrix/groups.ts'
import {parsePorts} from '../../core/matrix/ports.ts'
import {onlyWrong, probeNodes} from '../../core/matrix/probe-nodes.ts'
import type {MatrixQuestion} from '../../core/matrix/question.ts'
import {meant} from '../../core/text/nearest.ts'
import {exitCodes, Verb} from '../command.ts'
import {releaseFlag, releaseOptions} from '../compile-options.ts'
import {dumpPaths, listFlags, namespaceFlags, type OutputFlags, outputFlag, sourceFlags, watchFlag} from '../flags.ts'
import {matrixAnswer, matrixChanges, matrixCsv, matrixMarkdown, matrixTable, wrongLines} from '../print/matrix.ts'
import type {Paint} from '../print/paint.ts'
import {namedNodes} from '../source/open-source.ts'
import type {SourceFlags} from '../source/source-flags.ts'

interface MatrixFlags extends SourceFlags, OutputFlags {
  readonly ports: string[] | undefined
  readonly namespace: string[] | undefined
  readonly diff: string[] | undefined
  readonly without: string[] | undefined
  readonly wrong: boolean
  readonly release: string | undefined
}

export default class Matrix extends Verb {
  static override summary = 'Shows which pods may talk to which, for all pairs'
  static override description =
    "Walks the node's rules for every pair of pods and one outside address; of several nodes, those on which both ends run. " +
    'With cluster objects alone it walks the rules that ' +
    'Azure NPM would program, and marks where these do not do what the policies mean. --diff shows what changes with another ' +
    'dump, or when the policies, namespaces and pods of a file are applied; --without, when policies are deleted. ' +
    'In csv a name that a spreadsheet would run as a formula begins with an apostrophe; json has names as they are.'
  static override exits = {
    done: 'all cells are known',
    no: 'with --wrong or --diff, there is something to show',
    failed: 'not all is known',
  }
  static override examples = [
    '<%= config.bin %> matrix --ports 80,53/udp --from dump/',
    '<%= config.bin %> matrix --from cluster.json --diff new-policy.yaml',
    '<%= config.bin %> matrix --from cluster.json --without shop/old-policy',
    '<%= config.bin %> matrix --ports 80 -n shop --from dump/ -o csv',
  ]
  static override args = dumpPaths
  static override flags = {
    ...sourceFlags,
    ports: Flags.string({
      summary:
        'Ports to probe: 80,53/udp,8000-8010, or names that pods declare; by default all that policies and rules name, and one that they do not',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PORTS',
    }),
    ...namespaceFlags('pods, as receivers and senders,'),
    diff: Flags.string({
      summary: 'Compare with this dump, or with the cluster as this file would change it; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    without: Flags.string({
      summary: 'Show what changes when this policy is deleted; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NS/POLICY',
    }),
    wrong: Flags.boolean({summary: 'Only what is not as the policies say; exit code 1 if there is any', default: false}),
    release: releaseFlag,
    output: outputFlag(['csv', 'markdown']),
    'no-headers': listFlags['no-headers'],
    ...watchFlag,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Matrix)
    return this.answering(flags, () => this.answer(flags))
  }

  private async answer(flags: MatrixFlags): Promise<void> {
    const source = await this.open(flags, 'all')
    const dumps = namedNodes(source.dumps, flags.node)
    const question: MatrixQuestion = {
      ports:
        flags.ports === undefined
          ? undefined
          : parsePorts(
              flags.ports,
              source.dumps.flatMap(({cluster}) => cluster ?? []),
            ),
      namespaces: flags.namespace,
      isWrongOnly: flags.wrong,
      options: releaseOptions(flags.release),
    }
    const {diff, without} = flags
    if (diff || without) {
      const other = diff && (await this.open({...flags, from: diff, local: false}))
      const change = {changed: other?.dumps, without}
      return this.printDiff(
        compareProbes(dumps, change, question, {before: source.problems, after: other?.problems ?? []}),
        flags,
      )
    }
    const {document, ends, ports, grouped, restsOnLost} = probeNodes(dumps, question, source.problems)
    const names = ports.map(({protocol, port}) => `${protocol}/${port}`)
    const answer = (paint: Paint, table: (probes: Iterable<Probe>, groups: GroupedMatrix) => Iterable<string>) => {
      const groups = grouped()
      return matrixAnswer(document, groups.probes, each => table(each, groups), paint)
    }
    await this.printAnswer(flags, {
      document: () => document,
      table: paint =>
        answer(paint, (probes, groups) =>
          flags.wrong
            ? wrongLines(probes, document.incomplete, paint)
            : matrixTable(probes, groups.names, names, paint, groups.members),
        ),
      formats: {
        csv: paint => matrixCsv(document.probes, ends, paint, !flags['no-headers']),
        markdown: paint => answer(paint, (probes, groups) => matrixMarkdown(probes, groups.names, names, paint)),
      },
    })
    await this.report(document.problems)
    const empty = flags.namespace?.filter(each => !ends.some(name => name.startsWith(`${each}/`))) ?? []
    if (empty.length > 0) {
      const known = dumps.find(({cluster}) => cluster)?.cluster?.namespaces.map(({metadata}) => metadata.name) ?? []
      await this.reportUnknown(
        empty.map(each => ({what: `no pods of namespace ${each} in the input`, steps: meant(each, known)})),
      )
      this.exit(exitCodes.no)
    }
    // On objects alone, what rests on one that was not given is no answer.
    if (restsOnLost() || (document.incomplete.length > 0 && (document.foretold || flags.wrong))) this.exit(exitCodes.failed)
    if (flags.wrong) this.exit(onlyWrong(grouped().probes).next().done ? exitCodes.done : exitCodes.no)
  }

  private async printDiff(diff: MatrixDiff, flags: OutputFlags): Promise<void> {
    await this.printAnswer(flags, {document: () => diff, table: paint => matrixChanges(diff, paint)})
    await this.report(diff.problems)
    if (diff.incomplete.length > 0 && diff.foretold) this.exit(exitCodes.failed)
    this.exit(
      diff.opens.length + diff.closes.length + diff.unknown.length + (diff.withoutEffect?.length ?? 0) > 0
        ? exitCodes.no
        : exitCodes.done,
    )
  }
}
