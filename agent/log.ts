/**
 * What the agent writes to its log: one JSON object for each line. Tokens and headers of requests are never given to it;
 * text of clients is, as a value.
 */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** The record of who has come and gone. It is never left out, however much else waits to be written. */
  audit(fields: object, message: string): void
  /** So much of the record waits to be written that nobody who would add to it may be let in. */
  readonly isStuck?: boolean
}

export const silentLog: Log = {info: () => {}, warn: () => {}, error: () => {}, audit: () => {}}
