import {AGENT_PORT, type accounts} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {Forwards} from '../kubernetes/forward.ts'
import {type AgentConnection, openConnection} from './agent-connection.ts'
import type {AgentPod} from './agents.ts'
import {secure} from './tls.ts'
import {Tokens} from './tokens.ts'

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
    const connection = stack.use(await openConnection(secured, node, token, signal))
    const ending = stack.move()
    return {...connection, [Symbol.asyncDispose]: () => ending.disposeAsync()}
  }
}

const LOOK = 'Look at the agent with: kubectl npm status, kubectl logs -n kubectl-npm'

function reasonOf(error: unknown): string {
  const {message, code} = error as NodeJS.ErrnoException
  if (/connection refused|ECONNREFUSED/i.test(message)) return `no agent listens there: ${message}`
  if (/ERR_SSL|EPROTO/.test(code ?? ''))
    return `what listens on port ${AGENT_PORT} speaks no TLS 1.3, so it is no agent: ${message}`
  return message
}
