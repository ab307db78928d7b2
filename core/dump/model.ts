import type {Text} from '../text/lines.ts'
import type {DocumentKind} from './document-kind.ts'

/** One file of a dump, or one tool's output. */
export interface DumpDocument {
  /** As a person would name it: a path, a path inside an archive, `stdin`. */
  readonly name: string
  /** Files of one folder belong to one node; files given one by one have the empty folder. */
  readonly folder: string
  readonly text: Text
  /** Set when it is all that a known tool printed; else the content tells. An empty answer of a tool is an answer. */
  readonly kind?: DocumentKind
}
