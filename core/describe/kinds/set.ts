import {narrowToSets} from '../../translate/filter.ts'
import {findSets} from '../../translate/find-sets.ts'
import type {Knowledge} from '../knowledge.ts'
import {keyOf, type Scope} from '../scope.ts'

/** @param name as `sets` takes it */
export function ofSet(name: string, known: Knowledge): Scope {
  const found = known.nodes.map(node => ({...findSets(node, [name]), node}))
  const sets = found.flatMap(({document, node}) => document.items.map(set => ({...set, node: node.node})))
  const own = new Set(sets.map(({set}) => set))
  const readable = new Set(sets.flatMap(({names}) => names))
  const users = new Map(
    known.nodes.map(node => {
      const lists = [...node.translation().sets()].filter(
        ({kind, members}) => kind === 'list' && members?.some(each => own.has(each)),
      )
      return [node.node, [...own, ...readable, ...lists.map(({set}) => set)]]
    }),
  )
  const using = new Set<string>()
  for (const node of known.nodes)
    for (const policy of node.translation().policies())
      if (narrowToSets(policy, users.get(node.node)))
        for (const each of policy.policy.split('|')) using.add(`${each} ${policy.direction}`)
  return {
    sets,
    policies: item => using.has(`${keyOf(item)} ${item.direction}`),
    rules: (policy, node) => narrowToSets(policy, users.get(node)),
    concerns: (_cause, concerned) => [...concerned].some(set => own.has(set) || readable.has(set)),
    incomplete: found.flatMap(({document}) => document.incomplete),
  }
}
