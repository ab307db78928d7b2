import {createReadStream, type Dirent, lstatSync, readdirSync, readFileSync, rmdirSync, type Stats, unlinkSync} from 'node:fs'
import {join} from 'node:path'
import {dumpFiles, isNodeFile} from '../../core/dump/layout.ts'
import {isManifest} from '../../core/dump/manifest.ts'
import {gunzip} from '../bytes/gunzip.ts'

/**
 * What may be removed in the place of a dump: what a dump wrote, and nothing else. No link is followed, and no folder is removed with what
 * happens to be in it.
 */

const TOP_FILES: readonly string[] = [dumpFiles.manifest, dumpFiles.log, dumpFiles.cluster, dumpFiles.services]

/** A number of names is enough for an error. */
const MOST_NAMES = 3
/** A table of contents has some hundred bytes for each node. */
const LARGEST_MANIFEST_BYTES = 64 * 1024 * 1024

/** Files and folders of a dump, as far as they are ones that a dump writes, and what is there besides. */
interface Content {
  readonly files: string[]
  /** From the innermost on. */
  readonly folders: string[]
  /** Some of the others, from the folder of the dump on. */
  readonly others: string[]
}

/** @throws what the file system does */
function contentOf(folder: string): Content {
  const content: Content = {files: [], folders: [], others: []}
  const sort = (path: string, isDumped: (name: string) => boolean, isFolder: (name: string) => boolean): Dirent[] => {
    const entries = readdirSync(join(folder, path), {withFileTypes: true})
    const below: Dirent[] = []
    for (const entry of entries) {
      const its = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isFile() && isDumped(entry.name)) content.files.push(its)
      else if (entry.isDirectory() && isFolder(entry.name)) below.push(entry)
      else if (content.others.length < MOST_NAMES) content.others.push(its)
    }
    return below
  }
  const none = () => false
  for (const {name: nodes} of sort(
    '',
    name => TOP_FILES.includes(name),
    name => name === dumpFiles.nodes,
  )) {
    for (const {name} of sort(nodes, none, () => true)) {
      sort(`${nodes}/${name}`, isNodeFile, none)
      content.folders.push(`${nodes}/${name}`)
    }
    content.folders.push(nodes)
  }
  return content
}

/**
 * Why a folder is not to be replaced by a dump, as the end of a sentence; undefined for an earlier dump, and for a folder with nothing in
 * it.
 *
 * @throws what the file system does
 */
export function whyNoDumpFolder(folder: string): string | undefined {
  const {files, folders, others} = contentOf(folder)
  const [first] = others
  if (first !== undefined && files.length === 0) return `a folder that is no dump; it holds ${others.join(', ')}`
  if (first !== undefined) return `it holds what no dump wrote: ${others.join(', ')}`
  if (files.length + folders.length > 0 && !hasManifest(join(folder, dumpFiles.manifest))) return 'a folder that is no dump'
  return undefined
}

function hasManifest(file: string): boolean {
  try {
    return lstatSync(file).size <= LARGEST_MANIFEST_BYTES && isManifest(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return false
  }
}

/** Of a tar header. Source: POSIX, pax Interchange Format, ustar Header Block. */
const HEADER_BYTES = 512
/** The first fields of the manifest, which say what it is. */
const BEGINNING_BYTES = HEADER_BYTES + 100

/**
 * Whether a file is an archive that a dump wrote, by its beginning: the table of contents comes first.
 *
 * @returns true for an empty file, too
 */
export async function isDumpArchive(path: string, stats: Stats): Promise<boolean> {
  if (!stats.isFile()) return false
  if (stats.size === 0) return true
  const beginning: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of gunzip(bytesOf(path), () => {})) {
      beginning.push(part)
      size += part.length
      if (size >= BEGINNING_BYTES) break
    }
  } catch {
    return false
  }
  const text = Buffer.concat(beginning).toString('latin1')
  const isFirst = text.startsWith(`${dumpFiles.manifest}\0`)
  return isFirst && /^\{\s*"apiVersion": "kubectl-npm\/[^"]*",\s*"kind": "Dump"/.test(text.slice(HEADER_BYTES))
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array, void> {
  yield* createReadStream(path) as AsyncIterable<Buffer>
}

/**
 * Removes what a dump wrote into a folder, and the folder when nothing else is in it.
 *
 * @returns whether it is gone
 */
export function removeDumpFolder(folder: string): boolean {
  try {
    const {files, folders, others} = contentOf(folder)
    for (const file of files) unlinkSync(join(folder, file))
    if (others.length > 0) return false
    for (const each of folders) rmdirSync(join(folder, each))
    rmdirSync(folder)
    return true
  } catch {
    // Somebody else changes it, or may change it where we may not.
    return false
  }
}
