import type {WriteStatus} from '../../core/contract/writes.ts'

/** A write that is open on a node, and the commands that end it. */
export interface OpenWrite {
  readonly is: string
  readonly ends: readonly string[]
}

/**
 * The write of a node that is open: it awaits its confirmation, or it could not be taken back.
 *
 * @param flag the flag that means the node: `--node NAME`, `--local`
 */
export function openWriteOf({pending, interrupted}: WriteStatus, flag: string): OpenWrite | undefined {
  const takenBack = `kubectl npm rollback ${flag}`
  if (pending)
    return {
      is: `write ${pending.id} of ${pending.by} awaits its confirmation, for ${Math.round(pending.secondsLeft)} s more`,
      ends: [`kubectl npm confirm ${flag}`, takenBack],
    }
  if (interrupted === undefined) return undefined
  return {is: `a write did not end and could not be taken back: ${interrupted}`, ends: [takenBack]}
}
