import {initTRPC, TRPCError} from '@trpc/server'
import type {ZodError} from 'zod'
import {
  applyInputSchema,
  CONTRACT,
  confirmInputSchema,
  diffInputSchema,
  documentRight,
  type Hello,
  helloInputSchema,
  openSnapshotInputSchema,
  type Procedure,
  procedureRights,
  readSnapshotInputSchema,
  rollbackInputSchema,
  stagePlanInputSchema,
  writeProcedures,
} from '../../core/contract/agent.ts'
import {samplesInputSchema} from '../../core/contract/live.ts'
import {metricsInputSchema} from '../../core/contract/metrics.ts'
import {type NodeDocument, nodeDocuments} from '../../core/contract/node-documents.ts'
import {RefusedError, refused} from '../limits/refusal.ts'
import type {Agent} from './agent.ts'
import type {Connection} from './connection.ts'
import {trpcCodes} from './refusal-codes.ts'
import {samplesFor} from './samples.ts'
import {statusChanges} from './status-changes.ts'
import type {Writes} from './writes.ts'

/** What each procedure is given. */
export interface Context {
  readonly agent: Agent
  readonly connection: Connection
}

const t = initTRPC.context<Context>().create({
  // Stack traces are for our log, not for whoever connects.
  isDev: false,
  errorFormatter: ({shape, error}) => {
    const refusal = error.cause instanceof RefusedError ? error.cause.refusal : undefined
    const {path, ...data} = shape.data
    const isKnown = path !== undefined && Object.hasOwn(procedureRights, path)
    return {...shape, message: messageOf(error), data: {...data, ...(isKnown && {path}), ...(refusal && {refusal})}}
  },
})

/** What the client itself sent comes back in messages. A client that reads nothing must not fill the memory with it. */
const LONGEST_MESSAGE = 1000

const messageOf = (error: TRPCError): string => {
  const message = wordsOf(error)
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message
}

function wordsOf({code, cause, message}: TRPCError): string {
  if (code === 'PARSE_ERROR') return 'the message is no request'
  const issues = (cause as ZodError | undefined)?.issues
  if (code !== 'BAD_REQUEST' || !Array.isArray(issues)) return message
  return `the input is not as agreed: ${(cause as ZodError).issues.map(({path, message}) => `${path.join('.')}: ${message}`).join('; ')}`
}

function refusalOf(error: unknown): RefusedError | undefined {
  const cause = error instanceof TRPCError ? error.cause : error
  return cause instanceof RefusedError ? cause : undefined
}

/** A refusal with the code that tRPC has for its kind; other errors as they are. */
function coded(error: unknown): unknown {
  const cause = refusalOf(error)
  return cause ? new TRPCError({code: trpcCodes[cause.refusal.code], message: cause.message, cause}) : error
}

/** Requests that cost as much: one starts tools, the other computes. All clients together have a thousand requests a second. */
const COSTS: Partial<Record<Procedure, number>> = {openSnapshot: 50, diff: 100, metrics: 100, writes: 50}

/** A procedure, for those who have its right. */
const procedure = (name: Procedure) =>
  t.procedure.use(async ({ctx: {agent, connection}, next}) => {
    try {
      return await connection.during(async () => {
        await agent.demand(connection.caller, procedureRights[name])
        connection.charge(COSTS[name] ?? 0)
        // What is answered must not pile up on what the client has not yet read.
        await connection.drained()
        const result = await next()
        if (!result.ok) throw result.error
        return result
      })
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal && procedureRights[name].verb === 'create') connection.log.refusedWrite(name, refusal)
      throw coded(error)
    }
  })

/** @throws RefusedError where the agent was started to read only */
function writesOf({writes, node}: Agent): Writes {
  if (writes) return writes
  throw refused(
    'READ_ONLY',
    `the agent of node ${node} was installed to read only, and has nothing that writes`,
    'Install it again without --read-only: kubectl npm install. Or write on the node itself, as root, with --local.',
  )
}

/** @throws RefusedError when the caller may not have one of the documents, whoever has let it be read */
async function demandDocuments({agent, connection}: Context, documents: readonly NodeDocument[]): Promise<void> {
  for (const document of documents) await agent.demand(connection.caller, documentRight(document))
}

const idInput = readSnapshotInputSchema.pick({id: true})

