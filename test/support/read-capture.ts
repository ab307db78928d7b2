import {readFileSync} from 'node:fs'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {readDump} from '../../core/dump/read-dump.ts'

/** A file of test/fixtures as text. */
export const fixtureText = (path: string): string => readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8')

/** The one node that some texts make. */
export async function dumpOf(...texts: readonly string[]): Promise<NodeState> {
  const {nodes} = await readDump(texts.map((text, index) => ({name: `file-${index}`, folder: '', text: [text]})))
  return nodes[0] as NodeState
}
