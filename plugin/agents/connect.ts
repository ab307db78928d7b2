import {type accounts, RELAY_PORT} from '../../core/contract/agent.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import {nodeNamespaceOf} from '../kubernetes/agent-namespaces.ts'
import type {ClusterApi} from '../kubernetes/api.ts'
import {Forwards} from '../kubernetes/forward.ts'
import {type AgentConnection, type ConnectionOptions, openConnection} from './agent-connection.ts'
import type {RelayPod} from './agents.ts'
import {secure} from './tls.ts'
import {Tokens} from './tokens.ts'

/** From the first byte to the agent's hello. */
const CONNECT_MS = 30_000

/** Connects to agents of one cluster, as either of the two accounts. */
export class Agents {
  private readonly forwards: Forwards
  private readonly tokens: Readonly<Record<keyof typeof accounts, Tokens>>

  constructor(api: ClusterApi) {
    this.forwards = new Forwards(api)
    this.tokens = {viewer: new Tokens(api, 'viewer'), operator: new Tokens(api, 'operator')}
  }

  /**
   * Connects to the agent behind a relay: port-forward, TLS, a token for the key that is seen, WebSocket, hello.
   *
   * @param account the operator's for verbs that write, which fewer people get a token of
   * @throws InputError that names the node, and for a missing right the role that has it
   */
  async connect(
    pod: RelayPod,
    signal: AbortSignal,
    account: keyof typeof accounts = 'viewer',
    options?: ConnectionOptions,
  ): Promise<AgentConnection> {
    const {node} = pod
    const next = adviceFor(pod)
    const late = AbortSignal.timeout(CONNECT_MS)
    try {
      return await this.open(pod, AbortSignal.any([signal, late]), account, options)
    } catch (error) {
      if (signal.aborted || error instanceof InputError) throw error
      if (late.aborted) throw new InputError(`node ${node}: no connection to the agent within ${CONNECT_MS / 1000} s`, next)
      throw new InputError(`node ${node}: ${reasonOf(error)}`, next)
    }
  }

  private async open(
    pod: RelayPod,
    signal: AbortSignal,
    account: keyof typeof accounts,
    options?: ConnectionOptions,
  ): Promise<AgentConnection> {
    const {node, name, namespace} = pod
    await using stack = new AsyncDisposableStack()
    const stream = stack.adopt(await this.forwards.open({namespace, name, port: RELAY_PORT}, signal), each => {
      each.destroy()
    })
    const {socket: secured, audience} = await secure(stream, signal)
    stack.defer(() => {
      secured.destroy()
    })
    const token = await this.tokens[account].tokenFor(audience, node, signal)
    const connection = await openConnection(secured, node, token, signal, options)
    stack.use(connection)
    const ending = stack.move()
    return {
      node,
      get hello() {
        return connection.hello
      },
      ask: (procedure, work) => connection.ask(procedure, work),
      [Symbol.asyncDispose]: () => ending.disposeAsync(),
    }
  }
}

const adviceFor = ({namespace, name, node}: RelayPod): string =>
  `See how agent and relay are: kubectl get pods -n ${nodeNamespaceOf(namespace)} -o wide --field-selector ${shellWord(`spec.nodeName=${node}`)}; kubectl logs -n ${namespace} ${shellWord(name)}`

function reasonOf(error: unknown): string {
  const {message, code} = error as NodeJS.ErrnoException
  if (/connection refused|ECONNREFUSED/i.test(message)) return `no relay listens there: ${message}`
  // A relay that reaches no agent ends the connection at once.
  if (code === 'ECONNRESET' || /before secure TLS connection/.test(message))
    return 'the connection was ended before the agent said anything: it may have just ended, or have too many connections'
  if (/ERR_SSL|EPROTO/.test(code ?? '')) return `what answers there speaks no TLS 1.3, so it is no agent: ${message}`
  return message
}
