import {customColumns} from './custom-columns.ts'
import {jsonLines, type Streamed, wholeDocument, yamlLines} from './document.ts'
import {jsonPathLines} from './json-path.ts'
import type {Paint} from './paint.ts'

/** The lines of one output format. Called for the format that is asked for only. */
export type Lines = (paint: Paint) => Iterable<string>

/** An answer in every format that a verb prints. */
export interface Answer {
  /** What `json` and `yaml` print, and `jsonpath` and `custom-columns` look into; made for these only. */
  readonly document: () => Streamed
  /** What `table` prints, and any format that has no entry in `formats`. */
  readonly table: Lines
  /** Further formats by their name in `-o`: `wide`, `name`, `csv`. */
  readonly formats?: Readonly<Record<string, (...of: Parameters<Lines>) => Iterable<string> | Promise<Iterable<string>>>>
}

/**
 * The lines of an answer in one format. This is the only place that chooses between formats.
 *
 * @param format     value of `-o`
 * @param hasHeaders whether a table of chosen columns begins with their names; other tables know it themselves
 */
export async function answerLines(
  {document, table, formats}: Answer,
  format: string,
  paint: Paint,
  hasHeaders = true,
): Promise<Iterable<string>> {
  if (format === 'json') return jsonLines(document())
  if (format === 'yaml') return yamlLines(document())
  const [, kind, spec = ''] = /^(jsonpath|custom-columns)=(.*)$/s.exec(format) ?? []
  if (kind === 'jsonpath') return jsonPathLines(wholeDocument(document()), spec)
  if (kind === 'custom-columns') return customColumns(wholeDocument(document()), spec, paint, hasHeaders)
  return (formats?.[format] ?? table)(paint)
}
