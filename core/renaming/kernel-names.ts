import {policyChain, policyChainName} from '../linux/npm/policy-chain.ts'
import type {Scheme} from '../names/hash.ts'
import {setKernelName, setScheme} from '../names/kernel-name.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {type HashedName, renameSet} from './rename-set.ts'
import {type Renamer, renamePolicy} from './renamer.ts'
import {digestOf, type Vocabulary} from './vocabulary.ts'

/** Names of chains and targets, which a data plane knows: those that every node has stay. */
export interface FixedNames {
  /** Whether a chain or a target has that name on every node. */
  readonly has: (name: string) => boolean
  /** What the name of a chain begins with that says nothing; behind it stand hashes of names, or names. */
  readonly headOf: (name: string) => string
}

/**
 * New names for sets and chains. Where the name that a hash was made of is known, the new one is the hash of the renamed name in the
 * same scheme; any other is the hash of something that nobody knows.
 */
export class KernelNames {
  private readonly memo = new Map<string, string>()
  private readonly renamed = new Map<HashedName, string>()
  private readonly hash: KeyedHash
  private readonly renamer: Renamer
  private readonly vocabulary: Vocabulary
  private readonly fixed: FixedNames

  constructor(hash: KeyedHash, renamer: Renamer, vocabulary: Vocabulary, fixed: FixedNames) {
    this.fixed = fixed
    this.hash = hash
    this.renamer = renamer
    this.vocabulary = vocabulary
  }

  /** All names that are known for a set. */
  namesOf(kernelName: string): readonly HashedName[] {
    return this.vocabulary.sets.get(kernelName) ?? []
  }

  /** A name before it is hashed, renamed. */
  renameSet(name: HashedName): string {
    let renamed = this.renamed.get(name)
    if (renamed === undefined) {
      renamed = renameSet(name, this.renamer, this.vocabulary)
      this.renamed.set(name, renamed)
    }
    return renamed
  }

  /** The new name of a set. Sets of others keep theirs where it tells nothing. */
  set(kernelName: string): string {
    let name = this.memo.get(kernelName)
    if (name === undefined) {
      name = this.newSet(kernelName)
      this.memo.set(kernelName, name)
    }
    return name
  }

  private newSet(kernelName: string): string {
    const scheme = setScheme(kernelName)
    if (scheme === undefined) return this.otherSet(kernelName)
    const [first] = this.namesOf(kernelName)
    return setKernelName(first ? this.renameSet(first) : this.secret(kernelName), scheme)
  }

  private otherSet(name: string): string {
    const [head = ''] = /^(?:azure-npm-|KUBE-|cali\d*|felix-)/.exec(name) ?? []
    // kube-proxy's sets are the same on every node.
    return head === 'KUBE-' ? name : head + this.renamer.word(name.slice(head.length))
  }

  /** The new name of a chain, or of a target that is none. */
  chain(name: string): string {
    if (this.fixed.has(name)) return name
    let renamed = this.memo.get(name)
    if (renamed === undefined) {
      renamed = this.newChain(name)
      this.memo.set(name, renamed)
    }
    return renamed
  }

  private newChain(name: string): string {
    const shape = policyChain(name)
    if (!shape) {
      const head = this.fixed.headOf(name)
      return head + this.renamer.word(name.slice(head.length))
    }
    const digest = digestOf(name)
    const [policy] = this.policiesOf(name)
    const text = policy === undefined ? this.secret(digest) : renamePolicy(policy, this.renamer)
    return policyChainName(text, shape.direction, schemeOf(digest))
  }

  /** The policies whose chain it may be, before they are renamed. */
  policiesOf(chain: string): readonly string[] {
    return this.vocabulary.policiesOfDigest.get(digestOf(chain)) ?? []
  }

  private secret(text: string): string {
    return [...this.hash.ofText(`kernel name ${text}`)].join(' ')
  }
}

/** Ten digits may be of either scheme; of base 36 hardly ever. */
const schemeOf = (digest: string): Scheme => (/^\d{1,10}$/.test(digest) && Number(digest) <= 0xffffffff ? 'fnv32a' : 'sha256')
