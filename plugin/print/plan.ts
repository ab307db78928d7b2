import type {Plan} from '../../core/contract/plan.ts'
import {columns} from './columns.ts'
import type {Paint, Style} from './paint.ts'

type Operation = Plan['operations'][number] & {readonly effect: string}

/** A person judges a plan by its steps and its first operations; `wide` has them all. */
const SHOWN_OPERATIONS = 30

const STYLES: Readonly<Record<string, Style>> = {opens: 'yellow', closes: 'yellow', both: 'yellow', unknown: 'red'}

const COLUMNS = [
  {header: 'STEP', value: ({step}: Operation) => String(step), align: 'right' as const},
  {header: 'EFFECT', value: ({effect}: Operation) => effect, style: ({effect}: Operation) => STYLES[effect]},
  {header: 'OPERATION', value: ({line}: Operation) => line},
  {header: 'OF', value: ({policy, name}: Operation) => policy ?? name ?? ''},
  {header: 'REASON', value: ({reason}: Operation) => reason},
]

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

/** The lines of a plan: what is done to the node, step by step, and what that opens and closes. */
export function* planLines(plan: Plan, paint: Paint, isWide = false): Generator<string> {
  const {node, operations, steps, untouched, notes, incomplete} = plan
  if (incomplete.length > 0) {
    yield paint(`Node ${node}: nothing is planned, because the input is not whole`, 'bold')
    for (const {part, reason, next} of incomplete) yield paint(`  ${part}: ${reason}. ${next}`)
    return
  }
  if (operations.length === 0) yield paint(`Node ${node}: nothing to do`, 'bold')
  else {
    yield paint(`Node ${node}: ${counted(operations.length, 'operation')} in ${counted(steps.length, 'step')}`, 'bold')
    yield ''
    const effects = new Map(steps.map(({order, effect}) => [order, effect]))
    const rows = operations.map(each => ({...each, effect: effects.get(each.step) ?? 'unknown'}))
    const shown = isWide ? rows : rows.slice(0, SHOWN_OPERATIONS)
    yield* columns(shown, COLUMNS, paint)
    if (shown.length < rows.length) yield paint(`… and ${rows.length - shown.length} more; -o wide shows all`, 'dim')
    for (const {order, why, opens, closes} of steps) {
      yield ''
      yield paint(`Step ${order}: ${why}`)
      for (const [verb, packets] of [
        ['opens', opens],
        ['closes', closes],
      ] as const)
        for (const {packet, source, destination} of packets.slice(0, isWide ? undefined : 1)) {
          const pods = source === undefined || destination === undefined ? '' : ` (${source} to ${destination})`
          yield paint(`  ${verb} ${packet}${pods}`)
        }
    }
  }
  if (untouched.length > 0) {
    yield ''
    yield paint('Left as it is:', 'bold')
    for (const {name, reason, next} of untouched) yield paint(`  ${name}: ${reason}. ${next}`)
  }
  for (const note of notes) {
    yield ''
    yield paint(note)
  }
}

/** The exact lines that the tools are told, in order, with the tool in front. */
export function* planCommands({steps, operations}: Plan): Generator<string> {
  for (const {order, tool, isAtomic} of steps) {
    yield `# step ${order}: ${tool === 'ipset' ? 'ipset restore' : 'iptables-restore --noflush -T filter'}${isAtomic ? ', at once' : ''}`
    for (const {step, line} of operations) if (step === order) yield line
  }
}
