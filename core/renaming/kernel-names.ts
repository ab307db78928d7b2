import {setKernelName, setScheme} from '../names/kernel-name.ts'
import type {ChainNames} from './chain-names.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {type HashedName, renameSet} from './rename-set.ts'
import {type Renamer, renamePolicy} from './renamer.ts'
import type {Vocabulary} from './vocabulary.ts'

/**
 * New names for sets and chains. When the name behind a hash is known, the new name is the hash of the renamed name in the same
 * scheme. Otherwise it is a hash of bytes that depend on the key.
 */
export class KernelNames {
  private readonly memo = new Map<string, string>()
  private readonly renamed = new Map<HashedName, string>()
  private readonly hash: KeyedHash
  private readonly renamer: Renamer
  private readonly vocabulary: Vocabulary
  private readonly planes: readonly ChainNames[]

  /** @param planes the chains of every data plane, as a log may name chains of any */
  constructor(hash: KeyedHash, renamer: Renamer, vocabulary: Vocabulary, planes: readonly ChainNames[]) {
    this.planes = planes
    this.hash = hash
    this.renamer = renamer
    this.vocabulary = vocabulary
  }

  /** What the names of chains begin with, before a hyphen. */
  get chainPrefixes(): readonly string[] {
    return this.planes.flatMap(({prefixes}) => prefixes)
  }

  /** All names that are known for a set. */
  namesOf(kernelName: string): readonly HashedName[] {
    return this.vocabulary.sets.get(kernelName) ?? []
  }

  /** The new name of a set before it is hashed. */
  renameSet(name: HashedName): string {
    let renamed = this.renamed.get(name)
    if (renamed === undefined) {
      renamed = renameSet(name, this.renamer, this.vocabulary)
      this.renamed.set(name, renamed)
    }
    return renamed
  }

  /** The new name of a set. A set that is not Azure NPM's keeps a name that is the same on every node. */
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

  /** The new name of a chain, or of a target that is no chain. */
  chain(name: string): string {
    if (this.planes.some(plane => plane.isOnEveryNode(name))) return name
    let renamed = this.memo.get(name)
    if (renamed === undefined) {
      renamed = this.newChain(name)
      this.memo.set(name, renamed)
    }
    return renamed
  }

  private newChain(name: string): string {
    for (const {policyChains} of this.planes) {
      const parts = policyChains.parse(name)
      if (!parts) continue
      const {direction, digest, scheme} = parts
      const [policy] = this.policiesOfDigest(digest)
      const text = policy === undefined ? this.secret(digest) : renamePolicy(policy, this.renamer)
      return policyChains.print(policyChains.digestOf(text, scheme), direction)
    }
    const head = this.planes.map(plane => plane.headOf(name)).find(each => each !== '') ?? ''
    return head + this.renamer.word(name.slice(head.length))
  }

  /** The policies that a chain may belong to, before they are renamed. */
  policiesOf(chain: string): readonly string[] {
    for (const {policyChains} of this.planes) {
      const parts = policyChains.parse(chain)
      if (parts) return this.policiesOfDigest(parts.digest)
    }
    return []
  }

  private policiesOfDigest(digest: string): readonly string[] {
    return this.vocabulary.policiesOfDigest.get(digest) ?? []
  }

  private secret(text: string): string {
    return [...this.hash.ofText(`kernel name ${text}`)].join(' ')
  }
}
