import type {CompiledPolicy, Program} from '../../policy/program.ts'
import type {RuleList} from '../../policy/rule-list.ts'
import type {Acl} from '../hns/model.ts'

/** An access rule that has no place among others yet. */
export type ProgramAcl = Omit<Acl, 'position'>

/** One policy compiled to access rules. */
export interface WindowsPolicy extends CompiledPolicy {
  /** Ids of the sets whose common members are the addresses that the policy selects. No rule names them. */
  readonly target: readonly string[]
  /** In order, without the rule for the node itself, which holds the node's address. */
  readonly acls: RuleList<ProgramAcl>
}

/** A pod that has an endpoint. */
export interface LocalPod {
  /** `namespace/name` */
  readonly pod: string
  readonly namespace: string
  readonly address: string
  /** Absent for a pod that was not placed yet. */
  readonly node?: string
}

/** The sets and rules that Azure NPM programs on Windows nodes. Which endpoint has which rules is in `endpoints.ts`. */
export interface WindowsProgram extends Program {
  readonly policies: readonly WindowsPolicy[]
  readonly leftOut: readonly WindowsPolicy[]
  /** The pods that may have an endpoint on a Windows node; with a node in the options, those of that node. */
  readonly pods: readonly LocalPod[]
  /** The addresses of nodes by name, as far as their objects were given. */
  readonly nodeAddresses: ReadonlyMap<string, string>
}

/** The part of a program that results from policies. */
export type WindowsPolicyPart = Pick<WindowsProgram, 'policies' | 'leftOut' | 'refusals'>
