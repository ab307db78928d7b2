import type {Drift, DriftItem, DriftList} from '../../core/contract/drift.ts'
import type {Paint, Style} from './paint.ts'
import {lineOf} from './where.ts'

const EFFECTS = {
  open: {title: 'OPEN: packets pass that the policies forbid', style: 'red'},
  closed: {title: 'CLOSED: packets are dropped that the policies allow', style: 'red'},
  none: {title: 'No packet is judged differently', style: 'yellow'},
} as const satisfies Record<DriftItem['effect'], {title: string; style: Style}>

const SIGNS = {missing: '-', extra: '+', changed: '~'} as const

/** Differences for a person, most harmful first, as a diff: `-` is asked for and missing, `+` is there and not asked for. */
export function* driftLines(drift: Drift, paint: Paint): Generator<string> {
  const {node, clean, items, notes, notCompared = [], incomplete} = drift
  if (!clean && items.length === 0 && notCompared.length === 0 && incomplete.length > 0) {
    yield paint(`node ${node}: `) + paint('not compared', 'yellow') + paint(': the input does not hold all that answers rest on')
    for (const {part, reason, next} of incomplete) {
      yield paint(`  ${part}: ${reason}`)
      yield paint(`      ${next}`, 'dim')
    }
    return
  }
  if (clean) yield paint(`node ${node}: `) + paint('clean', 'green') + paint(': what is programmed is what the policies ask for')
  else if (items.length === 0)
    yield paint(`node ${node}: no differences, but ${policies(notCompared.length)} not compared`, 'yellow')
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
  if (notCompared.length > 0) {
    yield ''
    yield paint('Not compared: what happens to packets of the pods that these policies select is not known', 'yellow')
    for (const {policy, reason, next} of notCompared) {
      yield paint(`  policy ${policy}: ${reason}`)
      yield paint(`      ${next}`, 'dim')
    }
  }
  if (notes.length === 0) return
  yield ''
  yield paint('Not counted as differences', 'bold')
  for (const note of notes) yield paint(`  ${note}`, 'dim')
}

/** Several nodes: those that differ in full, each clean one in a line, and how many there are of each. */
export function* driftListLines({items, failures}: DriftList, paint: Paint): Generator<string> {
  for (const [index, drift] of items.entries()) {
    const isShort = (each: Drift | undefined) => each?.clean === true && each.notes.length === 0
    if (index > 0 && !(isShort(drift) && isShort(items[index - 1]))) yield ''
    yield* driftLines(drift, paint)
  }
  const count = items.length + failures.length
  if (count === 1) return
  const differ = items.filter(drift => drift.items.length > 0).length
  const clean = items.filter(drift => drift.clean).length
  const partly = items.length - differ - clean
  const part = partly === 0 ? '' : ` ${partly} not wholly compared,`
  yield ''
  yield paint(`${count} nodes: ${clean} clean, ${differ} with differences,${part} ${failures.length} could not be asked`, 'bold')
}

const policies = (count: number): string => (count === 1 ? '1 policy was' : `${count} policies were`)

function* itemLines(
  {kind, change, name, kernelName, policy, expected, found, example, where, line}: DriftItem,
  paint: Paint,
): Generator<string> {
  const of = policy === undefined ? '' : `  (policy ${policy})`
  const at = where ? lineOf(where) : line
  const place = at === undefined ? '' : `, line ${at}`
  yield paint(
    `  ${SIGNS[change]} ${kind} ${change}: ${name}${kernelName === undefined || kernelName === name ? '' : ` ${kernelName}`}${of}`,
  )
  if (expected !== undefined) yield paint(`      - ${expected}`, 'green')
  if (found !== undefined) yield paint(`      + ${found}${place}`, 'red')
  if (example !== undefined) yield paint(`      for example ${example}`, 'dim')
}
