import type {NpmPart, PlannedSteps, ToldStep} from '../../core/dataplane/plan.ts'
import {partDigest} from '../../core/plan/digest.ts'
import {shellWord} from '../../core/text/shell-word.ts'
import {faultPoint} from './fault-point.ts'
import type {BeginRecord} from './journal-records.ts'
import {openNode, type ReadNode} from './read-node.ts'
import {sha256} from './sealed-record.ts'
import type {Session} from './session.ts'
import {WriteFailure} from './write-failure.ts'

type Opened = Omit<ReadNode, 'files'>

/** Other programs may write at the same time: then what is still different is planned anew. */
const MOST_ATTEMPTS = 4

/** How the way back ended. */
export type BackResult =
  /** The node as it was read at the end. */
  | {readonly state: 'before'; readonly operations: number; readonly node: ReadNode}
  | {readonly state: 'unknown'; readonly operations: number; readonly message: string; readonly next: string}

/**
 * Brings the node back to what it had before a write, from whatever state it is in: the node is read, what differs from the restore
 * point is planned and done, until nothing differs. So it may be done twice, and be interrupted. Never throws: where the way back fails, the
 * journal stays open, so that whoever comes next tries it again.
 */
export async function goBack(session: Session, write: BeginRecord, reason: string): Promise<BackResult> {
  let operations = 0
  const lost = (message: string, next = byHand(session, write)): BackResult => ({state: 'unknown', operations, message, next})
  // On a full disk the node goes back all the same: the write is open in the journal, which is enough for whoever comes next.
  await session.journal.add({kind: 'back', id: write.id, reason}).catch(() => undefined)
  try {
    const point = await session.points.load(write.id)
    if (point.damaged !== undefined)
      return lost(`its restore point is damaged: ${point.damaged}`, await otherPoints(session, write))
    const before = await openNode(session.node, point.documents, session.options.writing)
    const after = partAfter(before, point.steps)
    let last = 'other programs write to the node all the time'
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const now = await session.read()
      const {steps, leftAlone} = stepsBack(now, before, after, point.steps)
      const [left] = leftAlone
      if (steps.length === 0 && left) return lost(`${left.name} is left as it is: ${left.reason}`, left.next)
      if (steps.length === 0) {
        const end = {kind: 'end', id: write.id, at: session.time(), outcome: 'rolledBack', reason} as const
        await session.journal.add(end).catch(() => undefined)
        return {state: 'before', operations, node: now}
      }
      for (const step of steps) {
        const failure = await session.run(step, write.backend, now.writing)
        if (failure) {
          last = `${failure.message} (at ${failure.operation})`
          break
        }
        operations += step.operations.length
      }
      faultPoint('after a way back')
    }
    return lost(last)
  } catch (error) {
    const said = error instanceof WriteFailure ? ` ${error.next}` : ''
    return lost((error as Error).message, `${said} ${byHand(session, write)}`.trim())
  }
}

/** What is left to take back. What somebody else has changed since the write began stays as it is. */
function stepsBack(now: ReadNode, before: Opened, after: NpmPart | undefined, done: readonly ToldStep[]): PlannedSteps {
  const {writing, state, part, digest} = now
  const wanted = after ? writing.carriedOver(part, after, before.part, done) : before.part
  if (partDigest(wanted, writing, sha256) === digest) return {steps: [], leftAlone: []}
  return writing.plan(state, part, wanted, {npmMayRun: false, mostWalks: 0, isWayBack: true})
}

/** What the write led to, or was to lead to. */
function partAfter({writing, part}: Opened, steps: readonly ToldStep[]): NpmPart | undefined {
  try {
    return steps.reduce((made, step) => writing.after(made, step), part)
  } catch {
    // Of another version of this program, whose steps this one does not know.
    return undefined
  }
}

/** How a person looks at the node, and puts it back without this program. */
function byHand(session: Session, {id, backend}: BeginRecord): string {
  const folder = `${shellWord(`${session.points.pathOf(id)}/nodes`)}/*`
  const open = `The journal stays open: the next kubectl npm apply, rollback, confirm or status, and the next start of the agent, tries again.`
  if (backend === 'hns')
    return [
      open,
      `To look: hnsdiag list all -d. What the node had is in ${folder}.`,
      'Without this program: restart the pod of Azure NPM there, which takes all that is left away and programs the node anew; its pods are unfiltered for some minutes.',
    ].join(' ')
  return [
    open,
    `To look: iptables-${backend}-save -c; ipset save. What the node had is in ${folder}.`,
    `By hand: ipset restore -exist < ${folder}/ipset-save.txt; iptables-${backend}-restore -c -T filter < ${folder}/iptables-${backend}-save.txt`,
    '(the last line replaces the whole table filter, rules of other programs included).',
  ].join(' ')
}

async function otherPoints(session: Session, {id}: BeginRecord): Promise<string> {
  for (const other of await session.points.ids()) {
    if (other === id) continue
    const {damaged, facts} = await session.points.check(other)
    if (damaged === undefined)
      return `The newest one that is whole is ${other} (before ${facts.verb} by ${facts.by}, ${facts.at}): kubectl npm rollback --to ${other}`
  }
  return `No other restore point is whole. What the damaged one holds is in ${session.points.pathOf(id)}; plan anew: kubectl npm apply`
}
