import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {NodeState} from '../../../core/dataplane/dataplane.ts'
import {readDump} from '../../../core/dump/read-dump.ts'

/** Opens one node from texts by file name, as if somebody had given the files. */
export async function openedNode(texts: Readonly<Record<string, string>>): Promise<NodeState> {
  const {nodes} = await readDump(Object.entries(texts).map(([name, text]) => ({name, folder: '', text: [text]})))
  if (nodes.length !== 1 || !nodes[0]) throw new Error(`${nodes.length} nodes`)
  return nodes[0]
}

/** The text of a file of the HNS fixtures. */
export const hnsText = (name: string): string => readFileSync(join(import.meta.dirname, '../../fixtures/hns', name), 'utf8')
