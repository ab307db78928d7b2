import {setTimeout as wait} from 'node:timers/promises'

/** Longer than a process of a busy machine waits for its turn. */
const LONGEST_MS = 60

/**
 * Stops all processes of a group again and again for moments, each time another while: as on a busy machine, but it takes nobody's turn. Disposing
 * of it lets them go on.
 *
 * @param group that of a process which was started as `detached`
 */
export function holdUp(group: number): AsyncDisposable {
  const over = new AbortController()
  const holding = hold(group, over.signal)
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await holding
    },
  }
}

async function hold(group: number, over: AbortSignal): Promise<void> {
  while (!over.aborted && tell(group, 'SIGSTOP')) {
    await moment()
    tell(group, 'SIGCONT')
    await moment()
  }
}

const moment = (): Promise<void> => wait(Math.random() * LONGEST_MS)

/** Whether there is still a process in the group. */
function tell(group: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-group, signal)
  } catch {
    return false
  }
}
