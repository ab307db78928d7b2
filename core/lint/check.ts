import type {LinuxPolicy, LinuxProgram} from '../linux/npm/program.ts'
import type {ClusterView} from './cluster-view.ts'
import type {Remark} from './findings.ts'
import type {PolicyView} from './policy-view.ts'

/** What checks look at besides the policy itself. */
export interface LintContext {
  readonly around: ClusterView
  /** What Azure NPM makes of all objects. */
  readonly program: LinuxProgram
  /** The policies of the program, by name. */
  readonly compiled: ReadonlyMap<string, LinuxPolicy>
}

/** Looks at one policy for one kind of thing. */
export type Check = (view: PolicyView, context: LintContext) => Iterable<Remark>
