import type {RuleList} from '../policy/rule-list.ts'

/** At most `most` items, evenly spread over the list. */
export function spread<Item>(items: RuleList<Item>, most: number): readonly Item[] {
  if (items.length <= most) return [...items]
  return Array.from({length: most}, (_, index) => items.at(Math.floor((index * items.length) / most)) as Item)
}
