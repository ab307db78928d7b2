import {InputError} from '../../core/problem/input-error.ts'
import {parseDurationMs} from '../kubernetes/duration.ts'

/**
 * Reads how long to wait.
 *
 * @param flag whose value it is, for the error
 * @returns milliseconds, more than 0
 * @throws InputError when it is no duration, or 0
 */
export function durationMs(flag: string, text: string): number {
  const ms = parseDurationMs(text) ?? 0
  if (ms === 0) throw new InputError(`${flag} ${text} is no time to wait`, 'Give it like 90s, 5m or 1h30m.')
  return ms
}

/** `90s`, `5m`: as the flag would be written. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
