import type {MatrixChange} from '../contract/matrix.ts'
import {type MatrixInput, probes} from './matrix.ts'

/** Probes that a change concerns, by what it does to them. */
export interface MatrixChanges {
  readonly opens: MatrixChange[]
  readonly closes: MatrixChange[]
  readonly unknown: MatrixChange[]
  /** The verdict stays, though the meaning of the policies changes. */
  readonly withoutEffect: MatrixChange[]
}

/**
 * Compares two inputs probe by probe.
 *
 * @param after with the same names of ends, in the same order, and the same ports as `before`
 */
export function compareMatrices(before: MatrixInput, after: MatrixInput): MatrixChanges {
  const changes: MatrixChanges = {opens: [], closes: [], unknown: [], withoutEffect: []}
  const then = probes(after)
  for (const {source, destination, protocol, port, verdict, expected} of probes(before)) {
    const next = then.next()
    if (next.done) break
    const {verdict: verdictAfter, expected: expectedAfter} = next.value
    const isSame = verdict === verdictAfter
    if (isSame && (expected === expectedAfter || expected === undefined || expectedAfter === undefined)) continue
    const change: MatrixChange = {
      source,
      destination,
      protocol,
      port,
      before: verdict,
      after: verdictAfter,
      ...(expected !== undefined && {expectedBefore: expected}),
      ...(expectedAfter !== undefined && {expectedAfter}),
    }
    changes[isSame ? 'withoutEffect' : kindOf(change)].push(change)
  }
  return changes
}

const kindOf = ({before, after}: MatrixChange): 'opens' | 'closes' | 'unknown' =>
  before === 'unknown' || after === 'unknown' ? 'unknown' : after === 'accept' ? 'opens' : 'closes'
