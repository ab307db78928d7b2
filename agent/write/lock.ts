import type {Clock} from './clock.ts'

/** One writer at a time, of all processes of the node. */
export interface Lock extends AsyncDisposable {
  /**
   * Given to each tool that writes: one that outlives this process goes on to hold the lock until it ends. Absent on Windows, where no tool
   * writes but this process.
   */
  readonly fd?: number
}

export interface LockOptions {
  readonly stateDir: string
  readonly clock: Clock
  readonly by: string
  readonly verb: string
  /** How long to wait for another writer. 0: not at all. */
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
}

/** Who has taken a lock, as far as what it has left says. */
export function lockHolder(said: string): string {
  try {
    const {verb, by, since, process} = JSON.parse(said) as Record<string, unknown>
    return `${String(verb)} by ${String(by)} since ${String(since)} (process ${String(process)})`
  } catch {
    return 'the holder of its lock has not said who it is'
  }
}
