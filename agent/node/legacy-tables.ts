import {readFile} from 'node:fs/promises'
import {setTimeout as sleep} from 'node:timers/promises'

const NAMES = '/proc/self/net/ip_tables_names'
const ANSWER_MS = 2000

let reading: Promise<string | undefined> | undefined

/**
 * The kernel's list of legacy tables of this network namespace, one name a line; undefined while the legacy modules are
 * not loaded. Reading it loads nothing, which running a legacy tool would.
 *
 * The kernel takes a lock for it, which a tool that is stuck may hold. Such a read occupies one of the few threads that
 * Node reads files and compresses with, so there is never more than one.
 *
 * @throws Error when the kernel does not answer within two seconds, or does not let it be read
 */
export async function readLegacyTables(path = NAMES): Promise<string | undefined> {
  reading ??= namesIn(path).finally(() => (reading = undefined))
  const answered = new AbortController()
  const late = sleep(ANSWER_MS, 'late' as const, {signal: answered.signal}).catch(() => 'late' as const)
  const first = await Promise.race([reading.then(names => ({names})), late])
  answered.abort()
  if (first === 'late') throw new Error(`the kernel did not answer within ${ANSWER_MS / 1000} s`)
  return first.names
}

async function namesIn(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    // A list that cannot be read is not one that is not there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
