import type {DriftItem} from '../../core/contract/drift.ts'
import type {Paint} from './paint.ts'
import {lineOf} from './where.ts'

const SIGNS = {missing: '-', extra: '+', changed: '~'} as const

/** A difference as in a diff: `-` is asked for and missing, `+` is there and not asked for. */
export function* driftItemLines(
  {kind, change, name, kernelName, policy, expected, found, where, line}: DriftItem,
  paint: Paint,
): Generator<string> {
  const of = policy === undefined ? '' : `  (policy ${policy})`
  const at = where ? lineOf(where) : line
  const place = at === undefined ? '' : `, line ${at}`
  yield paint(
    `      ${SIGNS[change]} ${kind} ${change}: ${name}${kernelName === undefined || kernelName === name ? '' : ` ${kernelName}`}${of}`,
  )
  if (expected !== undefined) yield paint(`          - ${expected}`, 'green')
  if (found !== undefined) yield paint(`          + ${found}${place}`, 'red')
}
