import {InputError} from '../../core/problem/input-error.ts'

const UNIT_MS: Readonly<Record<string, number>> = {s: 1000, m: 60_000, h: 3_600_000}

/**
 * Reads a time to wait: a number of seconds, or numbers with units (`90s`, `1h30m`).
 *
 * @param flag whose value it is, for the error
 * @returns milliseconds, more than none
 * @throws InputError when it is none
 */
export function durationMs(flag: string, text: string): number {
  const isPlain = /^\d+$/.test(text)
  const parts = [...(isPlain ? `${text}s` : text).matchAll(/(\d+)([smh])/g)]
  const sum = parts.reduce((total, [, amount, unit]) => total + Number(amount) * (UNIT_MS[unit as string] as number), 0)
  if (sum === 0 || (!isPlain && parts.map(([part]) => part).join('') !== text))
    throw new InputError(`${flag} ${text} is no time to wait`, 'Give it like 90s, 5m or 1h30m.')
  return sum
}

/** `90s`, `5m`: as the flag would be written. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
