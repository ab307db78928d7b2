import {stringify} from 'yaml'

/** The lines of a document as YAML. */
export const yamlLines = (document: unknown): readonly string[] =>
  stringify(document, {lineWidth: 0, aliasDuplicateObjects: false}).trimEnd().split('\n')
