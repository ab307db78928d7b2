import {IpsetText} from '../linux/redact/ipset.ts'
import {IptablesText} from '../linux/redact/iptables.ts'
import {RuleComments} from '../linux/redact/rule-comments.ts'
import {Addresses} from '../renaming/addresses.ts'
import {keepCollisions} from '../renaming/collisions.ts'
import {FreeText} from '../renaming/free-text.ts'
import {KernelNames} from '../renaming/kernel-names.ts'
import type {KeyedHash} from '../renaming/keyed-hash.ts'
import {Objects} from '../renaming/objects.ts'
import {Words} from '../renaming/pseudonyms.ts'
import type {Vocabulary} from '../renaming/vocabulary.ts'
import {CacheText} from './cache.ts'
import {MetricsText} from './metrics.ts'

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
