import type {MatrixChange} from '../contract/matrix.ts'
import type {IncompletePart} from '../problem/incomplete-part.ts'
import {Matrix, type MatrixInput} from './matrix.ts'

/** Probes that a change concerns, by what it does to them. */
export interface MatrixChanges {
  readonly opens: MatrixChange[]
  readonly closes: MatrixChange[]
  readonly unknown: MatrixChange[]
  /** The verdict stays, though the meaning of the policies changes. */
  readonly withoutEffect: MatrixChange[]
  /** What verdicts of either side rest on and that is not whole. */
  readonly incomplete: IncompletePart[]
}

/**
 * Compares two inputs probe by probe.
 *
 * @param after with the same names of ends, in the same order, and the same ports as `before`
 */
export function compareMatrices(before: MatrixInput, after: MatrixInput): MatrixChanges {
  const matrices = [new Matrix(before), new Matrix(after)] as const
  const changes: MatrixChanges = {opens: [], closes: [], unknown: [], withoutEffect: [], incomplete: []}
  const then = matrices[1].probes()
  for (const {source, destination, protocol, port, verdict, expected} of matrices[0].probes()) {
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
  for (const {incomplete} of matrices)
    for (const each of incomplete) if (changes.incomplete.every(({part}) => part !== each.part)) changes.incomplete.push(each)
  return changes
}

const kindOf = ({before, after}: MatrixChange): 'opens' | 'closes' | 'unknown' =>
  before === 'unknown' || after === 'unknown' ? 'unknown' : after === 'accept' ? 'opens' : 'closes'
