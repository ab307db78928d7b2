import type {PlaneRedaction, RewriteLine} from '../dataplane/redaction.ts'
import type {KeyedHash} from '../renaming/keyed-hash.ts'
import {Renaming} from '../renaming/renaming.ts'
import type {Vocabulary} from '../renaming/vocabulary.ts'
import {CacheText} from './cache.ts'
import {MetricsText} from './metrics.ts'

/**
 * New names and addresses for a whole dump: equal ones become equal ones, so that the redacted dump gives the same answers with
 * other names. Made by `Learner.settle`.
 */
export class Redaction extends Renaming {
  /** By kind of text, how its data plane rewrites a line. */
  readonly lines: ReadonlyMap<string, RewriteLine>
  readonly metrics: MetricsText
  readonly cache: CacheText

  /** @param planes of all data planes, as a log may name chains of any */
  constructor(hash: KeyedHash, vocabulary: Vocabulary, planes: readonly PlaneRedaction[]) {
    super(
      hash,
      vocabulary,
      planes.map(({chainNames}) => chainNames),
    )
    this.lines = new Map(planes.flatMap(plane => Object.entries(plane.rewriters(this))))
    this.metrics = new MetricsText(this.names, this.freeText)
    this.cache = new CacheText(this.objects, this.names, this.freeText, this.words.renamer)
  }

  /** The new name of a node. */
  node(name: string): string {
    return name === 'unknown' ? name : this.words.fake(name)
  }

  /** Rewrites a message or a line of a log. */
  text(text: string): string {
    return this.freeText.rewrite(text)
  }
}
