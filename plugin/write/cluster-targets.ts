import type {accounts} from '../../core/contract/agent.ts'
import type {WriteResult} from '../../core/contract/writes.ts'
import type {Surroundings} from '../../core/plan/wanted.ts'
import {InputError} from '../../core/problem/input-error.ts'
import {flagWords} from '../../core/text/shell-word.ts'
import {type AgentConnection, TOKEN_OVER} from '../agents/agent-connection.ts'
import {AgentError} from '../agents/agent-error.ts'
import type {NodeChoice, RelayPod} from '../agents/agents.ts'
import {applyStaged, askConfirm, askRollback, askWrites, stagePlan} from '../agents/ask-writes.ts'
import {type Cluster, openCluster} from '../agents/cluster.ts'
import type {Waiting} from '../agents/each-node.ts'
import {InputBudget} from '../bytes/input-budget.ts'
import {ApiError, forOperators} from '../kubernetes/api-error.ts'
import type {ClusterFlags} from '../kubernetes/flags.ts'
import {readWholeNode} from '../source/read-cluster.ts'
import {type OpenWrite, openWriteOf} from './open-write.ts'
import type {ReadAccount, ReadTarget, WriteTarget, WriteTargets} from './write-target.ts'

/**
 * The nodes of a cluster that the flags mean, each written to through its agent.
 *
 * @param account as which nodes are read: the operator for who will write, so that a missing right is told first
 * @throws InputError as `openCluster`, but for clusters with other engines: what is left of Azure NPM there can be removed
 */
export async function openClusterTargets(
  flags: ClusterFlags & NodeChoice,
  {signal}: Waiting,
  account: ReadAccount,
): Promise<WriteTargets> {
  const cluster = await openCluster(flags, signal, {anyEngine: true}).catch((error: unknown) => {
    throw account === 'operator' ? forOperators(error, flags['agent-namespace']) : error
  })
  const budget = new InputBudget('agents')
  const refused: TargetOptions['refused'] = {}
  return {
    targets: cluster.ready.map(pod => clusterTarget(cluster, pod, {signal, account, budget, refused})),
    absent: cluster.absent,
    problems: [],
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
}

interface TargetOptions {
  readonly signal: AbortSignal
  readonly account: ReadAccount
  readonly budget: InputBudget
  /** Why there is no token of the operator, once that is known: it is the same for all nodes. */
  readonly refused: {why?: string | undefined}
}

function clusterTarget(cluster: Cluster, pod: RelayPod, {signal, account, budget, refused}: TargetOptions): WriteTarget {
  const {node} = pod
  /** A connection for each call: a person may think about a plan for longer than a token lives. */
  const asking = async <Answer>(
    as: keyof typeof accounts,
    work: (agent: AgentConnection) => Promise<Answer>,
  ): Promise<Answer> => {
    await using agent = await cluster.connect(pod, signal, as).catch((error: unknown) => {
      throw as === 'operator' ? forOperators(error, pod.namespace) : error
    })
    return await work(agent)
  }
  const readAs = (as: keyof typeof accounts): Promise<ReadTarget> =>
    asking(as, async agent => {
      // Asked first: an agent that finds a write that has not ended takes it back.
      const openWrite = await openWriteOn(agent, signal)
      const {state, problems} = await readWholeNode(agent, signal, budget, as === 'operator')
      return {state, problems, surroundings: surroundingsOf(cluster, state.cache !== undefined), openWrite}
    })
  return {
    node,
    flag: flagWords('--node', node),
    async read() {
      if (account !== 'mayBeOperator') return readAs(account)
      try {
        if (refused.why === undefined) return await readAs('operator')
      } catch (error) {
        refused.why = whyNoOperator(error)
        if (refused.why === undefined) throw error
      }
      return {...(await readAs('viewer')), withoutConnections: refused.why ?? ''}
    },
    apply: (plan, question) =>
      asking('operator', async agent => {
        const stagedId = await stagePlan(agent, plan, signal)
        return begun(node, signal, applyStaged(agent, stagedId, question, signal))
      }),
    rollback: to => asking('operator', agent => begun(node, signal, askRollback(agent, to, signal))),
    confirm: id => asking('operator', agent => begun(node, signal, askConfirm(agent, id, signal))),
    status: () => asking('viewer', agent => askWrites(agent, signal)),
  }
}

/** Why the API server gives no token of the operator; undefined for other errors. What the viewer lacks, too, it is told. */
function whyNoOperator(error: unknown): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  if (error.status === 403) return 'only operators are told who talks to whom (Role kubectl-npm-operator)'
  return error.status === 404 ? 'the agents were installed to read only, and tell nobody who talks to whom' : undefined
}

/** Undefined also where the agent writes nothing, or cannot tell: whoever writes is told then. */
async function openWriteOn(agent: AgentConnection, signal: AbortSignal): Promise<OpenWrite | undefined> {
  if (!agent.hello.procedures.includes('applyPlan')) return undefined
  try {
    return openWriteOf(await askWrites(agent, signal), flagWords('--node', agent.node))
  } catch (error) {
    if (signal.aborted || !(error instanceof InputError)) throw error
    return undefined
  }
}

/** Pages of Azure NPM that did not answer say little: a version may have none. */
const surroundingsOf = ({engine}: Cluster, hasNpmPages: boolean): Surroundings => ({
  ...(hasNpmPages && {hasNpmPages}),
  ...(engine.names && {engines: engine.names}),
})

/** Codes of errors after which it is not known how far the agent has come. */
const CUT_OFF = new Set(['CLOSED', TOKEN_OVER])

/** A write goes on at the node whatever becomes of whoever asked for it. @throws InputError that says so */
async function begun(node: string, signal: AbortSignal, write: Promise<WriteResult>): Promise<WriteResult> {
  try {
    return await write
  } catch (error) {
    const isCutOff = error instanceof AgentError && CUT_OFF.has(error.code)
    if (!signal.aborted && !isCutOff) throw error
    throw new InputError(
      signal.aborted
        ? `node ${node}: interrupted while the node was written to; its agent goes on by itself`
        : `${(error as Error).message}: how the write ends is not known here. Its agent goes on by itself; if the agent has ended, the next one takes back what was not done`,
      [
        `See how it ended: kubectl npm rollback --list ${flagWords('--node', node)}`,
        `Take it back if you do not want it: kubectl npm rollback ${flagWords('--node', node)}`,
      ],
    )
  }
}
