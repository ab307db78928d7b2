import type {PolicyCompiler} from '../dataplane/policy-compiler.ts'
import type {CompiledPolicy, Program} from '../policy/program.ts'
import type {ClusterView} from './cluster-view.ts'
import type {Remark} from './findings.ts'
import type {PolicyView} from './policy-view.ts'

/** What checks look at besides the policy itself. */
export interface LintContext {
  readonly clusterView: ClusterView
  /** Of the data plane that `program` is for. */
  readonly compiler: PolicyCompiler
  /** What Azure NPM makes of all objects. */
  readonly program: Program
  /** The policies of the program, by name. */
  readonly compiled: ReadonlyMap<string, CompiledPolicy>
}

/** Looks at one policy for one kind of thing. */
export type Check = (view: PolicyView, context: LintContext) => Iterable<Remark>
