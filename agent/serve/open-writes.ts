import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import type {Limits} from '../limits/limits.ts'
import type {Log} from '../log.ts'
import type {NodeSource} from '../node/node-source.ts'
import type {Writes} from '../rpc/writes.ts'
import type {WriterOptions} from '../write/open-writer.ts'
import type {Writer} from '../write/writer.ts'

export interface OpenWritesOptions {
  readonly version: string
  readonly node: string
  readonly stateDir: string
  readonly log: Log
  readonly limits: Limits
  readonly source: NodeSource
  /** Tests replace what writes. */
  readonly openWriter?: (options: WriterOptions) => Writer
}

/** Loads what writes to this node, which an agent that only reads never does. */
export async function openWrites(options: OpenWritesOptions, onChange: () => void): Promise<Writes> {
  const {version, node, stateDir, log, limits, source} = options
  const {Writes} = await import('../rpc/writes.ts')
  const {openWriter} = options.openWriter ? {openWriter: options.openWriter} : await import('../write/open-writer.ts')
  const writer = openWriter({stateDir, node, version, log, read: source})
  const journal = join(stateDir, 'journal.jsonl')
  return new Writes({
    writer,
    limits,
    onChange,
    mark: async () => {
      const {mtimeMs, size, ino} = await stat(journal).catch(() => ({mtimeMs: 0, size: 0, ino: 0}))
      return `${mtimeMs} ${size} ${ino}`
    },
  })
}
