import {Addresses} from './addresses.ts'
import {CacheText} from './cache.ts'
import {keepCollisions} from './collisions.ts'
import {Words} from './fake-words.ts'
import {FreeText} from './free-text.ts'
import {IpsetText} from './ipset.ts'
import {IptablesText} from './iptables.ts'
import {KernelNames} from './kernel-names.ts'
import type {KeyedHash} from './keyed-hash.ts'
import {MetricsText} from './metrics.ts'
import {Objects} from './objects.ts'
import {RuleComments} from './rule-comments.ts'
import type {Vocabulary} from './vocabulary.ts'

/**
 * New names and addresses for all that a dump holds: the same one for the same wherever it stands, so that the redacted dump gives
 * the same answers in other words. Made by `Learner.settle`.
 */
export class Redaction {
  readonly words: Words
  readonly names: KernelNames
  readonly freeText: FreeText
  readonly iptables: IptablesText
  readonly ipset: IpsetText
  readonly metrics: MetricsText
  readonly cache: CacheText
  readonly objects: Objects

  constructor(hash: KeyedHash, vocabulary: Vocabulary) {
    const addresses = new Addresses(hash.derive('addresses'))
    this.words = new Words(hash.derive('words'), vocabulary.words)
    keepCollisions(this.words, vocabulary, hash.derive('collisions'))
    const {renamer} = this.words
    this.names = new KernelNames(hash.derive('kernel names'), renamer, vocabulary)
    this.freeText = new FreeText(this.words, addresses, this.names, vocabulary)
    const comments = new RuleComments(this.names, this.freeText, renamer)
    this.iptables = new IptablesText(this.words, addresses, this.names, comments, this.freeText)
    this.ipset = new IpsetText(addresses, this.names, this.freeText)
    this.metrics = new MetricsText(this.names, this.freeText)
    this.objects = new Objects(renamer, addresses, this.freeText)
    this.cache = new CacheText(this.objects, this.names, this.freeText, renamer)
  }

  /** The new name of a node. */
  node(name: string): string {
    return name === 'unknown' ? name : this.words.fake(name)
  }

  /** A message or a line of a log. */
  text(text: string): string {
    return this.freeText.rewrite(text)
  }
}
