import type {DeniedFlow, RestorePoint, WriteResult, WriteStatus, WriteStatusList} from '../../core/contract/writes.ts'
import {type Column, columns} from './columns.ts'
import type {Paint} from './paint.ts'

/** What the node has now, as the end of a sentence. */
const STATES: Readonly<Record<WriteResult['state'], string>> = {
  before: 'the node has what it had before',
  after: 'the node has what was asked for',
  unknown: 'it is not known what the node has now',
}

/** How long a list of connections gets without `-o wide`. */
const SHOWN_FLOWS = 10

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`

/**
 * The lines of a write that did what was asked, with the way back.
 *
 * @param flag the flag that means the node: `--node NAME`, `--local`
 */
export function* writeResultLines(result: WriteResult, flag: string, paint: Paint, isWide = false): Generator<string> {
  const {node, verb, outcome, operations, durationMs, id, restorePoint, confirmWithinMs, deniedFlows} = result
  const done = `${counted(operations, 'operation')} in ${seconds(durationMs)}`
  if (outcome === 'nothingToDo') yield paint(`node ${node}: nothing to do`)
  else if (outcome === 'confirmed') yield paint(`node ${node}: write ${id} is confirmed and stays`, 'green')
  else if (outcome === 'rolledBack') {
    const why = verb === 'rollback' ? '' : ': it was not confirmed in time'
    yield paint(
      `node ${node}: rolled back${why}; ${STATES[result.state === 'unknown' ? 'unknown' : 'before']} (${done})`,
      verb === 'rollback' ? 'green' : 'yellow',
    )
  } else if (outcome === 'awaitingConfirmation') {
    const within = confirmWithinMs === undefined ? '' : ` in ${Math.round(confirmWithinMs / 1000)} s`
    yield paint(`node ${node}: ${done}; the node goes back by itself${within} unless this is confirmed`, 'yellow')
    yield paint(`  Keep it: kubectl npm confirm ${flag}`)
  } else yield paint(`node ${node}: ${done}; read again, ${STATES.after}`, 'green')
  if (restorePoint !== undefined && (outcome === 'applied' || outcome === 'awaitingConfirmation'))
    yield paint(`  Go back: kubectl npm rollback ${flag} --to ${id}`)
  yield* flowLines(deniedFlows ?? [], paint, isWide)
}

function* flowLines(flows: readonly DeniedFlow[], paint: Paint, isWide: boolean): Generator<string> {
  if (flows.length === 0) return
  const ended = flows.filter(flow => flow.ended === true).length
  const goOn = flows.length - ended
  if (ended > 0) yield paint(`  ${counted(ended, 'connection')} that the rules deny now: ended`)
  if (goOn > 0)
    yield paint(
      `  ${counted(goOn, 'connection')} that the rules deny now and that go on, because only new ones are judged:`,
      'yellow',
    )
  const shown = isWide ? flows : flows.slice(0, SHOWN_FLOWS)
  for (const {protocol, source, sourcePort, destination, destinationPort, from, to, ended: isEnded} of shown) {
    const end = (address: string, port: number | undefined, pod: string | undefined) =>
      `${address}${port === undefined ? '' : `:${port}`}${pod === undefined ? '' : ` (${pod})`}`
    yield paint(
      `    ${protocol} ${end(source, sourcePort, from)} -> ${end(destination, destinationPort, to)}${isEnded ? ', ended' : ''}`,
    )
  }
  if (shown.length < flows.length) yield paint(`    … and ${flows.length - shown.length} more; -o wide shows all`, 'dim')
}

/** Why a write did not do what was asked, where it stopped, and in which state the node is. */
export function writeFailure({node, failedAt, state, outcome}: WriteResult): {message: string; next: string} {
  const {step = 0, operation = '', message = 'it failed, and the answer does not say why', next = ''} = failedAt ?? {}
  const where = step === 0 ? '' : `step ${step}${operation === '' ? '' : `, ${operation}`}: `
  const back = outcome === 'rolledBack' ? 'it was rolled back: ' : ''
  const now = step === 0 && state === 'before' && outcome === 'failed' ? 'nothing was changed' : STATES[state]
  return {message: `node ${node}: ${where}${message}; ${back}${now}`, next}
}

const POINTS: readonly Column<RestorePoint & {readonly node: string}>[] = [
  {header: 'NODE', value: ({node}) => node},
  {header: 'ID', value: ({id}) => id},
  {header: 'TAKEN', value: ({takenAt}) => takenAt},
  {header: 'BY', value: ({by}) => by},
  {header: 'BEFORE', value: ({verb}) => verb},
  {header: 'THAT', value: outcomeOf},
]

function outcomeOf({outcome, reason, damaged}: RestorePoint): string {
  if (damaged !== undefined) return `damaged: ${damaged}`
  return reason === undefined ? inWords(outcome) : `${inWords(outcome)}: ${reason}`
}

/** An outcome of a write as people read it: `awaitingConfirmation`, `rolledBack`, … */
export const inWords = (outcome: string): string => outcome.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)

/** The restore points of nodes, newest first, with what awaits its confirmation. */
export function* restorePointLines({items}: WriteStatusList, paint: Paint): Generator<string> {
  const points = items.flatMap(({node, restorePoints}) => restorePoints.map(point => ({...point, node})))
  // Nodes that could not be asked are told by themselves.
  if (points.length === 0 && items.length > 0) yield paint('No restore point: nothing was written.')
  else yield* columns(points, POINTS, paint)
  for (const {node, ...status} of items) yield* pendingLines(node, status, paint)
}

/** What is open on a node: a write that awaits its confirmation, and one that could not be taken back. */
export function* pendingLines(
  node: string,
  {pending, interrupted}: Omit<WriteStatus, 'restorePoints'>,
  paint: Paint,
): Generator<string> {
  if (pending)
    yield paint(
      `node ${node}: write ${pending.id} of ${pending.by} awaits its confirmation; the node goes back by itself in ${Math.round(pending.secondsLeft)} s. Keep it: kubectl npm confirm --node ${node}`,
      'yellow',
    )
  if (interrupted !== undefined)
    yield paint(`node ${node}: a write did not end and could not be taken back: ${interrupted}`, 'red')
}
