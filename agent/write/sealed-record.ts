import {createHash} from 'node:crypto'

/** SHA-256 in hex. */
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** A record as one line of JSON with a checksum, so that a damaged one is known. */
export function seal(record: object): string {
  const text = JSON.stringify(record)
  return `{"sha256":"${sha256(text)}","record":${text}}\n`
}

/** The record of a line without its line feed; undefined when the line is damaged. */
export function unseal(line: string): unknown {
  const [, sum, text] = /^\{"sha256":"([0-9a-f]{64})","record":(.*)\}$/s.exec(line) ?? []
  if (sum === undefined || text === undefined || sha256(text) !== sum) return undefined
  return JSON.parse(text)
}
