import {join} from 'node:path'

/** A file of Windows itself. By its whole path: what lies in a folder of this process, or on PATH, is not taken for it. */
export const systemFile = (...names: readonly string[]): string =>
  join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', ...names)
