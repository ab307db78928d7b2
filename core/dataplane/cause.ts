import type {Where} from '../contract/common.ts'
import type {CauseKind} from '../contract/drift.ts'
import type {Difference} from './difference.ts'

/**
 * One thing that is wrong with a node: the differences that have one reason, or a rule of another program that decides before
 * Azure NPM does.
 */
export interface Cause {
  readonly kind: CauseKind
  /** What is wrong, in one sentence without a full stop. */
  readonly text: string
  /** `namespace/name` */
  readonly policy?: string
  /** `namespace/name` */
  readonly pod?: string
  /** Of the pod, or that a set holds without a pod. */
  readonly addresses?: readonly string[]
  /** Of a rule that is not Azure NPM's. */
  readonly where?: Where
  /** None for a rule of another program. */
  readonly differences: readonly Difference<object>[]
  /** The rule of another program. Only its data plane looks at it. */
  readonly foreign?: object
  /** What to do about it in place of a repair. */
  readonly instead?: string
}
