import type {Scheme} from '../names/hash.ts'
import type {Direction} from '../names/kernel-name.ts'

/** What renaming has to know of the names that one data plane gives chains, and targets that are no chains. */
export interface ChainNames {
  /** Whether every node has a chain or a target of that name, so that it says nothing of a cluster and stays. */
  readonly isOnEveryNode: (name: string) => boolean
  /** The part of a chain's name that says nothing of a cluster; hashes of names, or names, follow it. Empty when there is none. */
  readonly headOf: (name: string) => string
  /** What the names of chains begin with, before a hyphen. A word of a text that begins so is read as a chain. */
  readonly prefixes: readonly string[]
  readonly policyChains: PolicyChainNames
}

/** The names of chains that belong to one policy: each holds a direction and a digest of the policy's name. */
export interface PolicyChainNames {
  /** Whether a digest is a hash, which two policies may share by chance. */
  readonly isHashed: boolean
  /** @param policy `namespace/name`, or any text that takes its place */
  readonly digestOf: (policy: string, scheme: Scheme) => string
  /** The name of the chain with a digest. */
  readonly print: (digest: string, direction: Direction) => string
  /**
   * Reads the name of a chain. The scheme is the likelier one when the digest fits two.
   *
   * @returns undefined for a name that no policy's chain can have
   */
  readonly parse: (chain: string) => {readonly direction: Direction; readonly digest: string; readonly scheme: Scheme} | undefined
}
