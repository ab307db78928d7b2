/**
 * What the agent writes to its log: one JSON object for each line. Tokens and headers of requests are never given to it;
 * text of clients is, as a value.
 */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silentLog: Log = {info: () => {}, warn: () => {}, error: () => {}}
