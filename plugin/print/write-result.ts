import type {RestorePoint, WriteResult, WriteStatus, WriteStatusList} from '../../core/contract/writes.ts'
import {flagWords} from '../../core/text/shell-word.ts'
import {type Column, columns} from './columns.ts'
import {flowText} from './flows.ts'
import type {Paint} from './paint.ts'
import type {SortRows} from './sort-rows.ts'

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
  const {node, verb, outcome, operations, durationMs, id, restorePoint, confirmWithinMs} = result
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
    yield paint(`  Go back: kubectl npm rollback ${flag} ${flagWords('--to', id ?? 'ID')}`)
  yield* flowLines(result, paint, isWide)
}

function* flowLines({deniedFlows = [], flowCounts}: WriteResult, paint: Paint, isWide: boolean): Generator<string> {
  const ended = flowCounts?.ended ?? deniedFlows.filter(flow => flow.ended === true).length
  const denied = flowCounts?.denied ?? deniedFlows.length
  const unknown = flowCounts?.unknown ?? 0
  if (ended > 0) yield paint(`  ${counted(ended, 'connection')} that the rules deny now: ended`)
  if (denied > ended)
    yield paint(
      `  ${counted(denied - ended, 'connection')} that the rules deny now and that go${denied - ended === 1 ? 'es' : ''} on, because only new ones are judged:`,
      'yellow',
    )
  const shown = isWide ? deniedFlows : deniedFlows.slice(0, SHOWN_FLOWS)
  for (const flow of shown) yield paint(`    ${flowText(flow)}${flow.ended ? ', ended' : ''}`)
  if (shown.length < denied)
    yield paint(`    … and ${denied - shown.length} more; kubectl npm flows denied shows all that go on`, 'dim')
  if (unknown > 0) yield paint(`  ${counted(unknown, 'connection')} of which it is not known whether the rules deny it`, 'yellow')
}

/** Why a write did not do what was asked, where it stopped, and in which state the node is. */
export function writeFailure({node, failedAt, state, outcome}: WriteResult): {message: string; next: string} {
  const {step = 0, operation = '', message = 'it failed, and the answer does not say why', next = ''} = failedAt ?? {}
  const where = step === 0 ? '' : `step ${step}${operation === '' ? '' : `, ${operation}`}: `
  const back = outcome === 'rolledBack' ? 'it was rolled back: ' : ''
  const now = step === 0 && state === 'before' && outcome === 'failed' ? 'nothing was changed' : STATES[state]
  return {message: `node ${node}: ${where}${message}; ${back}${now}`, next}
}

type PointRow = RestorePoint & {readonly node: string}

/** All columns of the list of restore points. */
export const restorePointColumns: readonly Column<PointRow>[] = [
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
export function* restorePointLines(
  {items}: WriteStatusList,
  paint: Paint,
  {sort = rows => [...rows], hasHeaders = true}: {readonly sort?: SortRows<PointRow>; readonly hasHeaders?: boolean} = {},
): Generator<string> {
  const points = items.flatMap(({node, restorePoints}) => restorePoints.map(point => ({...point, node})))
  // Nodes that could not be asked are told by themselves.
  if (points.length === 0 && items.length > 0) yield paint('No restore point: nothing was written.')
  else yield* columns(sort(points), restorePointColumns, paint, hasHeaders)
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
      `node ${node}: write ${pending.id} of ${pending.by} awaits its confirmation; the node goes back by itself in ${Math.round(pending.secondsLeft)} s. Keep it: kubectl npm confirm ${flagWords('--node', node)}`,
      'yellow',
    )
  if (interrupted !== undefined)
    yield paint(`node ${node}: a write did not end and could not be taken back: ${interrupted}`, 'red')
}
