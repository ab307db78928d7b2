import type {ServiceRange} from './services.ts'

/** Ranges in order, none of which overlap. */
export function joinedRanges(ranges: readonly ServiceRange[]): ServiceRange[] {
  const all: {from: number; to: number}[] = []
  for (const {from, to} of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1)
    if (last && from <= last.to + 1) last.to = Math.max(last.to, to)
    else all.push({from, to})
  }
  return all
}

/** What is in both: one range, or none. */
export const commonRange = (one: ServiceRange, other: ServiceRange): ServiceRange[] => {
  const [from, to] = [Math.max(one.from, other.from), Math.min(one.to, other.to)]
  return from > to ? [] : [{from, to}]
}

/** What of a range is outside of others, which are in order. */
export function gaps({from, to}: ServiceRange, others: readonly ServiceRange[]): ServiceRange[] {
  const found: ServiceRange[] = []
  let at = from
  for (const other of others) {
    if (other.from > at) found.push({from: at, to: other.from - 1})
    at = other.to + 1
  }
  if (at <= to) found.push({from: at, to})
  return found
}
