import type {PolicyCompiler, PolicyRules, ProgramText, RestoreFormat} from '../dataplane/policy-compiler.ts'
import {policyCompilers} from '../dataplanes.ts'
import type {ClusterObjects} from '../kubernetes/objects.ts'
import type {CompileOptions, Program, ProgramSets, Unsupported} from '../policy/program.ts'

/**
 * The program that policies ask for, in every form in which it is printed. Each part is compiled when it is first asked for:
 * sets without rules take a fraction of the time.
 */
export class PolicyCompilation {
  private readonly compiler: PolicyCompiler
  private readonly objects: ClusterObjects
  readonly options: CompileOptions
  private compiled: Program | undefined
  private compiledSets: ProgramSets | undefined

  constructor(compiler: PolicyCompiler, objects: ClusterObjects, options: CompileOptions) {
    this.compiler = compiler
    this.objects = objects
    this.options = options
  }

  /** Sets and rules. */
  get program(): Program {
    return (this.compiled ??= this.compiler.compile(this.objects, this.options))
  }

  /** What is not programmed as it is written. The rules are not compiled for it. */
  get refusals(): readonly Unsupported[] {
    return this.sets.refusals
  }

  /** How many rules each policy has. */
  policyRules(): readonly PolicyRules[] {
    return this.compiler.rulesOfPolicies(this.program)
  }

  /** The rules as the node's own tool prints them. */
  text(): ProgramText {
    return this.compiler.programText(this.program)
  }

  /** The lines with which the node's own tools program it. Those of `ipset` need no rules. */
  restoreLines(format: RestoreFormat): Iterable<string> {
    return this.compiler.restoreLines(format === 'ipset' ? this.sets : this.program, format)
  }

  private get sets(): ProgramSets {
    return this.compiled ?? (this.compiledSets ??= this.compiler.compileSets(this.objects, this.options))
  }
}

/**
 * Compiles NetworkPolicies to what Azure NPM programs on a node.
 *
 * @param format that is wanted, which may be one of another operating system; by default of Linux
 */
export function compilePolicies(objects: ClusterObjects, options: CompileOptions, format?: string): PolicyCompilation {
  const [first] = policyCompilers
  const compiler = policyCompilers.find(({formats}) => formats.some(each => each === format)) ?? first
  return new PolicyCompilation(compiler, objects, options)
}
