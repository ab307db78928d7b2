import {createHash, randomUUID} from 'node:crypto'
import {readlinkSync} from 'node:fs'
import {hostname} from 'node:os'

/**
 * Names of temporary files and folders that say whose they are, so that a later run finds those whose owner was killed.
 *
 * A process is known by its number only where numbers mean the same: on one machine, and on Linux in one namespace of processes. Names
 * from elsewhere, on a disk that several machines share, are nobody's business here.
 */

const START = 'kubectl-npm-'
const OWNED = new RegExp(`^\\.?${START}([0-9a-f]{8})-(\\d+)-`)

function readPlace(): string {
  const namespace = process.platform === 'linux' ? processNamespace() : ''
  return createHash('sha256').update(`${hostname()} ${namespace}`).digest('hex').slice(0, 8)
}

/** A bare root folder has no /proc. Then nobody knows whose numbers are meant, and what is left there stays. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return randomUUID()
  }
}

let place: string | undefined

/** How names of this process begin: `kubectl-npm-PLACE-PID-`. */
export const ownedPrefix = (): string => `${START}${(place ??= readPlace())}-${process.pid}-`

/**
 * Whether a name is one of ours and the process that made it has ended. One whose number another process has meanwhile counts as alive: what
 * it left stays until that has ended too.
 */
export function isAbandoned(name: string): boolean {
  const [, where, pid] = OWNED.exec(name) ?? []
  return where !== undefined && where === (place ??= readPlace()) && !isRunning(Number(pid))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is somebody else's when there is no right to signal it.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
