import type {accounts} from '../../core/contract/agent.ts'
import {type ApiOptions, type ClusterApi, openClusterApi} from '../kubernetes/api.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import type {AgentConnection, ConnectionOptions} from './agent-connection.ts'
import {type AbsentAgent, findAgents, type NodeChoice, type RelayPod} from './agents.ts'
import {Agents} from './connect.ts'
import {type PolicyEngine, readPolicyEngine, requireNpm} from './policy-engine.ts'

/** A cluster and the agents of the nodes that are meant. */
export interface Cluster extends AsyncDisposable {
  readonly api: ClusterApi
  readonly engine: PolicyEngine
  /** Agents that can be asked, by name of the node. */
  readonly ready: readonly RelayPod[]
  readonly absent: readonly AbsentAgent[]
  /** @param account as which; the viewer by default */
  connect(
    pod: RelayPod,
    signal: AbortSignal,
    account?: keyof typeof accounts,
    options?: ConnectionOptions,
  ): Promise<AgentConnection>
}

export interface ClusterOptions extends ApiOptions {
  /** Also opens clusters that are known to have another engine. */
  readonly anyEngine?: boolean
}

/**
 * Opens a cluster: reaches its API server and finds the agents.
 *
 * @throws InputError when kubectl, the API server or the person's rights stand in the way, when there is no agent, and when
 *   the cluster is known not to run Azure NPM
 */
export async function openCluster(
  flags: ClusterFlags & NodeChoice,
  signal: AbortSignal,
  {anyEngine = false, ...options}: ClusterOptions = {},
): Promise<Cluster> {
  await using stack = new AsyncDisposableStack()
  const api = stack.use(await openClusterApi(flags, signal, options))
  const [engine, found] = await Promise.all([
    readPolicyEngine(api, signal),
    // On a cluster without Azure NPM there are no agents either, and that is not what to say first.
    findAgents(api, flags, signal).catch((error: unknown) => ({error})),
  ])
  if (!anyEngine) requireNpm(engine)
  if ('error' in found) throw found.error
  const agents = new Agents(api)
  const held = stack.move()
  return {
    api,
    engine,
    ...found,
    connect: (pod, given, account, how) => agents.connect(pod, given, account, how),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
