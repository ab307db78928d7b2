import type {DriftItem} from '../contract/drift.ts'
import type {Rule} from '../iptables/model.ts'

/** The node's state as the walk sees it, open to changes: what one difference alone would make of the program. */
export interface Overlay {
  readonly sets: Map<string, {readonly type: string; readonly members: readonly string[]}>
  readonly chains: Map<string, readonly Rule[]>
}

/** A difference that was found, and what it does to a node that is otherwise as the policies ask. */
export interface Difference {
  readonly item: Omit<DriftItem, 'effect' | 'example'>
  /** Makes the difference in a program; undefined when it cannot change any verdict. */
  readonly apply?: (overlay: Overlay) => void
  /** Addresses that it is about; packets of others are judged as before. Undefined: any may be. */
  readonly addresses?: readonly string[]
}
