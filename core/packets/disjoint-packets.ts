import {Bits} from './bits.ts'
import type {JudgedPackets} from './packet-domain.ts'

/**
 * Brings parts that overlap into parts that do not. Packets whose verdict is not the same in all parts that hold them are
 * unknown. Packets that may be sent on to several places are in one part for each.
 */
export function disjointPackets(parts: readonly JudgedPackets[]): JudgedPackets[] {
  const places = new Map<string, JudgedPackets[]>()
  for (const part of parts) {
    const {translated} = part
    const key = translated ? `${translated.destination}:${translated.port}` : ''
    const known = places.get(key)
    if (known) known.push(part)
    else places.set(key, [part])
  }
  return [...places.values()].flatMap(ofOnePlace)
}

function ofOnePlace(parts: readonly JudgedPackets[]): JudgedPackets[] {
  const starts = [...new Set(parts.flatMap(({from, to}) => [from, to + 1]))].toSorted((a, b) => a - b)
  const byStart = parts.toSorted((a, b) => a.from - b.from)
  const found: JudgedPackets[] = []
  let active: JudgedPackets[] = []
  let next = 0
  for (const [index, from] of starts.entries()) {
    active = active.filter(part => part.to >= from)
    while (next < byStart.length && (byStart[next] as JudgedPackets).from <= from) active.push(byStart[next++] as JudgedPackets)
    const to = (starts[index + 1] ?? from + 1) - 1
    found.push(...resolved(active).map(part => ({...part, from, to})))
  }
  return found
}

/** Resolves parts of the same services. */
function resolved(parts: readonly JudgedPackets[]): JudgedPackets[] {
  const of = (verdict: JudgedPackets['verdict']) =>
    parts.filter(part => part.verdict === verdict).reduce((all, {senders}) => all.or(senders), Bits.none)
  const notKnown = of('unknown').or(of('accept').and(of('drop')))
  const found: JudgedPackets[] = []
  let seen = notKnown
  for (const part of parts) {
    const senders = part.senders.without(seen)
    if (part.verdict === 'unknown' || senders.isEmpty) continue
    found.push({...part, senders})
    seen = seen.or(senders)
  }
  const [any] = parts
  if (any && !notKnown.isEmpty) found.push({...any, senders: notKnown, verdict: 'unknown'})
  return found
}
