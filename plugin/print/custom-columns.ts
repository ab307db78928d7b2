import {InputError} from '../../core/problem/input-error.ts'
import {columns} from './columns.ts'
import {plain, valuesOfPath} from './json-path.ts'
import type {Paint} from './paint.ts'

/** What a document lists, by the kind of document. */
const LISTS = ['items', 'policies', 'probes', 'operations', 'findings', 'sets']

/** Documents about one thing, whatever they list of it. */
const OF_ONE = new Set<unknown>(['Description'])

/**
 * A table of chosen columns, `NODE:.node,SETS:.sets`: a row for each item of what the document lists, or one for the document itself.
 *
 * @throws InputError for columns that cannot be read
 */
export async function customColumns(
  document: Readonly<Record<string, unknown>>,
  spec: string,
  paint: Paint,
  hasHeaders = true,
): Promise<Iterable<string>> {
  const chosen = await Promise.all(
    splitColumns(spec).map(async column => {
      const [, header, path] = /^([^:]+):(.+)$/s.exec(column) ?? []
      if (header === undefined || path === undefined)
        throw new InputError(`"${column}" is no column`, "Write them as for kubectl: -o custom-columns='NAME:.name,NODE:.node'")
      const values = await valuesOfPath(path)
      return {header, value: (row: unknown) => values(row).map(plain).join(',') || '<none>'}
    }),
  )
  const list = OF_ONE.has(document['kind']) ? undefined : LISTS.map(name => document[name]).find(Array.isArray)
  return columns(list ?? [document], chosen, paint, hasHeaders, Infinity)
}

/** Commas between brackets belong to a path. */
const splitColumns = (spec: string): string[] => spec.split(/,(?![^[]*\])/)
