import type {AgentStatus} from '../../core/contract/agent.ts'
import type {AgentStatusChange} from '../../core/contract/status.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {escapeJson} from '../../core/text/escape.ts'
import {Frame} from '../ui/frame.ts'
import type {NodeState} from '../ui/status-table.ts'
import type {ShowChanges} from '../ui/watch.ts'
import {type Column, columns} from './columns.ts'
import {yamlLines} from './document.ts'
import {writeLines} from './output.ts'
import type {Paint} from './paint.ts'

type StatusRow = Pick<NodeState, 'node' | 'status'>

const of =
  (value: (status: AgentStatus) => string) =>
  ({status}: StatusRow): string =>
    status ? value(status) : '-'

const COLUMNS: readonly Column<StatusRow>[] = [
  {header: 'NODE', value: ({node}) => node},
  {header: 'VERSION', value: of(({version}) => version)},
  {header: 'IPTABLES', value: of(({backend}) => backend)},
  {header: 'CLUSTER', value: ({status}) => status?.knowledge.state ?? 'away'},
  {header: 'AS OF', value: of(({knowledge}) => knowledge.asOf ?? 'never')},
  {header: 'PODS', value: of(({knowledge}) => String(knowledge.pods)), align: 'right'},
  {header: 'POLICIES', value: of(({knowledge}) => String(knowledge.policies)), align: 'right'},
  {header: 'CLIENTS', value: of(({connections}) => String(connections)), align: 'right'},
  {header: 'MEMORY', value: of(({memoryBytes}) => `${Math.round(memoryBytes / 1e6)} MB`), align: 'right'},
]

export const statusLines = (rows: readonly StatusRow[], paint: Paint): Iterable<string> => columns(rows, COLUMNS, paint)

/** How changes are shown: on a terminal in place, else as they come. */
export function showChanges(output: string, paint: Paint, isTerminal: boolean): ShowChanges {
  if (output === 'json') return each(change => [escapeJson(JSON.stringify(documentOf(change)))])
  if (output === 'yaml') return each(async change => ['---', ...(await yamlLines(documentOf(change)))])
  return isTerminal ? inPlace(paint) : lineByLine(paint)
}

function documentOf({node, status, failure, skipped}: NodeState): AgentStatusChange {
  return {
    apiVersion: API_VERSION,
    kind: 'AgentStatusChange',
    node,
    ...(status && {status}),
    ...(failure && {failure}),
    skipped,
  }
}

const each =
  (linesOf: (change: NodeState) => Iterable<string> | Promise<Iterable<string>>): ShowChanges =>
  async board => {
    for (const change of board.takeChanges()) await writeLines(await linesOf(change))
  }

const failureLines = ({failure}: NodeState, paint: Paint): string[] =>
  failure ? [`error: ${paint(failure.message)}`, `  ${paint(failure.next)}`] : []

/** A line for each change, as wide as the whole table would be at the moment. */
function lineByLine(paint: Paint): ShowChanges {
  let isFirst = true
  return async board => {
    const all = board.all()
    const [header = '', ...rows] = statusLines(all, paint)
    const changes = board.takeChanges()
    await writeLines([...(isFirst ? [header] : []), ...changes.map(change => rows[all.indexOf(change)] as string)])
    await writeLines(
      changes.flatMap(change => failureLines(change, paint)),
      process.stderr,
    )
    isFirst = false
  }
}

function inPlace(paint: Paint): ShowChanges {
  const frame = new Frame(process.stdout)
  return async board => {
    board.takeChanges()
    const all = board.all()
    frame.show([...statusLines(all, paint), ...all.flatMap(state => failureLines(state, paint))])
  }
}
