import type {Generation} from '../names/name-index.ts'
import type {HashedName} from './rename-set.ts'

/** What a node's rules and sets name, before anything is replaced. */
export interface NodeNames {
  /** Policies that chains belong to, `namespace/name`. */
  readonly policies: readonly string[]
  /** What the kernel names of sets are hashes of; a kernel name may occur several times. */
  readonly sets: readonly {readonly kernelName: string; readonly name: HashedName}[]
  /** Kernel names of Azure NPM's sets that the node has or its rules use. */
  readonly met: readonly string[]
  /** The generations of Azure NPM that may have named them. */
  readonly generations: readonly Generation[]
}
