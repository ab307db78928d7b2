import type {NodeContent} from '../dataplane/node-facts.ts'
import type {Text} from '../text/lines.ts'
import type {DocumentKind} from './document-kind.ts'

/** One file of a dump, or one tool's output. */
export interface DumpDocument {
  /** A path, a path inside an archive, or `stdin`, for messages. */
  readonly name: string
  /** Files of one folder belong to one node; files given one by one have the empty folder. */
  readonly folder: string
  readonly text: Text
  /** Set when the text is the whole output of a known tool, which may be empty. Otherwise the kind is found by the content. */
  readonly kind?: DocumentKind
  /** Whether it comes from an archive or packed file that is damaged or cut off, so that more may have stood behind it. */
  readonly isCut?: boolean
  /** Where what the text was parsed to is kept, for who reads the same text again. */
  readonly parsed?: {content?: NodeContent}
  /** Set when something else follows in the same file, so that the text is not cut off at its end. */
  readonly isEnded?: true
}
