import type {Plan} from '../contract/plan.ts'
import type {NodeWriting} from '../dataplane/dataplane.ts'
import type {NpmPart} from '../dataplane/plan.ts'

/** SHA-256 of a text as UTF-8, in hexadecimal. */
export type Sha256 = (text: string) => string

/** What tells whether a node has a part: plans name the found and the wanted one by it. */
export const partDigest = (part: NpmPart, writing: Pick<NodeWriting, 'canonical'>, sha256: Sha256): string =>
  sha256(writing.canonical(part))

/** All of a plan that decides what is done to which node. Reasons and effects are words about it. */
export type DigestedPlan = Pick<Plan, 'node' | 'backend' | 'nodeDigest' | 'wantedDigest'> & {
  readonly steps: readonly Pick<Plan['steps'][number], 'order' | 'tool' | 'backend' | 'isAtomic'>[]
  readonly operations: readonly Pick<Plan['operations'][number], 'order' | 'step' | 'tool' | 'line' | 'undo'>[]
}

// A plan is digested by who makes or reads it, and again by who writes, both with SHA-256. An array of operations never changes.
const digests = new WeakMap<DigestedPlan['operations'], {readonly told: string; readonly digest: string}>()

/** The digest that a plan has, from all that decides what it does. */
export function planDigest({node, backend, nodeDigest, wantedDigest, steps, operations}: DigestedPlan, sha256: Sha256): string {
  const head = [
    node,
    backend,
    nodeDigest,
    wantedDigest,
    steps.map(({order, tool, backend, isAtomic}) => [order, tool, backend, isAtomic]),
  ]
  const told = JSON.stringify(head)
  const known = digests.get(operations)
  if (known?.told === told) return known.digest
  const done = operations.map(({order, step, tool, line, undo}) => [order, step, tool, line, undo])
  const digest = sha256(JSON.stringify([...head, done]))
  digests.set(operations, {told, digest})
  return digest
}
