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
  /** Of each data plane with documents that are JSON. */
  private readonly json: readonly {readonly holds: (value: unknown) => boolean; readonly rewrite: (value: unknown) => unknown}[]
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
    this.json = planes.flatMap(({json}) =>
      json ? [{holds: (value: unknown) => json.holds(value), rewrite: json.rewriter(this)}] : [],
    )
    this.metrics = new MetricsText(this.names, this.freeText)
    this.cache = new CacheText(this.objects, this.names, this.freeText, this.words.renamer)
  }

  /** Rewrites parsed JSON of a data plane; undefined for any other. */
  nodeValue(value: unknown): unknown {
    return this.json.find(({holds}) => holds(value))?.rewrite(value)
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
