import type {ProgramDocument} from '../contract/program.ts'
import type {ClusterObjects, NetworkPolicy} from '../kubernetes/objects.ts'
import type {Direction} from '../names/kernel-name.ts'
import type {SetType} from '../names/set-name.ts'
import type {DeviationCode} from '../policy/deviations.ts'
import type {IncrementalProgram} from '../policy/incremental.ts'
import type {NpmPolicy} from '../policy/npm-policy-model.ts'
import type {Compile, CompiledPolicy, CompileOptions, Program, ProgramSets} from '../policy/program.ts'

/** What a data plane makes of policies. What one method returns is handed to methods of the same data plane only. */
export interface PolicyCompiler {
  readonly compile: Compile
  /** Where its rules may deviate from the API. */
  readonly deviations: ReadonlySet<DeviationCode>
  /** The sets of that program alone, which takes a fraction of the time. */
  compileSets(objects: ClusterObjects, options: CompileOptions): ProgramSets
  /** An empty program that follows the cluster. */
  incrementalProgram(options: CompileOptions): IncrementalProgram
  /** How many rules each policy of a program has. */
  rulesOfPolicies(program: Program): readonly PolicyRules[]
  /** The rules of a program as the node's own tool prints them. */
  programText(program: Program): ProgramText
  /** The formats in which this data plane's own tools take a program. */
  readonly formats: readonly RestoreFormat[]
  /** The lines with which the node's own tools program it, in a format of this data plane. */
  restoreLines(program: Program | ProgramSets, format: RestoreFormat): Iterable<string>
  /** Translates one policy, and finds what this data plane refuses of it. */
  translate(policy: NetworkPolicy, options: CompileOptions): NpmPolicy
  /** How many rules a policy of a program has, those that lead to its own among them. */
  countRules(policy: CompiledPolicy): number
  /** How many members a set of a type has room for. */
  mostMembers(type: SetType): number
  /** Fields of a policy whose rules are programmed with a description that is cut, each with the longest, in bytes. */
  cutDescriptions(policy: NpmPolicy): ReadonlyMap<string, number>
}

/** What `compile` prints for the node's own tools. */
export type RestoreFormat = 'ipset' | 'iptables' | 'hns'

/** How many rules a policy has in each direction. */
export interface PolicyRules {
  /** `namespace/name` */
  readonly policy: string
  readonly parts: readonly {
    readonly direction: Direction
    /** Absent where policies have no chain of their own. */
    readonly chain?: string
    readonly rules: number
    /** How many sets they name. */
    readonly sets: number
  }[]
}

/** The part of a document of kind `Program` that is rules. */
export type ProgramText = Pick<ProgramDocument, 'jump' | 'baseChains' | 'policies'>
