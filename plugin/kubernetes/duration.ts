const UNIT_MS = {ms: 1, s: 1000, m: 60_000, h: 3_600_000} as const

/**
 * Reads a duration as kubectl's flags take it: a number of seconds, or numbers with units (`90s`, `1h30m`, `1.5m`, `500ms`).
 *
 * @returns milliseconds; undefined when it is no duration
 */
export function parseDurationMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * UNIT_MS.s
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  return sum
}
