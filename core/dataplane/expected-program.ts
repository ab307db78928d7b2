import type {CompileOptions, Program, Semantics} from '../policy/program.ts'

/** What Azure NPM programs on a node for the policies of its cluster. */
export interface ExpectedProgram {
  readonly program: Program
  /** What the node did not show, and was assumed. */
  readonly notes: readonly string[]
  /** What other releases would program that the node may be of, as far as it tells. Compiled when they are asked for. */
  readonly others?: readonly (() => Program)[]
}

/** Settings of Azure NPM that no document of a node holds, and work that is done already. */
export interface ExpectedProgramOptions {
  readonly isLite?: boolean
  readonly semantics?: Semantics
  /** Gives the program in place of a compilation: for who follows the cluster and has it ready. */
  readonly programFor?: (options: CompileOptions) => Program
}
