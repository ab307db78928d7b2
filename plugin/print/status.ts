import type {AgentStatus} from '../../core/contract/agent.ts'
import type {VersionList} from '../../core/contract/status.ts'
import {escapeControls} from '../../core/text/escape.ts'
import {type Column, columns} from './columns.ts'
import type {Paint} from './paint.ts'
import {inWords} from './write-result.ts'

/** A row of the table: a node, and its agent's status unless the agent cannot be asked. */
export interface StatusRow {
  readonly node: string
  readonly status?: AgentStatus
}

const of =
  (value: (status: AgentStatus) => string) =>
  ({status}: StatusRow): string =>
    status ? value(status) : '-'

/** All columns of the table of agents. */
export const statusColumns: readonly Column<StatusRow>[] = [
  {header: 'NODE', value: ({node}) => node},
  {header: 'VERSION', value: of(({version}) => version)},
  {header: 'BACKEND', value: of(({backend}) => backend)},
  {header: 'NPM', value: of(({npm}) => npm?.release ?? '-')},
  {header: 'CLUSTER', value: ({status}) => status?.knowledge.state ?? 'away'},
  {header: 'AS OF', value: of(({knowledge}) => knowledge.asOf ?? 'never')},
  {header: 'PODS', value: of(({knowledge}) => String(knowledge.pods)), align: 'right'},
  {header: 'POLICIES', value: of(({knowledge}) => String(knowledge.policies)), align: 'right'},
  {header: 'WRITTEN', value: of(written)},
  {header: 'CLIENTS', value: of(({connections}) => String(connections)), align: 'right'},
  {header: 'MEMORY', value: of(({memoryBytes}) => `${Math.round(memoryBytes / 1e6)} MB`), align: 'right'},
]

/** Of the last write, or of the one that is open. */
function written({writes, readOnly}: AgentStatus): string {
  // An agent that has just started has not looked yet.
  if (writes === undefined) return readOnly ? 'read only' : '-'
  const {pending, interrupted, restorePoints} = writes
  if (interrupted !== undefined) return 'INTERRUPTED'
  if (pending) return `unconfirmed, back in ${Math.round(pending.secondsLeft)} s`
  const [last] = restorePoints
  return last ? `${inWords(last.outcome)} ${last.takenAt}` : 'never'
}

/** The table of agents: its header, then one line for each node. */
export const statusLines = (rows: readonly StatusRow[], paint: Paint, hasHeaders = true): Iterable<string> =>
  columns(rows, statusColumns, paint, hasHeaders)

const WAYS: Readonly<Record<VersionList['client']['installation']['by'], string>> = {
  krew: 'by krew',
  npm: 'by npm',
  clone: 'a clone',
  executable: 'one executable',
  bundle: 'a bundle',
}

/** The version of this program, then the agents of each version. */
export function* versionLines({client, agents}: VersionList, paint: Paint): Generator<string> {
  const {by, path, upgrade} = client.installation
  yield `kubectl npm ${client.version} (Node.js ${client.node})`
  yield `installed   ${WAYS[by]}: ${escapeControls(path)}`
  yield `upgrade     ${upgrade}`
  const versions = Map.groupBy(agents, ({version}) => version)
  for (const [version, ofIt] of versions) {
    const line = `agents      ${escapeControls(version)} on ${ofIt.map(({node}) => escapeControls(node)).join(', ')}`
    yield version === client.version ? line : paint(line, 'yellow')
  }
}
