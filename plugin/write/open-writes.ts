import type {WriteStatus} from '../../core/contract/writes.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {flagWords} from '../../core/text/shell-word.ts'
import {AgentError} from '../agents/agent-error.ts'
import {type FoundAgents, findAgents} from '../agents/agents.ts'
import {askWrites} from '../agents/ask-writes.ts'
import {Agents} from '../agents/connect.ts'
import {eachNode, type Waiting} from '../agents/each-node.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {ApiError} from '../kubernetes/api-error.ts'
import {openWriteOf} from './open-write.ts'

/**
 * Asks the agents whether a write is open that nobody would take back without them.
 *
 * @param then what is to be done, for the words of the error: `uninstall`
 * @param say is told of nodes that could not be asked
 * @throws InputError when there is one: what it is, and how to end it
 */
export async function refuseOpenWrites(
  api: ClusterApi,
  then: string,
  say: (text: string) => void,
  waiting: Waiting,
): Promise<void> {
  const unknown = (which: string, why: InputError) =>
    say(`whether a write awaits its confirmation ${which} is not known, and nobody would take it back: ${why.message}`)
  const {signal} = waiting
  let found: FoundAgents
  try {
    found = await findAgents(api, {}, signal)
  } catch (error) {
    // Where no agent runs, or only those of before there was anything that writes, nothing is open.
    if (!(error instanceof InputError)) throw error
    if (error instanceof ApiError) unknown('on the nodes', error)
    return
  }
  const agents = new Agents(api)
  const asked = await eachNode(
    found.ready,
    async pod => {
      await using agent = await agents.connect(pod, signal)
      return await askWrites(agent, signal)
    },
    {...waiting, nodeOf: ({node}) => node, label: 'asking for open writes'},
  )
  signal.throwIfAborted()
  const open = asked.flatMap(each => ('value' in each ? openOn(each.node, each.value) : []))
  if (open.length > 0)
    throw new InputError(`${open.map(({is}) => is).join('; ')}; without its agent nobody takes it back`, [
      ...open.flatMap(({ends}) => ends),
      `Then: kubectl npm ${then}`,
    ])
  const failed = asked.flatMap(each => ('error' in each ? [each] : []))
  for (const {node, error} of [...failed, ...found.absent])
    if (!(error instanceof AgentError && error.code === 'READ_ONLY')) unknown(`on node ${node}`, error)
}

function openOn(node: string, status: WriteStatus): {readonly is: string; readonly ends: readonly string[]}[] {
  const open = openWriteOf(status, flagWords('--node', node))
  if (!open) return []
  const words = ['Keep it', 'Take it back'].slice(-open.ends.length)
  return [{is: `node ${node}: ${open.is}`, ends: open.ends.map((command, at) => `${words[at]}: ${command}`)}]
}
