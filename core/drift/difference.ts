import type {DriftItem} from '../contract/drift.ts'
import type {Rule} from '../linux/iptables/model.ts'
import type {ProgramRule} from '../linux/npm/program.ts'
import type {Packet} from '../net/packet.ts'
import type {CopyOnWriteMap} from '../packets/copy-on-write-map.ts'

export interface OverlaySet {
  readonly type: string
  readonly members: readonly string[]
}

/** The node's state as the walk sees it, open to changes: what one difference alone would make of the program. */
export interface Overlay {
  readonly sets: CopyOnWriteMap<OverlaySet>
  readonly chains: CopyOnWriteMap<readonly Rule[]>
}

/** A difference that was found, and what it does to a node that is otherwise as the policies ask. */
export interface Difference {
  readonly item: Omit<DriftItem, 'effect' | 'example'>
  /** Makes the difference in a program; undefined when it cannot change any verdict. */
  readonly apply?: (overlay: Overlay) => void
  /** Addresses that it is about; packets of others are judged as before. Undefined: any may be. */
  readonly addresses?: readonly string[]
  /** The set that it is in, and of a list the member that it is about: where to look for packets that it concerns. */
  readonly set?: string
  readonly part?: string
  /** The port that it is about. */
  readonly port?: Pick<Packet, 'protocol' | 'port'>
  /** The rules that it is about. */
  readonly rules?: readonly Pick<Rule | ProgramRule, 'chain' | 'matches' | 'target'>[]
}
