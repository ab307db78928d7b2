import {Addresses} from './addresses.ts'
import {keepCollisions} from './collisions.ts'
import {FreeText} from './free-text.ts'
import {type FixedNames, KernelNames} from './kernel-names.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {Objects} from './objects.ts'
import {Pseudonyms} from './pseudonyms.ts'
import type {Vocabulary} from './vocabulary.ts'

/** New names and addresses: the same one for the same wherever it stands. Whoever rewrites a text takes them from here. */
export class Renaming {
  readonly words: Pseudonyms
  readonly addresses: Addresses
  readonly names: KernelNames
  readonly freeText: FreeText
  readonly objects: Objects

  /**
   * @param hash keyed with random bytes that are kept nowhere
   * @param vocabulary all names that are to be replaced
   * @param fixed names in the kernel that stay
   */
  constructor(hash: KeyedHash, vocabulary: Vocabulary, fixed: FixedNames) {
    this.addresses = new Addresses(hash.derive('addresses'))
    this.words = new Pseudonyms(hash.derive('words'), vocabulary.words)
    keepCollisions(this.words, vocabulary, hash.derive('collisions'))
    const {renamer} = this.words
    this.names = new KernelNames(hash.derive('kernel names'), renamer, vocabulary, fixed)
    this.freeText = new FreeText(this.words, this.addresses, this.names, vocabulary)
    this.objects = new Objects(renamer, this.addresses, this.freeText)
  }
}
