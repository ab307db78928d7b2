import {Flags} from '@oclif/core'
import {compilePolicies} from '../../core/compile/policy-compilation.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {objectPaths, outputFlag, Verb} from '../command.ts'
import {compileFlags, compileOptionsFrom} from '../compile-options.ts'
import {escapeJsonLines, escapeLines} from '../print/output.ts'
import {programDocument, programLines, refusalProblems} from '../print/program.ts'
import {readObjects} from '../source/read-objects.ts'

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
      ['ipset', 'iptables', 'hns'],
      'ipset and iptables are what ipset restore and iptables-restore --noflush read, hns is what HNS takes on Windows nodes',
    ),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Compile)
    if (!flags.filename)
      throw new InputError(
        'no source: nothing says what to compile',
        'Give NetworkPolicies, with the pods and namespaces that they select: kubectl npm compile FILE…',
      )
    const {objects, problems} = await readObjects(flags.filename)
    const compilation = compilePolicies(objects, compileOptionsFrom(flags), flags.output)
    await this.printAnswer(flags, {
      document: () => programDocument(compilation, problems),
      table: paint => programLines(compilation, paint),
      formats: {
        ipset: () => compilation.restoreLines('ipset'),
        iptables: () => escapeLines(compilation.restoreLines('iptables')),
        hns: () => escapeJsonLines(compilation.restoreLines('hns')),
      },
    })
    await this.report([...problems, ...refusalProblems(compilation.refusals)])
  }
}
