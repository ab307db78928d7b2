import {DUMP_FORMAT} from '../contract/dump-format.ts'
import {API_VERSION} from '../contract/version.ts'
import type {Problem} from '../problem/problem.ts'
import {dumpFiles} from './layout.ts'
import type {DumpDocument} from './model.ts'
import {checkJsonMemory} from './parsed-size.ts'

/**
 * `dump.json`, the table of contents of a dump.
 *
 * It is read by hand and not with the schema that it is written by. Every verb that reads a dump reads it, and the library of
 * schemas takes 26 to 47 ms to load from the bundle (five runs on a busy machine of two cores). A field that is absent or has
 * another shape, as a newer version may have changed it, is skipped alone; the rest is still read.
 */

/** The parts of `dump.json` that readers need. */
export interface ReadManifest {
  /** The folder of dump.json, without a slash at its end. */
  readonly base: string
  readonly id: string | undefined
  readonly takenAt: string | undefined
  readonly redacted: boolean
  /** By folder below `base`. */
  readonly nodes: ReadonlyMap<string, ReadManifestNode>
  readonly failures: readonly ManifestFailure[]
  /** The failures of each node, by its name. */
  readonly failuresOf: ReadonlyMap<string, readonly ManifestFailure[]>
  readonly problems: readonly Problem[]
}

/** What could not be read when a dump was taken. */
export interface ManifestFailure {
  readonly node?: string
  readonly document?: string
  readonly message: string
  readonly next: string
}

/** A node as `dump.json` describes it. */
export interface ReadManifestNode {
  readonly name: string
  readonly takenAt?: string
  readonly agentVersion?: string
  /** Files that may not be all that a tool printed. */
  readonly given: ReadonlySet<string>
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : [])

/** Whether a JSON document is the table of contents of a dump. */
export const isManifest = (value: unknown): value is Fields =>
  isFields(value) && value['kind'] === 'Dump' && String(value['apiVersion']).startsWith('kubectl-npm/')

/**
 * Reads a document as the `dump.json` of its folder.
 *
 * @returns undefined for any other document, and for one that was given without a folder
 */
export function readManifest(document: DumpDocument): ReadManifest | undefined {
  if (fileName(document.name) !== dumpFiles.manifest || document.folder === '') return undefined
  checkJsonMemory(document.text)
  let value: unknown
  try {
    value = JSON.parse(document.text.join(''))
  } catch {
    return undefined
  }
  if (!isManifest(value)) return undefined
  const nodes: [string, ReadManifestNode][] = listOf(value['nodes']).flatMap(node => {
    const folder = textOf(node['folder'])
    const name = textOf(node['name'])
    if (folder === undefined || name === undefined) return []
    const takenAt = textOf(node['takenAt'])
    const agentVersion = textOf(node['agentVersion'])
    const files = Array.isArray(node['given']) ? node['given'] : []
    const given = new Set(files.filter(file => typeof file === 'string'))
    const told = {name, given, ...(takenAt !== undefined && {takenAt}), ...(agentVersion !== undefined && {agentVersion})}
    return [[plainPath(folder), told]]
  })
  const failures = listOf(value['failures']).flatMap(readFailure)
  return {
    base: plainPath(document.folder),
    id: textOf(value['id']),
    takenAt: textOf(value['takenAt']),
    redacted: value['redacted'] === true,
    nodes: new Map(nodes),
    failures,
    failuresOf: byNode(failures),
    problems: formatProblems(value, document.name),
  }
}

function byNode(failures: readonly ManifestFailure[]): Map<string, ManifestFailure[]> {
  const map = new Map<string, ManifestFailure[]>()
  for (const failure of failures) {
    if (failure.node === undefined) continue
    const its = map.get(failure.node)
    if (its) its.push(failure)
    else map.set(failure.node, [failure])
  }
  return map
}

function readFailure(failure: Fields): ManifestFailure[] {
  const message = textOf(failure['message'])
  if (message === undefined) return []
  const node = textOf(failure['node'])
  const document = textOf(failure['document'])
  const next = textOf(failure['next']) ?? 'Take the dump again.'
  return [{message, next, ...(node !== undefined && {node}), ...(document !== undefined && {document})}]
}

function formatProblems(value: Fields, file: string): Problem[] {
  const format = value['formatVersion']
  const isKnown = value['apiVersion'] === API_VERSION && typeof format === 'number' && format <= DUMP_FORMAT
  if (isKnown) return []
  const version = textOf(value['version'])
  return [
    {
      code: 'UNSUPPORTED_FILE',
      file,
      message:
        `the dump has format ${typeof format === 'number' ? format : 'unknown'} of a newer kubectl npm${version === undefined ? '' : ` (${version})`}; ` +
        `this one knows formats up to ${DUMP_FORMAT} and reads what it can`,
      next: 'What the newer format adds is passed over. Read the dump with a kubectl npm that is at least as new.',
    },
  ]
}

/** The place of a document in a dump. */
export type DumpLocation =
  | {readonly kind: 'cluster'}
  | {readonly kind: 'node'; readonly folder: string; readonly file: string}
  /** For people, or unknown: of a newer version, or put there by somebody. */
  | {readonly kind: 'other'}

/**
 * Finds the place of a document in the dump of a `dump.json`.
 *
 * @returns undefined when the document is outside of the dump's folder
 */
export function locationIn({base}: ReadManifest, document: DumpDocument): DumpLocation | undefined {
  if (document.folder === '') return undefined
  const folder = plainPath(document.folder)
  const file = fileName(document.name)
  if (folder === base) return file === dumpFiles.cluster || file === dumpFiles.services ? {kind: 'cluster'} : {kind: 'other'}
  const start = base === '' ? '' : `${base}/`
  if (!folder.startsWith(start)) return undefined
  const below = folder.slice(start.length)
  return /^nodes\/[^/]+$/.test(below) ? {kind: 'node', folder: below, file} : {kind: 'other'}
}

/** The last part of a path. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** A path without empty parts and dots: `a/b` for `a/./b/`. */
export const plainPath = (path: string): string =>
  path
    .split('/')
    .filter((part, index) => part !== '.' && (part !== '' || index === 0))
    .join('/')
