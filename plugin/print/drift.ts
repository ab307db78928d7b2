import type {Drift, DriftItem} from '../../core/contract/drift.ts'
import type {Paint, Style} from './paint.ts'

const EFFECTS = {
  open: {title: 'OPEN: packets pass that the policies forbid', style: 'red'},
  closed: {title: 'CLOSED: packets are dropped that the policies allow', style: 'red'},
  none: {title: 'No packet is judged differently', style: 'yellow'},
} as const satisfies Record<DriftItem['effect'], {title: string; style: Style}>

const SIGNS = {missing: '-', extra: '+', changed: '~'} as const

/** Differences for a person, most harmful first, as a diff: `-` is asked for and missing, `+` is there and not asked for. */
export function* driftLines(drift: Drift, paint: Paint): Generator<string> {
  const {node, clean, items, notes} = drift
  if (clean) yield paint(`node ${node}: `) + paint('clean', 'green') + paint(': what is programmed is what the policies ask for')
  else
    yield paint(
      `node ${node}: ${items.length} difference${items.length === 1 ? '' : 's'} between what the policies ask for and what is programmed`,
      'bold',
    )
  for (const effect of ['open', 'closed', 'none'] as const) {
    const group = items.filter(item => item.effect === effect)
    if (group.length === 0) continue
    yield ''
    yield paint(EFFECTS[effect].title, EFFECTS[effect].style)
    for (const item of group) yield* itemLines(item, paint)
  }
  if (notes.length === 0) return
  yield ''
  yield paint('Not counted as differences', 'bold')
  for (const note of notes) yield paint(`  ${note}`, 'dim')
}

function* itemLines(
  {kind, change, name, kernelName, policy, expected, found, example, line}: DriftItem,
  paint: Paint,
): Generator<string> {
  const of = policy === undefined ? '' : `  (policy ${policy})`
  const where = line === undefined ? '' : `, line ${line}`
  yield paint(
    `  ${SIGNS[change]} ${kind} ${change}: ${name}${kernelName === undefined || kernelName === name ? '' : ` ${kernelName}`}${of}`,
  )
  if (expected !== undefined) yield paint(`      - ${expected}`, 'green')
  if (found !== undefined) yield paint(`      + ${found}${where}`, 'red')
  if (example !== undefined) yield paint(`      for example ${example}`, 'dim')
}
