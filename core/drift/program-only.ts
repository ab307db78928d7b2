import type {Drift} from '../contract/drift.ts'

/** The part of an answer that compares a node with Azure NPM's program, without what the policies mean. */
export function programOnly(drift: Drift): Drift {
  const causes = drift.causes.filter(({items}) => items.length > 0)
  const {notCompared = [], items} = drift
  const isClean = drift.clean || causes.length + items.length + notCompared.length + drift.incomplete.length === 0
  return {...drift, causes, departures: [], clean: isClean, judged: 'none'}
}
