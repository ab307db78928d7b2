import {destination, pino, stdTimeFunctions} from 'pino'
import type {Log} from '../log.ts'

/** Where lines go: text is taken at once, and `write` says later how many bytes have left. */
export interface LogOutput {
  write(line: string): unknown
  on(event: 'write', listener: (bytes: number) => void): unknown
}

const KIB = 1024
/** A value of a line that is longer is cut. */
const LONGEST_TEXT = 500
const LONGEST_LIST = 20
/** Lines that wait to be written, when whoever reads them is slow. The agent does not wait for that: it would answer nobody. */
const WAITING_BYTES = 256 * KIB
/** A line of the record has some 300 bytes. */
const WAITING_RECORD_BYTES = 1024 * KIB

/**
 * Opens the log on standard output. It takes bounded memory, though nobody may be reading: lines are left out and counted then,
 * those of the record (`audit`) never.
 *
 * @param node is in each line
 */
export function openLog(node: string, output: LogOutput = destination({dest: 1, sync: false})): Log {
  let waiting = 0
  let notLogged = 0
  const write = (line: string): void => {
    waiting += Buffer.byteLength(line)
    output.write(line)
  }
  const options = {base: {node}, timestamp: stdTimeFunctions.isoTime, formatters: {log: cutFields}}
  const record = pino(options, {write})
  const lines = pino(options, {
    write(line: string) {
      if (waiting + line.length > WAITING_BYTES) notLogged++
      else write(line)
    },
  })
  output.on('write', bytes => {
    waiting -= bytes
    if (notLogged === 0 || waiting > WAITING_BYTES / 2) return
    const count = notLogged
    notLogged = 0
    record.warn({notLogged: count}, 'Lines are missing here: the log was written faster than it was read')
  })
  return {
    info: (fields, message) => lines.info(fields, message),
    warn: (fields, message) => lines.warn(fields, message),
    error: (fields, message) => lines.error(fields, message),
    audit: (fields, message) => record.info(fields, message),
    get isStuck() {
      return waiting > WAITING_RECORD_BYTES
    },
  }
}

function cutFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value)]))
}

function cut(value: unknown): unknown {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value
  if (!Array.isArray(value)) return value
  const shown = value.slice(0, LONGEST_LIST).map(cut)
  return value.length > LONGEST_LIST ? [...shown, `and ${value.length - LONGEST_LIST} more`] : shown
}
