import type {DumpManifest, DumpNode} from '../contract/dump.ts'
import {DUMP_FORMAT} from '../contract/dump-format.ts'
import {API_VERSION} from '../contract/version.ts'
import {nodeFolder} from './layout.ts'

/** What the writer of a dump has to tell. */
export type ManifestFacts = Omit<DumpManifest, 'apiVersion' | 'kind' | 'formatVersion' | 'nodes'> & {
  readonly nodes: readonly Omit<DumpNode, 'folder'>[]
}

/** Makes `dump.json`, and finds a folder for each node. */
export function makeManifest({nodes, ...facts}: ManifestFacts): DumpManifest {
  const folders = foldersOf(nodes)
  return {
    apiVersion: API_VERSION,
    kind: 'Dump',
    formatVersion: DUMP_FORMAT,
    ...facts,
    nodes: nodes.map(({name, ...node}, index) => ({name, folder: folders[index] as string, ...node})),
  }
}

/** `dump.json` as text. */
export const manifestText = (manifest: DumpManifest): string => `${JSON.stringify(manifest, undefined, 2)}\n`

/** Dumps of two moments may hold the same node twice, and some file systems do not tell `A` from `a`. */
function foldersOf(nodes: readonly {readonly name: string}[]): string[] {
  const taken = new Set<string>()
  const folders: string[] = []
  /** The next number to try, by folder: thousands of nodes may have one name. */
  const numbers = new Map<string, number>()
  for (const [index, {name}] of nodes.entries()) {
    const plain = nodeFolder(name, index)
    let folder = plain
    const key = plain.toLowerCase()
    let number = numbers.get(key) ?? 2
    for (; taken.has(folder.toLowerCase()); number++) folder = `${plain}.${number}`
    numbers.set(key, number)
    taken.add(folder.toLowerCase())
    folders.push(folder)
  }
  return folders
}
