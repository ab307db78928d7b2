const SIZES = ['', 'k', 'M', 'G', 'T', 'P'] as const

/**
 * A number in at most five characters: `0`, `0.3`, `12`, `3400`, `34k`, `1.2M`. Small ones keep a decimal, so that one connection in
 * ten seconds is not nothing.
 */
export function shortNumber(value: number): string {
  if (value === 0) return '0'
  if (value < 0.05) return '<0.1'
  if (value < 9.95) return value.toFixed(1).replace(/\.0$/, '')
  let scaled = value
  let size = 0
  while (Math.round(scaled) >= 10_000 || (size > 0 && Math.round(scaled) >= 1000)) {
    scaled /= 1000
    size++
  }
  return `${size > 0 && scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)}${SIZES[size] ?? ''}`
}

/** A number of a second; `-` while it is not known. */
export const rateText = (rate: number | null): string => (rate === null ? '-' : shortNumber(rate))

/** Bytes, in thousands as network tools count them: `340 B`, `3.4 kB`, `12 MB`. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return '-'
  let scaled = bytes
  let size = 0
  while (Math.round(scaled) >= 1000 && size < SIZES.length - 1) {
    scaled /= 1000
    size++
  }
  const digits = scaled > 0 && scaled < 9.95 && (size > 0 || !Number.isInteger(scaled)) ? 1 : 0
  return `${scaled.toFixed(digits)} ${SIZES[size]}B`
}

/** A count; `-` where it is not known. */
export const countText = (count: number | null | undefined): string => (count == null ? '-' : String(count))

/** A span of time as kubectl shows it: `12s`, `5m`, `3h`, `2d`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 120 * 60) return `${Math.floor(seconds / 60)}m`
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

/** Milliseconds that something took: `0.4ms`, `12ms`, `1.2s`. */
export function durationText(ms: number | null | undefined): string {
  if (ms == null || Number.isNaN(ms)) return '-'
  if (ms < 9.95) return `${ms.toFixed(1).replace(/\.0$/, '')}ms`
  return ms < 999.5 ? `${Math.round(ms)}ms` : `${shortNumber(ms / 1000)}s`
}

/** `1 node`, `2 nodes`. */
export const plural = (count: number, word: string, words = `${word}s`): string => `${count} ${count === 1 ? word : words}`

/** A message as a sentence: messages of errors begin with a small letter and have no full stop. */
export const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`
