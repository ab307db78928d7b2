import type {DriftItem} from '../../core/contract/drift.ts'
import type {Paint} from './paint.ts'
import {lineOf} from './where.ts'

const SIGNS = {missing: '-', extra: '+', changed: '~'} as const

/** What the signs and colours of differences mean, once over all of them; nothing without colours, where signs are as in any diff. */
export function* legendLines(paint: Paint): Generator<string> {
  const [wanted, found] = [paint('- asked for and not there', 'red'), paint('+ there and not asked for', 'green')]
  // Text that is not coloured is as it was.
  if (wanted.startsWith('-')) return
  yield `${wanted}, ${found}${paint(', ~ changed')}`
}

/** A difference as in a diff, in the colours of git: `-` is asked for and missing, `+` is there and not asked for. */
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
  if (expected !== undefined) yield paint(`          - ${expected}`, 'red')
  if (found !== undefined) yield paint(`          + ${found}${place}`, 'green')
}
