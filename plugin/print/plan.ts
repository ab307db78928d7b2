import type {Plan, PlanOperation, PlanStep} from '../../core/contract/plan.ts'
import {escapeControls} from '../../core/text/escape.ts'
import {type Column, columns} from './columns.ts'
import {shownLine} from './hns-request.ts'
import {partLines} from './incomplete.ts'
import type {Paint, Style} from './paint.ts'

/** Operations of a step that are shown one by one; of more there is a line for each reason. `wide` shows all. */
const MOST_SHOWN = 12

const WANTED: Readonly<Record<Plan['wanted'], string>> = {
  policies: 'what the policies ask for',
  dump: 'what the dump has',
  restorePoint: 'what the restore point has',
  nothing: 'nothing of Azure NPM',
}

const EFFECTS: Readonly<Record<PlanStep['effect'], {readonly text: string; readonly style: Style}>> = {
  opens: {text: 'opens: packets pass that are dropped now', style: 'yellow'},
  closes: {text: 'closes: packets are dropped that pass now', style: 'yellow'},
  both: {text: 'opens and closes', style: 'yellow'},
  none: {text: 'changes nothing for any packet', style: 'green'},
  unknown: {text: 'it is not known whether it opens or closes anything', style: 'red'},
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

/**
 * A plan as a person judges it before saying yes: what the node is to be, then step by step what that opens and closes, why the step
 * comes there, and what is done.
 *
 * @param isWide with all examples and all operations, as the tools are told them
 */
export function* planLines(plan: Plan, paint: Paint, isWide = false): Generator<string> {
  const {node, operations, steps, untouched, notes, incomplete, digest} = plan
  if (incomplete.length > 0) {
    yield paint(`node ${node}: `) + paint('nothing is planned', 'yellow') + paint(': the input is not whole')
    yield* partLines(incomplete, paint)
    return
  }
  yield* headLines(plan, paint)
  const byStep = Map.groupBy(operations, ({step}) => step)
  for (const step of steps) yield* stepLines(step, byStep.get(step.order) ?? [], paint, isWide)
  if (untouched.length > 0) {
    yield ''
    yield paint('Left as it is', 'bold')
    for (const {name, reason, next} of untouched) {
      yield paint(`  ${name}: ${reason}`)
      yield paint(`      ${next}`, 'dim')
    }
  }
  if (notes.length > 0) {
    yield ''
    yield paint('To know', 'bold')
    for (const note of notes) yield paint(`  ${note}`)
  }
  if (operations.length === 0) return
  yield ''
  yield paint(`Plan ${digest.slice(0, 12)}, for the node as it is now: it is refused when the node has changed meanwhile`, 'dim')
}

/** A rule of another program that decides first leaves nothing to do here, and packets are judged otherwise all the same. */
const ONLY_NPM = '  Rules of other programs are left alone: whether they decide before Azure NPM is told by kubectl npm diff'

function* headLines({node, wanted, semantics, operations, steps, summary, narrowedTo}: Plan, paint: Paint): Generator<string> {
  if (operations.length === 0)
    yield paint(`node ${node}: `) + paint("nothing to do: Azure NPM's part is as it should be", 'green')
  else {
    const {opens, closes} = summary
    const unknown = steps.filter(({effect}) => effect === 'unknown').length
    const does = [
      ...(opens > 0 ? [`${counted(opens, 'step')} ${opens === 1 ? 'opens' : 'open'}`] : []),
      ...(closes > 0 ? [`${counted(closes, 'step')} ${closes === 1 ? 'closes' : 'close'}`] : []),
      ...(unknown > 0 ? [`what ${counted(unknown, 'step')} ${unknown === 1 ? 'does' : 'do'} is not known`] : []),
    ]
    const effect = does.length > 0 ? does.join(', ') : 'no packet is judged otherwise'
    yield paint(`node ${node}: ${counted(operations.length, 'operation')} in ${counted(steps.length, 'step')}; ${effect}`, 'bold')
  }
  yield paint(`  Wanted: ${WANTED[wanted]}${semantics === 'kubernetes' ? ', as the Kubernetes API means it' : ''}`)
  for (const part of narrowedTo ?? []) yield paint(`  Only ${part}`)
  if (operations.length === 0 && wanted === 'policies') yield paint(ONLY_NPM, 'dim')
}

function* stepLines(step: PlanStep, operations: readonly PlanOperation[], paint: Paint, isWide: boolean): Generator<string> {
  const {order, tool, backend, isAtomic, effect, why, opens, closes} = step
  const how = `${tool}${backend === undefined ? '' : ` (${backend})`}${isAtomic ? ', all at once' : ''}`
  yield ''
  yield paint(`Step ${order}, ${how}: `, 'bold') + paint(EFFECTS[effect].text, EFFECTS[effect].style)
  yield paint(`  ${why}`, 'dim')
  for (const [word, packets] of [
    ['opens', opens],
    ['closes', closes],
  ] as const)
    for (const each of isWide ? packets : packets.slice(0, 1)) yield paint(`  ${word} ${packetWords(each)}`)
  const isFolded = !isWide && operations.length > MOST_SHOWN
  const table = isFolded
    ? columns(folded(operations), FOLDED, text => text)
    : columns(operations, isWide ? WIDE : SHOWN, text => text)
  for (const line of table) yield `    ${paint(line)}`
  if (isFolded) yield paint('    -o wide shows each of them, -o lines what the tools are told', 'dim')
}

/** A packet with the names of its pods: `shop/web 10.0.0.1 -> shop/db 10.0.0.2 tcp/80`. */
function packetWords({packet, source, destination}: PlanStep['opens'][number]): string {
  const [from, to = ''] = packet.split(' -> ')
  const named = (name: string | undefined, rest: string | undefined) => (name === undefined ? rest : `${name} ${rest}`)
  return `${named(source, from)} -> ${named(destination, to)}`
}

const ofWhat = ({policy, name}: PlanOperation): string =>
  policy === undefined ? (name ?? '') : name === undefined ? `policy ${policy}` : `policy ${policy}, ${name}`

const SHOWN: readonly Column<PlanOperation>[] = [
  {header: 'OF', value: ofWhat},
  {header: 'WHY', value: ({reason}) => reason},
  {header: 'OPERATION', value: shownLine},
]
const WIDE: readonly Column<PlanOperation>[] = [
  {header: '#', value: ({order}) => String(order), align: 'right'},
  ...SHOWN.slice(0, -1),
  {header: 'OPERATION', value: ({line}) => line},
  {header: 'UNDO', value: ({undo}) => undo.replaceAll('\n', '; ')},
]

/** Operations that are done for one reason. */
interface Fold {
  readonly count: number
  readonly reason: string
  readonly of: readonly string[]
}

const MOST_NAMES = 3

const FOLDED: readonly Column<Fold>[] = [
  {header: 'OPERATIONS', value: ({count}) => String(count), align: 'right'},
  {header: 'WHY', value: ({reason}) => reason},
  {
    header: 'OF',
    value: ({of}) => {
      const more = of.length - MOST_NAMES
      return more > 1 ? `${of.slice(0, MOST_NAMES).join('; ')}; and ${more} more` : of.join('; ')
    },
  },
]

const folded = (operations: readonly PlanOperation[]): Fold[] =>
  [...Map.groupBy(operations, ({reason}) => reason)].map(([reason, all]) => ({
    count: all.length,
    reason,
    of: [...new Set(all.map(({policy, name}) => (policy === undefined ? (name ?? '') : `policy ${policy}`)))],
  }))

/**
 * A plan as a shell script that does it with the node's own tools: exactly the lines that they are told. HNS has no tool that takes lines, so
 * of its plans these are the requests. It has none of the rest: no
 * restore point, no check that the node is what was planned on, no way back.
 */
export function* planScript({node, digest, steps, operations, backend}: Plan): Generator<string> {
  const isForHns = backend === 'hns'
  if (!isForHns) yield '#!/bin/sh'
  yield escapeControls(`# Plan ${digest.slice(0, 12)} for node ${node}. By itself it has no way back: kubectl npm apply has.`)
  if (isForHns) yield '# Each line is for HcnModifyNetwork or HcnModifyEndpoint: the object, its id, and the request.'
  else yield 'set -e'
  const byStep = Map.groupBy(operations, ({step}) => step)
  for (const {order, tool, why, ...step} of steps) {
    const lines = (byStep.get(order) ?? []).map(({line}) => line)
    yield escapeControls(`# Step ${order}: ${why}`)
    if (tool === 'ipset') yield* fed('ipset restore', lines)
    else if (tool === 'iptables')
      yield* fed(`iptables-${step.backend ?? backend}-restore --noflush -w 60 -T filter -c`, ['*filter', ...lines, 'COMMIT'])
    else yield* lines.map(escapeControls)
  }
}

/** A command with its lines. Whatever a kept plan has in a line stays in that line, and no line ends them early. */
function* fed(command: string, lines: readonly string[]): Generator<string> {
  const safe = lines.map(escapeControls)
  let end = 'END'
  while (safe.includes(end)) end += '_'
  yield `${command} <<'${end}'`
  yield* safe
  yield end
}
