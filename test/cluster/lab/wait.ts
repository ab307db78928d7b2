import {setTimeout} from 'node:timers/promises'

export interface UntilOptions {
  readonly timeoutMs?: number
  /** A sentence when waiting has become pointless, such as that the program has ended. */
  readonly failure?: () => string | undefined
}

const PAUSE_MS = 50
// Far more than any of it takes on a busy machine.
const TIMEOUT_MS = 120_000

/**
 * Asks again and again until there is an answer other than undefined and false. An error of the question is "not yet".
 *
 * @param what what is waited for, for the message: "node1 is ready"
 * @throws Error when `failure` says something, or after `timeoutMs`, with the last error
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  {timeoutMs = TIMEOUT_MS, failure}: UntilOptions = {},
): Promise<T> {
  const end = Date.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      last = error
    }
    const failed = failure?.()
    if (failed !== undefined) throw new Error(`waiting until ${what}: ${failed}`)
    if (Date.now() > end) throw new Error(`waiting until ${what}: not within ${timeoutMs / 1000} s`, {cause: last})
    await setTimeout(PAUSE_MS)
  }
}
