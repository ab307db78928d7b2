import {Flags} from '@oclif/core'
import {readDump} from '../../core/dump/read-dump.ts'
import type {ClusterObjects} from '../../core/kubernetes/objects.ts'
import {compile, compileSets} from '../../core/linux/compile/compile.ts'
import {printIpsetRestore, printIptablesRestore} from '../../core/linux/compile/print.ts'
import type {LinuxProgram} from '../../core/linux/npm/program.ts'
import type {ProgramSets, Unsupported} from '../../core/policy/program.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {escapeControls} from '../../core/text/escape.ts'
import {Verb} from '../command.ts'
import {compileFlags, compileOptionsFrom} from '../compile-options.ts'
import {jsonLines, yamlLines} from '../print/document.ts'
import type {Paint} from '../print/paint.ts'
import {programDocument, programLines, refusalProblems} from '../print/program.ts'
import {readFiles} from '../source/read-files.ts'

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
    const {lines, refusals} =
      flags.output === 'ipset'
        ? setsAnswer(compileSets(objects, options))
        : programAnswer(compile(objects, options), flags.output, this.paint(flags.color), problems)
    await this.print(await lines)
    await this.report([...problems, ...refusalProblems(refusals)])
  }
}

interface Answer {
  readonly lines: Iterable<string> | Promise<Iterable<string>>
  readonly refusals: readonly Unsupported[]
}

const setsAnswer = (program: ProgramSets): Answer => ({lines: printIpsetRestore(program), refusals: program.refusals})

function programAnswer(program: LinuxProgram, output: string, paint: Paint, problems: readonly Problem[]): Answer {
  const {refusals} = program
  if (output === 'iptables') return {lines: escaped(printIptablesRestore(program)), refusals}
  if (output === 'table') return {lines: programLines(program, paint), refusals}
  const document = programDocument(program, problems)
  return {lines: output === 'json' ? jsonLines(document) : yamlLines(document), refusals}
}

function* escaped(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield escapeControls(line)
}

/**
 * All Kubernetes objects in files; dumps beside them are passed over. Of the same object in several files the first counts.
 *
 * @throws InputError when there are none
 */
async function readObjects(paths: readonly string[]): Promise<{objects: ClusterObjects; problems: readonly Problem[]}> {
  const read = await readFiles(paths).catch(asFilename)
  const {nodes, problems} = await readDump(read.documents)
  const all = [...read.problems, ...problems, ...nodes.flatMap(node => node.problems)]
  const objects = nodes[0]?.cluster
  if (objects && Object.values(objects).some(list => list.length > 0)) return {objects, problems: all}
  const next = 'Give what kubectl get pods,namespaces,networkpolicies -A -o json prints.'
  throw new InputError('nothing to compile: no Kubernetes objects were found that can be used', next, all)
}

/** The reader of files says `--from`, as all verbs that read a node do. */
function asFilename(error: unknown): never {
  if (error instanceof InputError) throw new InputError(error.message.replace(/^--from /, '-f '), error.next, error.problems)
  throw error
}
