import type {PolicyCompiler} from '../dataplane/policy-compiler.ts'
import type {CompiledPolicy, Program} from '../policy/program.ts'
import type {Release} from '../policy/release.ts'
import type {ClusterView} from './cluster-view.ts'
import type {Remark} from './findings.ts'
import type {PolicyView} from './policy-view.ts'

/** What checks use besides the policy itself. */
export interface LintContext {
  readonly clusterView: ClusterView
  /** The compiler of the data plane of `program`. */
  readonly compiler: PolicyCompiler
  /** Which Azure NPM to think of; undefined for those of today. */
  readonly release: Release | undefined
  /** The program that Azure NPM compiles from all objects. */
  readonly program: Program
  /** The policies of the program by `namespace/name`. */
  readonly compiled: ReadonlyMap<string, CompiledPolicy>
}

/** Checks one policy for one kind of finding. */
export type Check = (view: PolicyView, context: LintContext) => Iterable<Remark>
