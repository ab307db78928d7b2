import {Flags} from '@oclif/core'
import {linux} from '../../core/dataplanes.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import type {CompileOptions, Program, ProgramSets} from '../../core/policy/program.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {type OutputFlags, Verb} from '../command.ts'
import {compileFlags, compileOptionsFrom} from '../compile-options.ts'
import {escapeLines} from '../print/output.ts'
import {programDocument, programLines, refusalProblems} from '../print/program.ts'
import {readObjects} from '../source/read-objects.ts'

const compiler = linux.policyCompiler

export default class Compile extends Verb {
  static override summary = 'Prints the ipsets and iptables rules that NetworkPolicies ask for'
  static override description =
    'Compiles NetworkPolicies, with the pods and namespaces they select, to what Azure NPM programs on a node. ' +
    'Policies that Azure NPM refuses are named, with the reason and what becomes of them. With --semantics kubernetes ' +
    'the rules are what the NetworkPolicy API says, also where Azure NPM departs from it.'
  static override examples = [
    'kubectl get pods,namespaces,networkpolicies -A -o json | <%= config.bin %> compile -f -',
    '<%= config.bin %> compile -f policy.yaml -f cluster.json -o iptables',
    '<%= config.bin %> compile -f cluster.json -o ipset | ipset restore',
    '<%= config.bin %> compile -f cluster.json --release v1.4.23',
  ]
  static override flags = {
    filename: Flags.string({
      char: 'f',
      summary: 'Kubernetes objects, JSON or YAML: a file, a folder, a .tgz, - for standard input; may be given several times',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
      helpValue: 'PATH',
    }),
    ...compileFlags,
    output: Flags.string({
      char: 'o',
      summary: 'Output format; ipset and iptables are what ipset restore and iptables-restore --noflush read',
      options: ['table', 'ipset', 'iptables', 'json', 'yaml'],
      default: 'table',
    }),
  }

  override async run(): Promise<void> {
    const {flags} = await this.parse(Compile)
    const options = compileOptionsFrom(flags)
    const {objects, problems} = await readObjects(flags.filename)
    const {refusals} = await (flags.output === 'ipset'
      ? this.printSets(objects, options)
      : this.printProgram(objects, options, flags, problems))
    await this.report([...problems, ...refusalProblems(refusals)])
  }

  /** Sets alone are compiled without the rules, which take most of the time. */
  private async printSets(objects: ClusterObjects, options: CompileOptions): Promise<ProgramSets> {
    const sets = compiler.compileSets(objects, options)
    await this.print(compiler.restoreLines(sets, 'ipset'))
    return sets
  }

  private async printProgram(
    objects: ClusterObjects,
    options: CompileOptions,
    flags: OutputFlags,
    problems: readonly Problem[],
  ): Promise<Program> {
    const program = compiler.compile(objects, options)
    await this.printAnswer(flags, {
      document: () => programDocument(program, compiler, problems),
      table: paint => programLines(program, compiler, paint),
      formats: {iptables: () => escapeLines(compiler.restoreLines(program, 'iptables'))},
    })
    return program
  }
}
