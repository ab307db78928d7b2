import {networkInterfaces} from 'node:os'
import type {WriteResult} from '../../core/contract/writes.ts'
import {InputError} from '../../core/problem/input-error.ts'
import type {Waiting} from '../agents/each-node.ts'
import {finishFirst, interruption} from '../cleanup/interruption.ts'
import {type LocalWriter, requireRoot, services} from '../services.ts'
import {localNode, openSource} from '../source/open-source.ts'
import {openWriteOf} from './open-write.ts'
import {localFlag} from './target-flag.ts'
import type {WriteTarget, WriteTargets} from './write-target.ts'

/**
 * This machine. A write that has begun is not left half done: a signal that comes meanwhile takes it back when it is through.
 *
 * @param stateDir of the agent of this machine, also where none runs
 * @throws InputError for others than root
 */
export async function openLocalTarget(stateDir: string, waiting: Waiting): Promise<WriteTargets> {
  requireRoot('writes to the kernel')
  const writer = await services().openWriter(stateDir)
  return {
    targets: [localTarget(writer, stateDir, waiting)],
    absent: [],
    problems: [],
    async [Symbol.asyncDispose]() {
      writer.stop()
    },
  }
}

function localTarget(writer: LocalWriter, stateDir: string, waiting: Waiting): WriteTarget {
  const {node} = writer
  const {signal} = waiting
  const flag = localFlag(stateDir)
  return {
    node,
    flag,
    async read() {
      const openWrite = openWriteOf(await writer.status({withoutPoints: true}), flag)
      const source = await openSource({local: true, from: undefined, stateDir}, waiting, 'one', {
        withConnections: true,
        isBeforeWrite: true,
      })
      return {
        state: localNode(source),
        problems: source.problems,
        ownAddresses: new Set(Object.values(networkInterfaces()).flatMap((each = []) => each.map(({address}) => address))),
        surroundings: {hasNpmProcess: await services().hasNpmProcess()},
        openWrite,
      }
    },
    apply: (plan, question) => orTakenBack(writer, () => writer.apply(plan, {...question, signal})),
    rollback: to => finishFirst(() => writer.rollback({...(to !== undefined && {to}), signal}), saySo),
    confirm: id => finishFirst(() => writer.confirm({...(id !== undefined && {id}), signal}), saySo),
    status: () => writer.status(),
    settled: id => orTakenBack(writer, () => writer.settled(id, signal), id),
  }
}

const saySo = (): void => void process.stderr.write('interrupted: what was begun ends first\n')

/**
 * Writes, and takes it back when a signal has come meanwhile.
 *
 * @param id of the write, where it is known before
 * @throws InputError when it was taken back
 */
async function orTakenBack(writer: LocalWriter, work: () => Promise<WriteResult>, id?: string): Promise<WriteResult> {
  return finishFirst(async () => {
    const result = await work().catch((error: unknown) => {
      if (!interruption.aborted || id === undefined) throw error
      return undefined
    })
    const written = result?.id ?? id
    if (!interruption.aborted || written === undefined) return result as WriteResult
    if (result && (result.state !== 'after' || result.outcome === 'nothingToDo')) return result
    const back = await writer.rollback({to: written})
    if (back.state === 'unknown' || back.failedAt) return back
    throw new InputError(`${writer.node}: interrupted: the node has what it had before`, 'Run the command again.')
  }, saySo)
}
