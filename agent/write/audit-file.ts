import {appendFileSync, renameSync, statSync} from 'node:fs'
import {join} from 'node:path'
import type {Log} from '../log.ts'
import {makeStateFolder} from './state-folder.ts'

/** Beside the journal. */
export const AUDIT_FILE = 'audit.jsonl'
/** One older file of this size is kept. */
const LARGEST_BYTES = 1024 ** 2

/**
 * The log of a process that a person runs on the node: its record is a file of the state folder, with one line for each write, as the agent's
 * log has it. The line is there before the result is told.
 *
 * @param say is told of errors, and of a line that could not be written: a write is not taken back for that
 */
export function auditFileLog(stateDir: string, say: (text: string) => void): Log {
  const path = join(stateDir, AUDIT_FILE)
  return {
    info: () => {},
    warn: () => {},
    error: (fields, message) => say(`${message}: ${JSON.stringify(fields)}`),
    audit(fields, message) {
      const line = JSON.stringify({time: new Date().toISOString(), msg: message, ...fields})
      try {
        makeStateFolder(stateDir)
        if (sizeOf(path) > LARGEST_BYTES) renameSync(path, `${path}.1`)
        appendFileSync(path, `${line}\n`, {mode: 0o600})
      } catch (error) {
        say(`the record of the write could not be kept: ${(error as Error).message}: ${line}`)
      }
    },
  }
}

const sizeOf = (path: string): number => statSync(path, {throwIfNoEntry: false})?.size ?? 0
