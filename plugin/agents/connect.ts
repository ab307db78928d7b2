import {createTRPCClient, type TRPCClient} from '@trpc/client'
import type {AgentRouter} from '../../agent/rpc/router.ts'
import {AGENT_PORT, type accounts, CONTRACT, closeCodes, type Hello, type Procedure} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import packageFacts from '../../package.json' with {type: 'json'}
import type {ClusterApi} from '../kubernetes/api.ts'
import {Forwards} from '../kubernetes/forward.ts'
import {AgentError, agentErrorOf} from './agent-error.ts'
import {agentLink} from './agent-link.ts'
import {openAgentSocket} from './agent-socket.ts'
import type {AgentPod} from './agents.ts'
import {secure} from './tls.ts'
import {Tokens} from './tokens.ts'
import {understood, wireHelloSchema} from './tolerant-schemas.ts'

/** A signed-in connection to the agent of one node. */
export interface AgentConnection extends AsyncDisposable {
  readonly node: string
  readonly hello: Hello
  /**
   * Calls a procedure.
   *
   * @param work gets the typed client
   * @throws AgentError when the agent is too old for it, refuses or fails
   */
  ask<Answer>(procedure: Procedure, work: (client: TRPCClient<AgentRouter>) => Promise<Answer>): Promise<Answer>
}

/** Code of the error of calls that were under way when the time of the token was over; a new connection has a new one. */
export const TOKEN_OVER = 'TOKEN_OVER'

/** From the first byte to the agent's hello. */
const CONNECT_MS = 30_000

/** Connects to agents of one cluster, as one of the two accounts. */
export class Agents {
  private readonly forwards: Forwards
  private readonly tokens: Tokens

  constructor(api: ClusterApi, account: keyof typeof accounts = 'viewer') {
    this.forwards = new Forwards(api)
    this.tokens = new Tokens(api, account)
  }

  /**
   * Connects to the agent of a pod: port-forward, TLS, a token for the key that is seen, WebSocket, hello.
   *
   * @throws InputError that names the node, and for a missing right the role that has it
   */
  async connect(pod: AgentPod, signal: AbortSignal): Promise<AgentConnection> {
    const {node} = pod
    const late = AbortSignal.timeout(CONNECT_MS)
    try {
      return await this.open(pod, AbortSignal.any([signal, late]))
    } catch (error) {
      if (signal.aborted || error instanceof InputError) throw error
      if (late.aborted)
        throw new InputError(`node ${node}: no connection to the agent within ${CONNECT_MS / 1000} s`, `${LOOK} ${pod.name}`)
      throw new InputError(`node ${node}: ${reasonOf(error)}`, `${LOOK} ${pod.name}`)
    }
  }

  private async open(pod: AgentPod, signal: AbortSignal): Promise<AgentConnection> {
    const {node, name, namespace} = pod
    await using stack = new AsyncDisposableStack()
    const stream = stack.adopt(await this.forwards.open({namespace, name, port: AGENT_PORT}, signal), each => {
      each.destroy()
    })
    const {socket: secured, audience} = await secure(stream, signal)
    stack.defer(() => {
      secured.destroy()
    })
    const token = await this.tokens.tokenFor(audience, node, signal)
    const socket = await openAgentSocket(secured, token, node, signal)
    stack.defer(() => socket.terminate())
    const client = createTRPCClient<AgentRouter>({links: [agentLink(socket, closingWords(node))]})
    const hello = await greet(client, node, signal)
    const ending = stack.move()
    return {
      node,
      hello,
      async ask(procedure, work) {
        if (!hello.procedures.includes(procedure))
          throw new AgentError(
            `node ${node}: agent ${hello.version} does not know "${procedure}", which this plugin (${packageFacts.version}) asks for`,
            UPDATE_AGENT,
            'OTHER_CONTRACT',
          )
        try {
          return await work(client)
        } catch (error) {
          throw agentErrorOf(error, node)
        }
      },
      [Symbol.asyncDispose]: () => ending.disposeAsync(),
    }
  }
}

const LOOK = 'Look at the agent with: kubectl npm status, kubectl logs -n kubectl-npm'
const UPDATE_AGENT = 'Update the agents: kubectl npm install'

function reasonOf(error: unknown): string {
  const {message, code} = error as NodeJS.ErrnoException
  if (/connection refused|ECONNREFUSED/i.test(message)) return `no agent listens there: ${message}`
  if (/ERR_SSL|EPROTO/.test(code ?? ''))
    return `what listens on port ${AGENT_PORT} speaks no TLS 1.3, so it is no agent: ${message}`
  return message
}

async function greet(client: TRPCClient<AgentRouter>, node: string, signal: AbortSignal): Promise<Hello> {
  let answer: unknown
  try {
    answer = await client.hello.query({contract: CONTRACT, version: packageFacts.version}, {signal})
  } catch (error) {
    throw agentErrorOf(error, node)
  }
  const hello = wireHelloSchema.safeParse(answer)
  const major = hello.success ? hello.data.contract.major : (answer as Partial<Hello> | undefined)?.contract?.major
  if (hello.success && major === CONTRACT.major) return hello.data
  // Of its own version, and yet not as agreed.
  if (major === CONTRACT.major) return understood(wireHelloSchema, answer, node)
  const isOlder = typeof major === 'number' && major < CONTRACT.major
  throw new AgentError(
    `node ${node}: the agent speaks contract ${major ?? 'unknown'}, this plugin (${packageFacts.version}) contract ${CONTRACT.major}`,
    isOlder ? UPDATE_AGENT : 'Update the plugin: the agent is newer.',
    'OTHER_CONTRACT',
  )
}

/** What to say of calls that the end of a connection left without an answer. */
const closingWords =
  (node: string) =>
  (code: number, reason: string): Error => {
    const again = 'Run the command again.'
    if (code === closeCodes.goingAway)
      return new AgentError(
        `node ${node}: the agent was stopped in the middle of an answer`,
        'Run the command again when it is back.',
        'CLOSED',
      )
    if (code === closeCodes.tokenOver) return new AgentError(`node ${node}: ${reason}`, again, TOKEN_OVER)
    if (reason !== '') return new AgentError(`node ${node}: the agent ended the connection: ${reason}`, again, 'CLOSED')
    return new AgentError(`node ${node}: the connection to the agent broke in the middle of an answer`, again, 'CLOSED')
  }
