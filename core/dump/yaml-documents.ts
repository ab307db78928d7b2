import type * as Library from 'yaml'
import type {Document, LineCounter} from 'yaml'
import {indentContinuations} from './yaml-indentation.ts'

type Yaml = Pick<typeof Library, 'LineCounter' | 'parseAllDocuments'>

/** The documents of a text. Of one that does not parse `errors` says why. */
export interface YamlDocuments {
  readonly documents: readonly Document[]
  /** Where lines begin, for the offsets of nodes. */
  readonly lines: LineCounter
  /** The text that those offsets are of. */
  readonly text: string
}

/** Parses the documents of a YAML text as far as kubectl takes them. Their scalars are text: see `yamlValue`. */
export function parseYamlDocuments(text: string, yaml: Yaml): YamlDocuments {
  // Files that were joined have byte order marks inside, and old ones of a Mac no line feeds.
  const plain = /[\ufeff\r]/.test(text) ? text.replaceAll(/^\ufeff/gm, '').replaceAll(/\r(?!\n)/g, '\n') : text
  const parsed = parse(plain, yaml)
  const bad = faulty(parsed)
  if (bad === 0) return parsed
  const indented = parse(indentContinuations(plain), yaml)
  return faulty(indented) < bad ? indented : parsed
}

function parse(text: string, {LineCounter, parseAllDocuments}: Yaml): YamlDocuments {
  const lines = new LineCounter()
  // Scalars are read by kubectl's rules, and so are keys that are there twice.
  const documents = parseAllDocuments(text, {schema: 'failsafe', uniqueKeys: false, logLevel: 'silent', lineCounter: lines})
  return {documents: Array.isArray(documents) ? documents : [], lines, text}
}

const faulty = ({documents}: YamlDocuments): number => documents.filter(({errors}) => errors.length > 0).length
