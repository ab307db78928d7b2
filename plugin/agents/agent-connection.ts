import type {Duplex} from 'node:stream'
import {createTRPCClient, type TRPCClient} from '@trpc/client'
import type {AgentRouter} from '../../agent/rpc/router.ts'
import {CONTRACT, closeCodes, type Hello, type Procedure} from '../../core/contract/agent.ts'
import packageFacts from '../../package.json' with {type: 'json'}
import {afterGreeting} from './after-greeting.ts'
import {AgentError, agentErrorOf} from './agent-error.ts'
import {agentLink} from './agent-link.ts'
import {openAgentSocket} from './agent-socket.ts'
import {parseAnswer, tolerantHelloSchema} from './tolerant-schemas.ts'

/** A signed-in connection to the agent of one node. */
export interface AgentConnection extends AsyncDisposable {
  readonly node: string
  /** Of an eager connection it is known with the first answer. */
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

/** Code of the error of calls that were under way when the connection ended. */
export const CLOSED = 'CLOSED'

const UPDATE_AGENT = 'Update the agents: kubectl npm install'

export interface ConnectionOptions {
  /**
   * Whether what is asked first goes to the agent beside the greeting: one way to the node and back less. What keeps the two sides from
   * understanding each other is thrown by `ask` then.
   */
  readonly isEager?: boolean
}

/**
 * Opens the WebSocket on a stream to an agent and greets it. The stream ends with the connection.
 *
 * @param stream a connection to an agent; over TLS, or of the unix socket of this machine
 * @param node for the words of errors
 * @param token of one of the two accounts; root needs none on the unix socket
 * @throws InputError with what the agent says when it refuses; AgentError when the two sides do not understand each other
 */
export async function openConnection(
  stream: Duplex,
  node: string,
  token: string | undefined,
  signal: AbortSignal,
  {isEager = false}: ConnectionOptions = {},
): Promise<AgentConnection> {
  await using stack = new AsyncDisposableStack()
  stack.defer(() => {
    stream.destroy()
  })
  const socket = await openAgentSocket(stream, token, node, signal)
  stack.defer(() => socket.terminate())
  const link = agentLink(socket, closingWords(node))
  const greeting = greet(createTRPCClient<AgentRouter>({links: [link]}), node, signal)
  // Whoever asks is told.
  greeting.catch(() => {})
  const hello = isEager ? undefined : await greeting
  const client = createTRPCClient<AgentRouter>({links: [afterGreeting(greeting), link]})
  return new GreetedConnection({node, greeting, hello, client, ending: stack.move()})
}

interface Greeted {
  readonly node: string
  readonly greeting: Promise<Hello>
  /** Undefined while it is on its way. */
  readonly hello: Hello | undefined
  readonly client: TRPCClient<AgentRouter>
  readonly ending: AsyncDisposable
}

class GreetedConnection implements AgentConnection {
  readonly node: string
  private readonly greeting: Promise<Hello>
  private readonly client: TRPCClient<AgentRouter>
  private readonly ending: AsyncDisposable
  private known: Hello | undefined

  constructor({node, greeting, hello, client, ending}: Greeted) {
    this.node = node
    this.greeting = greeting
    this.known = hello
    this.client = client
    this.ending = ending
  }

  get hello(): Hello {
    if (this.known) return this.known
    throw new Error(`the agent of node ${this.node} has not answered yet`)
  }

  async ask<Answer>(procedure: Procedure, work: (client: TRPCClient<AgentRouter>) => Promise<Answer>): Promise<Answer> {
    try {
      // What an older agent does not know it refuses, and the reason is told below.
      const early = this.known ? undefined : work(this.client)
      early?.catch(() => {})
      this.known ??= await this.greeting
      const {procedures, version} = this.known
      if (!procedures.includes(procedure))
        throw new AgentError(
          `node ${this.node}: agent ${version} does not know "${procedure}", which this plugin (${packageFacts.version}) asks for`,
          UPDATE_AGENT,
          'OTHER_CONTRACT',
        )
      return await (early ?? work(this.client))
    } catch (error) {
      throw agentErrorOf(error, this.node)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ending[Symbol.asyncDispose]()
  }
}

async function greet(client: TRPCClient<AgentRouter>, node: string, signal: AbortSignal): Promise<Hello> {
  let answer: unknown
  try {
    answer = await client.hello.query({contract: CONTRACT, version: packageFacts.version}, {signal})
  } catch (error) {
    throw agentErrorOf(error, node)
  }
  const hello = tolerantHelloSchema.safeParse(answer)
  const major = hello.success ? hello.data.contract.major : (answer as Partial<Hello> | undefined)?.contract?.major
  if (hello.success && major === CONTRACT.major) return hello.data
  // Of its own version, and yet not as agreed.
  if (major === CONTRACT.major) return parseAnswer(tolerantHelloSchema, answer, node)
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
        CLOSED,
      )
    if (code === closeCodes.tokenOver) return new AgentError(`node ${node}: ${reason}`, again, TOKEN_OVER)
    if (reason !== '') return new AgentError(`node ${node}: the agent ended the connection: ${reason}`, again, CLOSED)
    return new AgentError(`node ${node}: the connection to the agent broke in the middle of an answer`, again, CLOSED)
  }
