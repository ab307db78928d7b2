import type {History} from '../../../core/top/table.ts'

/**
 * The last values as bars, as many as there are columns, scaled to the highest of them. Nothing stands where a value is not known, and the
 * lowest bar for 0 only: what is seldom is seen.
 */
export function sparkline(history: History, width: number, bars: readonly string[]): string {
  const shown = history.slice(-width)
  const most = shown.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  return shown
    .map(value => {
      if (value === null) return ' '
      return value > 0 ? bars[Math.max(1, Math.ceil((value / most) * (bars.length - 1)))] : bars[0]
    })
    .join('')
    .padStart(width)
}
