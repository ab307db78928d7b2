import {Addresses} from './addresses.ts'
import type {ChainNames} from './chain-names.ts'
import {keepCollisions} from './collisions.ts'
import {FreeText} from './free-text.ts'
import {KernelNames} from './kernel-names.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {Objects} from './objects.ts'
import {Pseudonyms} from './pseudonyms.ts'
import type {Vocabulary} from './vocabulary.ts'

/**
 * The new names and addresses of one dump: equal ones become equal ones wherever they occur. All that rewrites a text uses these.
 */
export class Renaming {
  readonly words: Pseudonyms
  readonly addresses: Addresses
  readonly names: KernelNames
  readonly freeText: FreeText
  readonly objects: Objects

  /**
   * @param hash keyed with random bytes that are kept nowhere
   * @param vocabulary all names that are to be replaced
   * @param planes the chains of each data plane, at least one
   */
  constructor(hash: KeyedHash, vocabulary: Vocabulary, planes: readonly ChainNames[]) {
    this.addresses = new Addresses(hash.derive('addresses'))
    this.words = new Pseudonyms(hash.derive('words'), vocabulary.words)
    keepCollisions(this.words, vocabulary, hash.derive('collisions'))
    const {renamer} = this.words
    this.names = new KernelNames(hash.derive('kernel names'), renamer, vocabulary, planes)
    this.freeText = new FreeText(this.words, this.addresses, this.names, vocabulary)
    this.objects = new Objects(renamer, this.addresses, this.freeText)
  }
}
