import type {AgentStatusChange} from '../../core/contract/status.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import {escapeJson} from '../../core/text/escape.ts'
import {yamlLines} from '../print/document.ts'
import {writeLines} from '../print/output.ts'
import type {Paint} from '../print/paint.ts'
import {statusLines} from '../print/status.ts'
import type {LinesScreen} from './lines-screen.ts'
import type {NodeStatus, StatusTable} from './status-table.ts'

/** Shows what has changed in a table since the last call. */
export type ShowChanges = (table: StatusTable) => Promise<void>

/**
 * How `status --watch` shows changes: a table that is overwritten on a terminal, else a line or a document for each change.
 *
 * @param output `json` for one document to a line, `yaml` for a stream of documents, anything else for the table
 */
export function showChanges(output: string, paint: Paint, isTerminal: boolean): ShowChanges {
  if (output === 'json') return eachChange(change => [escapeJson(JSON.stringify(documentOf(change)))])
  if (output === 'yaml') return eachChange(async change => ['---', ...(await yamlLines(documentOf(change)))])
  return isTerminal ? inPlace(paint) : lineByLine(paint)
}

function documentOf({node, status, failure, skipped}: NodeStatus): AgentStatusChange {
  return {
    apiVersion: API_VERSION,
    kind: 'AgentStatusChange',
    node,
    ...(status && {status}),
    ...(failure && {failure}),
    skipped,
  }
}

const eachChange =
  (linesOf: (change: NodeStatus) => Iterable<string> | Promise<Iterable<string>>): ShowChanges =>
  async table => {
    for (const change of table.takeChanges()) await writeLines(await linesOf(change))
  }

const failureLines = ({failure}: NodeStatus, paint: Paint): string[] =>
  failure ? [`error: ${paint(failure.message)}`, `  ${paint(failure.next)}`] : []

/** One line for each change, with columns as wide as those of the whole table at that moment. */
function lineByLine(paint: Paint): ShowChanges {
  let isFirst = true
  return async table => {
    const all = table.all()
    const [header = '', ...rows] = statusLines(all, paint)
    const changes = table.takeChanges()
    await writeLines([...(isFirst ? [header] : []), ...changes.map(change => rows[all.indexOf(change)] as string)])
    await writeLines(
      changes.flatMap(change => failureLines(change, paint)),
      process.stderr,
    )
    isFirst = false
  }
}

function inPlace(paint: Paint): ShowChanges {
  let screen: LinesScreen | undefined
  return async table => {
    // Loading Ink takes longer than all else.
    screen ??= new (await import('./lines-screen.ts')).LinesScreen()
    table.takeChanges()
    const all = table.all()
    screen.show([...statusLines(all, paint), ...all.flatMap(each => failureLines(each, paint))])
  }
}
