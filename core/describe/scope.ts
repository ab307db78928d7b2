import type {Description} from '../contract/description.ts'
import type {DriftCause} from '../contract/drift.ts'
import type {PolicyListItem} from '../contract/policies.ts'
import type {TranslatedPolicy} from '../contract/translation.ts'
import type {Pod} from '../kubernetes/objects.ts'

/** What is not whole, as a description has it. */
export type Part = Description['incomplete'][number]

/** What of all that is known is of one thing. It differs between kinds of things; the rest of a document is made for all alike. */
export interface Scope {
  readonly service?: Description['service']
  readonly pods?: readonly Pod[]
  readonly heldBy?: Description['heldBy']
  readonly sets?: Description['sets']
  /** Whether a policy is listed. */
  readonly policies: (item: PolicyListItem) => boolean
  /** A programmed policy as far as it is wanted. */
  readonly rules: (policy: TranslatedPolicy, node: string) => TranslatedPolicy | undefined
  readonly reach?: Description['reach']
  /** Whether a cause of differences has to do with the thing. */
  readonly concerns: (cause: DriftCause, sets: ReadonlySet<string>, node: string) => boolean
  readonly incomplete?: readonly Part[]
  /** Which nodes are shown; all without it. */
  readonly nodes?: (node: string) => boolean
}

/** `namespace/name` of a listed policy. */
export const keyOf = ({namespace, name}: PolicyListItem): string => `${namespace}/${name}`

/** A part of which nothing was given. */
export const absent = (part: string, reason: string, next: string): Part => ({part, state: 'absent', reason, next})
