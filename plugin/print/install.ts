import {flagWords} from '../../core/text/shell-word.ts'
import type {Paint} from './paint.ts'

const CHANGED = {created: 'created', configured: 'changed', unchanged: 'unchanged', removed: 'removed'} as const
const WOULD_CHANGE = {
  created: 'would be created',
  configured: 'would be changed',
  unchanged: 'would stay as it is',
  removed: 'would be removed',
} as const
const SHOWN_TROUBLES = 5

/** One line for an object that is stored or removed, or in a dry run would be. */
export const stepLine = (object: string, change: keyof typeof CHANGED, isDry: boolean): string =>
  `${object} ${isDry ? WOULD_CHANGE[change] : CHANGED[change]}`

/** How many agents are ready, and why the first of the others are not. */
export function* rolloutLines(
  {desired, ready, troubles}: {readonly desired: number; readonly ready: number; readonly troubles: readonly string[]},
  paint: Paint,
): Generator<string> {
  yield paint(`${ready} of ${desired} agents are ready`)
  for (const trouble of troubles.slice(0, SHOWN_TROUBLES)) yield paint(`  ${trouble}`)
  if (troubles.length > SHOWN_TROUBLES) yield paint(`  and ${troubles.length - SHOWN_TROUBLES} more`)
}

/** Agents that are ready, as far as it is told. */
type Ready =
  | {readonly kind: 'all nodes'; readonly nodes: number}
  | {readonly kind: 'one node'; readonly pod: string; readonly node: string; readonly idleSeconds: number}

/** What is there now, and what to try first. @param lifetime of the agent of one node: `30m` */
export function readyLines(ready: Ready, lifetime: string): string[] {
  if (ready.kind === 'all nodes')
    return [ready.nodes === 0 ? 'no node takes an agent: this cluster has no Linux nodes' : 'Try: kubectl npm status']
  return [
    `pod ${ready.pod} is ready. It ends ${ready.idleSeconds} s after its last use, and after ${lifetime} in any case.`,
    `Try: kubectl npm translate ${flagWords('--node', ready.node)}; and kubectl npm uninstall at the end`,
  ]
}
