import {readFile} from 'node:fs/promises'

/**
 * The kernel's list of legacy tables of this network namespace, one name a line; undefined while the legacy modules are
 * not loaded. Reading it loads nothing, which running a legacy tool would.
 */
export async function readLegacyTables(): Promise<string | undefined> {
  try {
    return await readFile('/proc/self/net/ip_tables_names', 'utf8')
  } catch {
    return undefined
  }
}
