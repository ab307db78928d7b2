import type {Pod} from './objects.ts'

/** What is kept of a pod that is not ready. Of one that is, nothing. */
export const UNREADY = {type: 'Ready', status: 'False'} as const

/** Whether a pod says that it is not ready. One that says nothing may be ready. Files may hold anything in place of conditions. */
export function isUnready({status}: Pod): boolean {
  const conditions: unknown = status?.conditions
  return Array.isArray(conditions) && conditions.some(each => each?.type === 'Ready' && each.status !== 'True')
}
