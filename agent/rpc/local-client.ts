import {join} from 'node:path'
import {createGunzip} from 'node:zlib'
import {createTRPCClient, createWSClient, type TRPCClient, wsLink} from '@trpc/client'
import {WebSocket} from 'ws'
import {AGENT_SOCKET} from '../../core/contract/agent.ts'
import {CLUSTER_DOCUMENT} from '../../core/contract/node-documents.ts'
import type {DumpDocument} from '../../core/dump/model.ts'
import type {Problem} from '../../core/problem/problem.ts'
import {TextDecoding} from '../../core/text/decode.ts'
import type {AgentRouter} from './router.ts'
import {isAnswered} from './unix-socket.ts'

/**
 * Asks the agent that runs on this node, as root, over its socket: no token and no API server is needed.
 *
 * @returns undefined when none answers there
 */
export async function askLocalAgent<Answer>(
  stateDir: string,
  work: (client: TRPCClient<AgentRouter>) => Promise<Answer>,
): Promise<Answer | undefined> {
  const path = join(stateDir, AGENT_SOCKET)
  if (!(await isAnswered(path))) return undefined
  const client = createWSClient({url: `ws+unix://${path}:/`, WebSocket: WebSocket as never, retryDelayMs: () => 1000})
  try {
    return await work(createTRPCClient<AgentRouter>({links: [wsLink({client})]}))
  } finally {
    await client.close()
  }
}

/** The cluster objects that the agent of this node knows, also while the API server is away; with how old they are. */
export async function readLocalCluster(stateDir: string): Promise<{documents: DumpDocument[]; problems: Problem[]} | undefined> {
  return askLocalAgent(stateDir, async client => {
    const {id, documents} = await client.openSnapshot.mutate({documents: [CLUSTER_DOCUMENT]})
    if (documents.length === 0) return {documents: [], problems: []}
    const gunzip = createGunzip()
    const decoding = new TextDecoding()
    gunzip.on('data', (part: Buffer) => decoding.push(part))
    const unpacked = new Promise((resolve, reject) => void gunzip.once('end', resolve).once('error', reject))
    for (let offset = 0; ; ) {
      const {base64, end, problems} = await client.readSnapshot.query({id, document: CLUSTER_DOCUMENT, offset})
      const bytes = Buffer.from(base64, 'base64')
      offset += bytes.length
      gunzip.write(bytes)
      if (!end) continue
      gunzip.end()
      await unpacked
      await client.closeSnapshot.mutate({id})
      return {documents: [{name: `the agent's ${CLUSTER_DOCUMENT}`, folder: 'local', text: decoding.end()}], problems}
    }
  })
}