/**
 * What the agent answers. Inputs are checked; fields that are not known are passed over, so that a newer plugin is
 * understood as far as both go.
 */
export const agentRouter = t.router({
  hello: procedure('hello')
    .input(helloInputSchema)
    .query(({input, ctx: {agent}}): Hello => {
      const {major} = input.contract
      if (major !== CONTRACT.major) {
        const older = major < CONTRACT.major ? 'the plugin' : 'the agent'
        throw refused(
          'OTHER_CONTRACT',
          `plugin ${input.version} (contract ${major}) and agent ${agent.version} (contract ${CONTRACT.major}) do not understand each other: ${older} is older`,
          major < CONTRACT.major ? 'Update the plugin.' : 'Update the agent: kubectl npm install.',
        )
      }
      const all = Object.keys(procedureRights) as Procedure[]
      const procedures = agent.writes ? all : all.filter(name => !writeProcedures.includes(name))
      return {contract: CONTRACT, version: agent.version, node: agent.node, procedures, knowledge: agent.syncState()}
    }),
  status: procedure('status').query(({ctx}) => ctx.agent.status()),
  statusChanges: procedure('statusChanges').subscription(async function* ({ctx: {agent, connection}, signal}) {
    try {
      yield* statusChanges(agent, connection, signal)
    } catch (error) {
      throw coded(error)
    }
  }),
  openSnapshot: procedure('openSnapshot')
    .input(openSnapshotInputSchema)
    .mutation(async ({input, ctx}) => {
      const {agent, connection} = ctx
      const documents = nodeDocuments.filter(name => input.documents.includes(name))
      await demandDocuments(ctx, documents)
      const snapshot = await agent.snapshots.open(documents, connection.tokenHash)
      if (connection.signal.aborted) agent.snapshots.leave(snapshot.id, connection.tokenHash)
      else connection.rememberSnapshot(snapshot.id)
      return snapshot
    }),
  readSnapshot: procedure('readSnapshot')
    .input(readSnapshotInputSchema)
    .query(async ({input: {id, document, offset}, ctx}) => {
      // Clients share what is being read, also with those who may have more of it.
      await demandDocuments(ctx, [document])
      return ctx.agent.snapshots.piece(id, document, offset, ctx.connection)
    }),
  closeSnapshot: procedure('closeSnapshot')
    .input(idInput)
    .mutation(({input: {id}, ctx: {agent, connection}}) => {
      // Who has not opened it cannot take it away from who has.
      if (connection.forgetSnapshot(id)) agent.snapshots.close(id, connection.tokenHash)
    }),
  diff: procedure('diff')
    .input(diffInputSchema.optional())
    .query(({input, ctx: {agent, connection}}) => connection.inTurn(() => agent.diff(input ?? {}))),
  metrics: procedure('metrics')
    .input(metricsInputSchema)
    .query(({input, ctx: {agent, connection}}) => connection.inTurn(() => agent.metrics(input))),
  samples: procedure('samples')
    .input(samplesInputSchema)
    .subscription(async function* ({input, ctx: {agent, connection}, signal}) {
      try {
        yield* samplesFor(agent, connection, input, signal)
      } catch (error) {
        throw coded(error)
      }
    }),
  writes: procedure('writes').query(({ctx: {agent}}) => writesOf(agent).status()),
  stagePlan: procedure('stagePlan')
    .input(stagePlanInputSchema)
    .mutation(({input: {stagedId, offset, base64}, ctx: {agent, connection}}) =>
      writesOf(agent).staged.add(connection, stagedId, offset, Buffer.from(base64, 'base64')),
    ),
  applyPlan: procedure('applyPlan')
    .input(applyInputSchema)
    .mutation(({input, ctx: {agent, connection}}) => writesOf(agent).apply(connection, input)),
  rollback: procedure('rollback')
    .input(rollbackInputSchema)
    .mutation(({input, ctx: {agent, connection}}) => writesOf(agent).rollback(connection, input)),
  confirm: procedure('confirm')
    .input(confirmInputSchema)
    .mutation(({input, ctx: {agent, connection}}) => writesOf(agent).confirm(connection, input)),
})

/** The plugin takes this type, and nothing else, from the agent. */
export type AgentRouter = typeof agentRouter
