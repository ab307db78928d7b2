import type {NetworkPolicy} from '../kubernetes/objects.ts'
import type {SetType} from '../names/set-name.ts'
import type {NpmPolicy} from '../policy/npm-policy-model.ts'
import type {Compile, CompiledPolicy, CompileOptions} from '../policy/program.ts'

/** What a data plane makes of policies. What one method returns is handed to methods of the same data plane only. */
export interface PolicyCompiler {
  readonly compile: Compile
  /** Translates one policy, and finds what this data plane refuses of it. */
  translate(policy: NetworkPolicy, options: CompileOptions): NpmPolicy
  /** How many rules a policy of a program has, those that lead to its own among them. */
  countRules(policy: CompiledPolicy): number
  /** How many members a set of a type has room for. */
  mostMembers(type: SetType): number
  /** Fields of a policy whose rules are programmed with a description that is cut, each with the longest, in bytes. */
  cutDescriptions(policy: NpmPolicy): ReadonlyMap<string, number>
}
