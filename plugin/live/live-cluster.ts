import type {SetEntry} from '../../core/contract/common.ts'
import type {Drift} from '../../core/contract/drift.ts'
import {type LiveEvent, type LiveFailure, wireSampleSchema} from '../../core/contract/live.ts'
import {API_VERSION} from '../../core/contract/version.ts'
import type {NodeState} from '../../core/dataplane/dataplane.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {AgentConnection} from '../agents/agent-connection.ts'
import type {NodeChoice} from '../agents/agents.ts'
import type {Cluster} from '../agents/cluster.ts'
import {type FollowPauses, followAgents} from '../agents/follow-agents.ts'
import {listen} from '../agents/listen.ts'
import {parseAnswer, tolerantDriftSchema} from '../agents/tolerant-schemas.ts'
import {type EventQueue, eventsOf} from './event-queue.ts'
import type {LiveRequest, LiveSource} from './live-source.ts'
import {NodeSnapshots} from './node-snapshots.ts'
import {CurrentRequest} from './request.ts'
import {setOf} from './set-of.ts'
import {SharedObjects} from './shared-objects.ts'
import {Silence} from './silence.ts'
import {Turns} from './turns.ts'

/** Reading a large node whole takes a second of this processor. */
const READ_AT_ONCE = 8

export interface LivePauses extends FollowPauses {
  /** Milliseconds behind when a sample was due until its node is said to be silent. */
  readonly silentMs?: number
}

/**
 * All nodes of a cluster that are meant, each through one connection to its agent. Connections that end are opened again.
 *
 * @param cluster held open by the caller for as long as it watches
 */
export class LiveCluster implements LiveSource {
  readonly kind = 'cluster'
  private readonly cluster: Cluster
  private readonly choice: NodeChoice
  private readonly pauses: LivePauses | undefined
  private readonly asked: CurrentRequest
  private readonly agents = new Map<string, AgentConnection>()
  private readonly objects = new SharedObjects()
  private readonly reads = new Turns(READ_AT_ONCE)

  constructor(cluster: Cluster, choice: NodeChoice, request: LiveRequest, pauses?: LivePauses) {
    this.cluster = cluster
    this.choice = choice
    this.pauses = pauses
    this.asked = new CurrentRequest(request)
  }

  request(request: LiveRequest): void {
    this.asked.set(request)
  }

  events(signal: AbortSignal, onFound?: (nodes: readonly string[]) => void): AsyncGenerator<LiveEvent> {
    return eventsOf(signal, (queue, following) =>
      followAgents(
        this.cluster,
        this.choice,
        following,
        {
          ...(onFound && {onFound}),
          listen: (agent, node, listening, came) => this.listen(agent, node, listening, came, queue),
          onTrouble: (node, error) => queue.push(failureOf(node, error)),
        },
        this.pauses,
      ),
    )
  }

  async members(node: string, set: string, signal: AbortSignal): Promise<SetEntry | undefined> {
    return setOf(await this.stateOf(this.agentOf(node), signal), set)
  }

  async differences(node: string, signal: AbortSignal): Promise<Drift> {
    const agent = this.agentOf(node)
    const answer = await agent.ask('diff', client => client.diff.query({}, {signal}))
    return {...parseAnswer(tolerantDriftSchema, answer, node), node}
  }

  /** Listens to one agent, and anew whenever something else is asked of it. */
  private async listen(
    agent: AgentConnection,
    node: string,
    signal: AbortSignal,
    came: () => void,
    queue: EventQueue,
  ): Promise<void> {
    const failed = Promise.withResolvers<never>()
    // Also when nobody waits for it any more.
    failed.promise.catch(() => {})
    const snapshots = new NodeSnapshots(
      node,
      () => this.reads.run(() => this.stateOf(agent, signal)),
      live => queue.push(live),
      failed.reject,
    )
    this.agents.set(node, agent)
    using silence = new Silence(ms => queue.push(failureOf(node, silentFor(node, ms))), this.pauses?.silentMs)
    try {
      while (!signal.aborted) {
        const {input, changed} = this.asked.of(node)
        silence.heard(input.intervalMs)
        const listening = AbortSignal.any([signal, changed])
        const listened = agent.ask('samples', client =>
          listen(
            hearing => client.samples.subscribe(input, hearing),
            listening,
            data => {
              const wire = parseAnswer(wireSampleSchema, data, node)
              if (listening.aborted) return
              came()
              silence.heard(2 * (wire.intervalMs + wire.readMs))
              queue.push({apiVersion: API_VERSION, kind: 'LiveSample', node, ...wire})
              snapshots.look(wire)
            },
          ),
        )
        await Promise.race([listened, failed.promise])
        if (!listening.aborted) return
      }
    } finally {
      if (this.agents.get(node) === agent) this.agents.delete(node)
    }
  }

  private async stateOf(agent: AgentConnection, signal: AbortSignal): Promise<NodeState> {
    // Data planes are loaded when somebody looks into a node.
    const {readObjectsOf, readRulesOf} = await import('../source/read-cluster.ts')
    const cluster = await this.objects.current(() => readObjectsOf(agent, signal))
    const state = await readRulesOf(agent, signal)
    return cluster ? state.with({cluster}) : state
  }

  private agentOf(node: string): AgentConnection {
    const agent = this.agents.get(node)
    if (agent) return agent
    throw new InputError(`node ${node}: there is no connection to its agent at present`, 'It is tried again every two seconds.')
  }
}

const failureOf = (node: string, {message, next}: InputError): LiveFailure => ({
  apiVersion: API_VERSION,
  kind: 'LiveFailure',
  node,
  at: new Date().toISOString(),
  message,
  next,
})

const silentFor = (node: string, ms: number): InputError =>
  new InputError(
    `node ${node}: nothing has come from its agent for ${Math.round(ms / 1000)} s`,
    'It is waited for, and asked again over a new connection when this one is dead.',
  )
