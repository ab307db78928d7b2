import {Flags} from '@oclif/core'
import {compilePolicies} from '../../core/compile/policy-compilation.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {RestoreFormat} from '../../core/dataplane/policy-compiler.ts'
import {type IncompleteObjects, incompleteObjects} from '../../core/kubernetes/completeness.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {exitCodes, Verb} from '../command.ts'
import {compileFlags, compileOptionsOfNodes} from '../compile-options.ts'
import {listFlags, objectPaths, outputFlag} from '../flags.ts'
import {wholeDocument} from '../print/document.ts'
import {escapeJsonLines, escapeLines} from '../print/output.ts'
import {
  compiledNames,
  programColumns,
  programDocument,
  programListLines,
  refusalProblems,
  restoreLines,
} from '../print/program.ts'
import {sorterOf} from '../print/sort-rows.ts'
import {readObjects} from '../source/read-objects.ts'

/** Whether objects that were given could not be read. A kind of which none was given, or one namespace alone, may be all that is meant. */
const isLost = ({kind, state, outside}: IncompleteObjects): boolean =>
  kind !== 'nodes' && state === 'cut' && outside === undefined

export default class Compile extends Verb {
  static override summary = 'Prints the ipsets and iptables rules, or the HNS policies, that NetworkPolicies ask for'
  static override description =
    'Compiles NetworkPolicies, with the pods and namespaces they select, to what Azure NPM programs on a node. ' +
    'Policies that Azure NPM refuses are named, with the reason and what becomes of them. With --semantics kubernetes ' +
    'the rules are what the NetworkPolicy API says, also where Azure NPM departs from it. With -o hns it is what Azure NPM ' +
    'programs on Windows nodes: the SetPolicies of the network, and the ACLs of the endpoint of each pod.'
  static override exits = {done: 'all policies are compiled', failed: 'input that cannot be read, or is not whole'}
  static override examples = [
    'kubectl get pods,namespaces,networkpolicies -A -o json | <%= config.bin %> compile -f -',
    '<%= config.bin %> compile -f policy.yaml -f cluster.json -o iptables',
    '<%= config.bin %> compile -f cluster.json -o ipset | ipset restore',
    '<%= config.bin %> compile -f cluster.json --release v1.4.23',
    '<%= config.bin %> compile -f cluster.json --node akswin000000 -o hns',
  ]
  static override args = objectPaths
  static override flags = {
    filename: Flags.string({
      char: 'f',
      aliases: ['from'],
      summary: 'Kubernetes objects, JSON or YAML: a file, a folder, an archive, - for standard input; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATH',
    }),
    ...compileFlags,
    output: outputFlag(
      ['name', 'ipset', 'iptables', 'hns'],
      'ipset and iptables are what ipset restore and iptables-restore --noflush read, hns is what HNS takes on Windows nodes',
    ),
    ...listFlags,
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Compile)
    if (!flags.filename)
      throw new InputError(
        'no source: nothing says what to compile',
        'Give NetworkPolicies, with the pods and namespaces that they select: kubectl npm compile FILE…',
      )
    const {objects, problems} = await readObjects(flags.filename)
    const compiled = compileOptionsOfNodes(flags).map(options => compilePolicies(objects, options, flags.output))
    const sort = await sorterOf(flags['sort-by'], programColumns)
    const [only] = compiled.length === 1 ? compiled : []
    const documents = function* () {
      for (const each of compiled) yield wholeDocument(programDocument(each, problems))
    }
    const lines = (format: RestoreFormat) => restoreLines(compiled, format)
    await this.printAnswer(flags, {
      document: () =>
        only ? programDocument(only, problems) : {apiVersion: API_VERSION, kind: 'ProgramList', items: documents()},
      table: paint => programListLines(compiled, paint, {sort, hasHeaders: !flags['no-headers']}),
      formats: {
        name: paint => [...new Set(compiled.flatMap(compiledNames))].map(name => paint(name)),
        ipset: () => lines('ipset'),
        iptables: () => escapeLines(lines('iptables')),
        hns: () => escapeJsonLines(lines('hns')),
      },
    })
    await this.report([...problems, ...compiled.flatMap(each => refusalProblems(each.refusals))])
    // What could not be read is not in the program: a policy that is missing opens what it should close.
    if (incompleteObjects(objects).some(isLost)) this.exit(exitCodes.failed)
  }
}
